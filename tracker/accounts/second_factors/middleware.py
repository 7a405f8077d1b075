"""Whoever must have a second factor sets one up before anything else."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from tracker.accounts.models import User
from tracker.accounts.second_factors.queries import factors_of, must_have_second_factor

# What stays open: the way to set one up, the way out, and what helps to find either.
OPEN = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "set_language",
        "help",
        "recovery_codes",
        "account_change_password",
        "session_state",
        "sign_in_again",
        "sessions",
    }
)


class SecondFactorFirst:
    """Leads officials and administrators to a first second factor, where the deployment asks one of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as ever; the decision falls when the page is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Let the page be, or lead to the second factors."""
        person, page = request.user, request.resolver_match
        if not isinstance(person, User) or not must_have_second_factor(person):
            return None
        if page and (page.view_name in OPEN or page.view_name.startswith("mfa_")):
            return None
        return None if factors_of(person).exists() else redirect("mfa_index")
