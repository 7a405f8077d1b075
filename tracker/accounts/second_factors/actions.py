"""Using, renewing and resetting second factors."""

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction
from django.utils import timezone

from tracker.accounts.models import User
from tracker.accounts.notices import tell_of_change
from tracker.accounts.second_factors.secrecy import decrypt, hash_of, matching, new_recovery_codes
from tracker.accounts.visits import end_sessions
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.mailing.actions import compose

RECOVERY = Authenticator.Type.RECOVERY_CODES


class OneselfReset(Exception):
    """Somebody wants to be rid of their own second factors by the way that is meant for others."""


@transaction.atomic
def use_code(person: User, code: str) -> Authenticator | None:
    """Take a code of the app, or a recovery code; each works once, in whichever process it arrives."""
    kept = (
        Authenticator.objects.select_for_update()
        .filter(user_id=person.pk)
        .exclude(type=Authenticator.Type.WEBAUTHN)
    )
    for factor in kept.order_by("type"):
        if factor.type == RECOVERY:
            hashed = matching(code, factor.data["hashes"])
            if hashed is None:
                continue
            factor.data["hashes"].remove(hashed)
        else:
            step = _step_of(code, factor)
            if step is None or step <= factor.data.get("last_step", 0):
                continue
            factor.data["last_step"] = step
        factor.save(update_fields=["data"])
        return factor
    return None


def _step_of(code: str, app: Authenticator) -> int | None:
    """The half-minute whose code it is, if it is one of those that count now."""
    secret = decrypt(app.data["secret"])
    digits = "".join(sign for sign in code if sign.isdecimal())
    for step in yield_hotp_counters_from_time():
        if digits == format_hotp_value(hotp_value(secret, step)):
            return step
    return None


def spend_first_code(app: Authenticator) -> None:
    """The code by which an app was set up is no code for signing in as well."""
    app.data["last_step"] = max(yield_hotp_counters_from_time())
    app.save(update_fields=["data"])


@transaction.atomic
def renew_recovery_codes(person: User) -> list[str]:
    """New codes, to be shown this once; the earlier ones end."""
    codes = new_recovery_codes()
    Authenticator.objects.update_or_create(
        user_id=person.pk, type=RECOVERY, defaults={"data": {"hashes": [hash_of(code) for code in codes]}}
    )
    entry = record(AuditEntry.Act.SECOND_FACTOR, person, after={"recovery_codes": len(codes)}, actor=person)
    tell_of_change(person, "recovery_codes", at=entry.at)
    return codes


def recovery_codes_left(person: User) -> int | None:
    """How many codes are unused; None if none were ever made."""
    kept = Authenticator.objects.filter(user_id=person.pk, type=RECOVERY).first()
    return len(kept.data["hashes"]) if kept else None


@transaction.atomic
def reset_second_factors(person: User, *, by: User, why: str) -> int:
    """Take away everything that somebody has lost or had stolen, and tell them; how many it were.

    Their sessions end: whoever holds the lost key must not go on. They set up a new one at the next sign-in,
    where one is required.
    """
    if by == person:
        raise OneselfReset
    factors = Authenticator.objects.filter(user_id=person.pk)
    types = sorted(factors.values_list("type", flat=True))
    factors.delete()
    end_sessions(person, by=by, why=why)
    entry = record(
        AuditEntry.Act.SECOND_FACTOR,
        person,
        before={"factors": types},
        after={"factors": []},
        why=why,
        actor=by,
    )
    compose(
        f"second-factors-reset:{person.pk}:{entry.pk}",
        "second_factors_reset",
        person,
        "second_factors_reset",
        {"by": by, "at": timezone.localtime(entry.at)},
        not_before=entry.at,
    )
    return len(types)
