"""Telling somebody that the ways into their account have changed, so that a stranger's change is noticed."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.mailing.actions import compose

# What changed, in the sentence of the mail.
CHANGES = {
    "password": _("The password of your account was changed."),
    "factor_added": _("A second factor was added to your account."),
    "factor_removed": _("A second factor was removed from your account."),
    "recovery_codes": _("New recovery codes were made for your account; the earlier ones no longer work."),
}


def tell_of_change(person: User, change: str, *, at: datetime) -> None:
    """Write to the person whose password or second factors were changed, by whomever it was."""
    compose(
        f"account-changed:{person.pk}:{change}:{at.isoformat()}",
        "account_changed",
        person,
        "account_changed",
        {"change": CHANGES[change], "at": timezone.localtime(at)},
        not_before=at,
    )
