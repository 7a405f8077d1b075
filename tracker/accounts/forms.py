"""allauth's forms about the mailed code, with our words and limits."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.core import context
from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.lockout.actions import account_name
from tracker.accounts.lockout.handler import may_try
from tracker.accounts.lockout.rules import Kind


class AskForCode(RequestLoginCodeForm):
    """Where the code is to be sent."""

    def clean_email(self) -> str:
        """The address; whether or not somebody has it, only so many codes are sent in a time."""
        email: str = super().clean_email()
        if not may_try(context.request, Kind.MAILED_CODE, account_name(email)):
            raise get_adapter().validation_error("too_many_login_attempts")
        return email


class TypeCode(ConfirmLoginCodeForm):
    """The code from the mail."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
