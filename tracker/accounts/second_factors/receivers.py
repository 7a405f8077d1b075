"""What happens besides when somebody changes their second factors: a line in the trail."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from django.dispatch import receiver

from tracker.accounts.models import User
from tracker.accounts.second_factors.actions import spend_first_code
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry


@receiver(authenticator_added)
def a_factor_came(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write down that a factor was set up."""
    if authenticator.type == Authenticator.Type.TOTP:
        spend_first_code(authenticator)
    record(AuditEntry.Act.SECOND_FACTOR, user, after={"added": authenticator.type}, actor=user)


@receiver(authenticator_removed)
def a_factor_went(sender: Any, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write down that a factor was removed."""
    record(AuditEntry.Act.SECOND_FACTOR, user, before={"removed": authenticator.type}, actor=user)
