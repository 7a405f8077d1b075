"""What each kind of mail is called."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# A kind bears the name of its folder in templates/emails.
KINDS = {
    "account_changed": _("change of password or second factor"),
    "invitation": pgettext_lazy("kind of mail", "invitation"),
    "monthly_summary": _("monthly summary"),
    "reminder": pgettext_lazy("kind of mail", "reminder"),
    "removal_request": _("request to remove personal data"),
    "second_factors_reset": _("second factors reset"),
}


def spoken_kind(kind: str) -> str:
    """The kind in words; one of an earlier version as it is kept."""
    return str(KINDS.get(kind, kind))
