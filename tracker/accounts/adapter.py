"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.shortcuts import resolve_url


class InvitedOnly(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are added by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed."""
        return False

    def format_email_subject(self, subject: str) -> str:
        """The words alone: a host name in brackets says nothing to the reader."""
        return subject

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """On to where the person's work begins, not back to the form."""
        return resolve_url("home")
