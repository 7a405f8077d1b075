"""What happens besides when somebody changes their second factors: a line in the trail, and a mail."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver

from tracker.accounts.models import User
from tracker.accounts.notices import tell_of_change
from tracker.accounts.second_factors.actions import spend_first_code
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry


@receiver(authenticator_added)
def a_factor_came(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write down that a factor was set up, and tell its owner."""
    if authenticator.type == Authenticator.Type.TOTP:
        spend_first_code(authenticator)
    entry = record(AuditEntry.Act.SECOND_FACTOR, user, after={"added": authenticator.type}, actor=user)
    tell_of_change(user, "factor_added", at=entry.at)


@receiver(authenticator_removed)
def a_factor_went(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write down that a factor was removed, and tell its owner."""
    entry = record(AuditEntry.Act.SECOND_FACTOR, user, before={"removed": authenticator.type}, actor=user)
    # Recovery codes go by themselves with the last factor.
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        tell_of_change(user, "factor_removed", at=entry.at)
