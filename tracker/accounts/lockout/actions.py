"""Counting attempts, and lifting the locks that they cause."""

from datetime import datetime
from typing import cast

from django.db import transaction
from django.utils import timezone

from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.lockout.rules import Kind
from tracker.accounts.models import User
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry

LONGEST_ACCOUNT = cast(int, SignInAttempt._meta.get_field("account").max_length)


def account_name(typed: str | None) -> str:
    """The name under which attempts are counted: the same however an address is typed."""
    return (typed or "").replace("\0", "").strip().lower()[:LONGEST_ACCOUNT]


def begin_attempt(kind: Kind, account: str, address: str, at: datetime) -> SignInAttempt | datetime:
    """Count an attempt before it is looked at; or say until when there is none.

    Each is written down before it counts the others, so that of however many that come at once no more than
    the limit are looked at.
    """
    attempts = SignInAttempt.objects
    if until := attempts.locked_until(kind, account, address, at):
        return until
    attempts.forgotten(at).delete()
    attempt = attempts.create(kind=kind, account=account, address=address, at=at)
    if until := attempts.locked_until(kind, account, address, at, with_one_under_way=True):
        attempt.delete()
        return until
    return attempt


@transaction.atomic
def end_in_failure(attempt: SignInAttempt, at: datetime) -> datetime | None:
    """Leave it counted; if it was the last one allowed, say until when, and write it into the trail."""
    kind, account, address = Kind(attempt.kind), attempt.account, attempt.address
    until = SignInAttempt.objects.locked_until(kind, account, address, at)
    if until:
        record(
            AuditEntry.Act.LOCKED_OUT,
            User.objects.filter(email=account).first(),
            after={
                "kind": kind.value,
                "account": account,
                "address": address,
                "until": timezone.localtime(until).isoformat(timespec="seconds"),
            },
        )
    return until


def forget_attempts(account: str, address: str) -> None:
    """Begin anew: whoever has come in was entitled to, and had only mistyped before."""
    SignInAttempt.objects.filter(
        account=account, address=address, kind__in=[Kind.PASSWORD, Kind.SECOND_FACTOR]
    ).delete()


@transaction.atomic
def lift_lock(attempt: SignInAttempt, *, by: User) -> None:
    """Let an account be tried again from everywhere, and its address be used again for every account."""
    for whose in ({"account": attempt.account}, {"address": attempt.address}):
        SignInAttempt.objects.filter(kind=attempt.kind, **whose).delete()
    record(
        AuditEntry.Act.LOCK_LIFTED,
        User.objects.filter(email=attempt.account).first(),
        after={"kind": attempt.kind, "account": attempt.account, "address": attempt.address},
        actor=by,
    )
