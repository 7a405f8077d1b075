"""Sessions: begun at sign-in, watched at every request, ended by time, person or administrator."""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone

from tracker.accounts import passwords
from tracker.accounts.models import User, Visit
from tracker.accounts.rules import Limits, Why, device
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry

Handler = Callable[[HttpRequest], HttpResponse]

# Where a session's data name its row.
VISIT = "visit"
# Pages about one's own account: there a password that is due can be changed, and a session looked at.
OWN_ACCOUNT = "/account/"
# A script that asks by itself says so, and keeps no session alive.
BACKGROUND_HEADER = "X-Background"


def limits() -> Limits:
    """How long sessions last in this deployment."""
    return Limits(settings.SESSION_IDLE, settings.SESSION_LONGEST)


# --- what begins and ends a session ---


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Write down that somebody signed in, on which device, and from where."""
    now = timezone.now()
    if earlier := request.session.get(VISIT):
        Visit.objects.filter(pk=earlier).end(Why.AGAIN, now)
    browser, system = device(request.META.get("HTTP_USER_AGENT", ""))
    visit = Visit.objects.create(
        person=user,
        signed_in_at=now,
        last_seen_at=now,
        address=_address(request),
        browser=browser,
        system=system,
    )
    request.session[VISIT] = str(visit.pk)
    request.visit = visit  # type: ignore[attr-defined]


@receiver(user_logged_out)
def sign_out(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Write down that somebody signed out."""
    if visit := request.session.get(VISIT):
        Visit.objects.filter(pk=visit).end(Why.SIGNED_OUT, timezone.now())


def _address(request: HttpRequest) -> str | None:
    try:
        return str(ipaddress.ip_address(get_adapter().get_client_ip(request)))
    except (PermissionDenied, ValueError):
        return None


@transaction.atomic
def end_session(visit: Visit, *, by: User, now: datetime) -> bool:
    """End one of one's own sessions; whether it was still going on."""
    has_ended = Visit.objects.filter(pk=visit.pk, person=by).end(Why.BY_PERSON, now) == 1
    if has_ended:
        record(AuditEntry.Act.SESSIONS_ENDED, by, after={"sessions": 1}, actor=by)
    return has_ended


@transaction.atomic
def end_other_sessions(visit: Visit, *, now: datetime) -> int:
    """End all sessions of the person but this one; how many these were."""
    person = visit.person
    ended = person.visits.open(now).exclude(pk=visit.pk).end(Why.BY_PERSON, now)
    if ended:
        record(AuditEntry.Act.SESSIONS_ENDED, person, after={"sessions": ended}, actor=person)
    return ended


@transaction.atomic
def end_sessions(person: User, *, by: User, why: str = "") -> int:
    """End every session of a person, as an administrator; how many these were."""
    now = timezone.now()
    ended = person.visits.open(now).end(Why.BY_ADMINISTRATOR, now)
    record(AuditEntry.Act.SESSIONS_ENDED, person, after={"sessions": ended}, why=why, actor=by)
    return ended


def forget_sessions(now: datetime) -> int:
    """Drop rows of sessions so long over that no cookie names them any more; how many these were."""
    over = now - settings.SESSION_LONGEST - 2 * passwords.DAY
    forgotten, _ = Visit.objects.filter(signed_in_at__lt=over).delete()
    return forgotten


# --- what is done at every request ---


def watched_sessions(get_response: Handler) -> Handler:
    """Hold every session to its limits, and lead a password that is due to its change."""

    def handle(request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        request.visit = None  # type: ignore[attr-defined]
        request.session_over = _why_over(request, now)  # type: ignore[attr-defined]
        if request.session_over:  # type: ignore[attr-defined]
            request.session.flush()
            request.user = AnonymousUser()
            return _saying_why(request, get_response(request))
        request.password_due = passwords.due_of(request.user, now)  # type: ignore[attr-defined]
        if request.password_due and not _is_about_the_account(request):  # type: ignore[attr-defined]
            return HttpResponseRedirect(
                f"{reverse('account_change_password')}?{urlencode({'next': _page(request)})}"
            )
        return get_response(request)

    return handle


def _why_over(request: HttpRequest, now: datetime) -> Why | None:
    """Why the session that the request comes with is over; None while it goes on, or without one."""
    key = request.session.get(VISIT)
    if key is None:
        # A session that no row stands for could never be ended.
        return Why.CHANGED if request.user.is_authenticated else None
    visit = Visit.objects.filter(pk=key).first()
    if visit is None:
        return Why.CHANGED
    if visit.ended_at:
        return Why(visit.ended_why)
    why = limits().why_over(visit.signed_in_at, visit.last_seen_at, now)
    if why is None and request.user.pk != visit.person_id:
        # The seal is broken (another password, address or role), or the account is closed.
        why = Why.CHANGED
    if why is not None:
        Visit.objects.filter(pk=visit.pk).end(why, now)
        return why
    if _is_by_the_person(request) and now - visit.last_seen_at >= limits().seen_every:
        see(visit, now)
    request.visit = visit  # type: ignore[attr-defined]
    return None


def see(visit: Visit, now: datetime) -> None:
    """Note that the person has just done something."""
    Visit.objects.filter(pk=visit.pk, ended_at=None, last_seen_at__lt=now).update(last_seen_at=now)
    visit.last_seen_at = now


def _is_by_the_person(request: HttpRequest) -> bool:
    """Whether somebody asked for this, not a script that looks by itself."""
    if BACKGROUND_HEADER in request.headers:
        return False
    if "HX-Request" in request.headers:
        # A list asks by script for what the person has just chosen.
        return True
    is_read_by_script = request.headers.get("Sec-Fetch-Dest") == "empty"
    return request.method not in {"GET", "HEAD"} or not is_read_by_script


def _is_about_the_account(request: HttpRequest) -> bool:
    return request.path.startswith((OWN_ACCOUNT, reverse("set_language")))


def _page(request: HttpRequest) -> str:
    """The page to come back to: the one that was asked for, or the one that a form was sent from."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    sent_from = urlsplit(request.headers.get("Referer", ""))
    if sent_from.path and sent_from.netloc == request.get_host():
        return f"{sent_from.path}?{sent_from.query}" if sent_from.query else sent_from.path
    return request.get_full_path()


def _saying_why(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same answer; one that leads to the sign-in page takes the reason there."""
    sign_in = resolve_url(settings.LOGIN_URL)
    to = urlsplit(response.get("Location", ""))
    if to.path == sign_in and not to.netloc:
        asked = QueryDict(to.query, mutable=True)
        if "next" in asked:
            asked["next"] = _page(request)
        asked["ended"] = request.session_over  # type: ignore[attr-defined]
        response["Location"] = f"{sign_in}?{asked.urlencode(safe='/')}"
    return response
