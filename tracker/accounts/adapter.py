"""How allauth behaves here."""

import time
from email.utils import make_msgid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from tracker.accounts.addresses import client_address
from tracker.accounts.lockout.handler import it_succeeded
from tracker.accounts.models import User


class InvitedOnly(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are added by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed."""
        return False

    def format_email_subject(self, subject: str) -> str:
        """The words alone: a host name in brackets says nothing to the reader."""
        return subject

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        """With an identity of our own domain, as every other mail of the product."""
        mail: EmailMessage = super().render_mail(*args, **kwargs)
        mail.extra_headers["Message-ID"] = make_msgid(domain=settings.MAIL_DOMAIN)
        return mail

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """On to where the person's work begins, not back to the form."""
        return resolve_url("home")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Whose the password is; one that is right is no failed attempt, whatever else is still asked."""
        person: User | None = super().authenticate(request, **credentials)
        if person:
            it_succeeded(request)
        return person

    def get_client_ip(self, request: HttpRequest) -> str:
        """As everywhere here: what our own proxies say."""
        return client_address(request)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """allauth's ways to show that it is oneself, in our words."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use your app or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a security key"),
        }
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": words[way["id"]]} for way in ways]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not of somebody who has come in only just now: the first second factor follows on the password."""
        records = get_authentication_records(context.request, context.request.user)
        return not (records and time.time() - records[-1]["at"] < REAUTHENTICATION_TIMEOUT)
