"""What axes asks and tells: whether somebody may try, and that an attempt failed or succeeded.

axes watches every way by which Django authenticates somebody. Its own store has one limit and one time for
all, and keeps what was sent; ours has limits for each kind, and keeps account, address and moment alone.
"""

from datetime import datetime
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.base import AxesHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tracker.accounts.addresses import counted_address
from tracker.accounts.lockout.actions import account_name, begin_attempt, end_in_failure, forget_attempts
from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.lockout.rules import Kind
from tracker.accounts.models import User


def account_of(credentials: dict[str, Any] | None) -> str:
    """The account that is tried."""
    return account_name((credentials or {}).get("email") or (credentials or {}).get("username"))


def shut_door(request: Any, kind: Kind, until: datetime) -> None:
    """Have the request answered with "wait until": axes' middleware does so with what it finds here."""
    request.axes_locked_out, request.lock = True, {"locked_kind": kind.value, "locked_until": until}


def may_try(request: Any, kind: Kind, account: str) -> bool:
    """Whether an attempt may be looked at; if not, whoever asks is told to wait."""
    begun = begin_attempt(kind, account, counted_address(request), timezone.now())
    if isinstance(begun, datetime):
        shut_door(request, kind, begun)
        return False
    request.attempt = begun
    return True


def it_failed(request: Any) -> None:
    """The attempt stays counted; the one that locks is told so itself."""
    attempt: SignInAttempt = request.attempt
    if until := end_in_failure(attempt, timezone.now()):
        shut_door(request, Kind(attempt.kind), until)


def it_succeeded(request: Any) -> None:
    """It was no failure, though it may have been only the first step."""
    if attempt := getattr(request, "attempt", None):
        attempt.delete()
        del request.attempt


def tell_to_wait(
    request: HttpRequest, original_response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """The page that says when the lock ends, and what can be done meanwhile; the same for every account."""
    return render(request, "429.html", getattr(request, "lock", {}), status=429)


class DoorKeeper(AxesStandaloneBackend):
    """Lets no password be looked at while the account is locked for who asks."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Refuse, or leave it to the next backend; without a request nobody stands at the door."""
        if request is not None:
            super().authenticate(request, **credentials)


class Attempts(AxesHandler):
    """Answers axes from our own table."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether the password may not be looked at; if it may, that counts from now on."""
        return not may_try(request, Kind.PASSWORD, account_of(credentials))

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """A wrong password; one that was not looked at does not count, so that a lock ends."""
        if getattr(request, "attempt", None):
            it_failed(request)

    def user_logged_in(self, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        """Somebody is in, with everything that was asked of them."""
        forget_attempts(account_name(user.email), counted_address(request))
