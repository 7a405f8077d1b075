"""allauth's forms about second factors, with our words, our limits and codes that work once."""

from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.lockout.actions import account_name
from tracker.accounts.lockout.handler import it_failed, it_succeeded, may_try
from tracker.accounts.lockout.rules import Kind
from tracker.accounts.second_factors.actions import use_code
from tracker.accounts.second_factors.secrecy import decrypt, encrypt

# Recovery codes have letters; the keyboard of a phone must offer them.
CODE = forms.TextInput(
    attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
)
DIGITS = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})
LONGEST_NAME = 60


class CodeMixin(BaseAuthenticateForm):
    """A code of the app, or a recovery code."""

    code = forms.CharField(label=_("Code"), max_length=40, widget=CODE)

    def clean_code(self) -> str:
        """Take the code, unless too many were wrong; wrong passwords are no obstacle here (ADR 0010)."""
        code: str = self.cleaned_data["code"]
        if may_try(context.request, Kind.SECOND_FACTOR, account_name(self.user.email)):
            factor = use_code(self.user, code)
            if factor:
                it_succeeded(context.request)
                factor.user = self.user
                self.authenticator = factor
                return code
            it_failed(context.request)
            self._emit_authentication_failed(Authenticator(user=self.user, type=Authenticator.Type.TOTP))
        raise get_adapter().validation_error("incorrect_code")


class CodeAtSignIn(CodeMixin, AuthenticateForm):
    """The second step of signing in."""


class CodeOnceMore(CodeMixin, ReauthenticateForm):
    """Before something that asks to be sure."""


class SetUpApp(ActivateTOTPForm):
    """The first code of an app; until it comes, the new secret waits in the session, encrypted as ever."""

    code = forms.CharField(
        label=_("Code that the app shows"),
        help_text=_("Six digits; a new one comes every half-minute."),
        max_length=40,
        widget=DIGITS,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if waiting := session.get(SECRET_SESSION_KEY):
            session[SECRET_SESSION_KEY] = decrypt(waiting)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = encrypt(self.secret)


class AddKey(AddWebAuthnForm):
    """A security key or passkey to be added."""

    name = forms.CharField(
        label=_("Name of the key"),
        help_text=_("By which you tell it from others, for example “phone” or “blue key”."),
        required=False,
        max_length=LONGEST_NAME,
    )
    passwordless = forms.BooleanField(
        label=_("As a passkey: sign in with it alone, without a password"),
        help_text=_("It then asks for its PIN, your fingerprint or your face."),
        required=False,
    )


class RenameKey(EditWebAuthnForm):
    """Another name for a key."""

    name = forms.CharField(label=_("Name of the key"), max_length=LONGEST_NAME)
