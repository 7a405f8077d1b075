"""How allauth's second factors behave here."""

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.accounts.second_factors import secrecy
from tracker.accounts.second_factors.queries import factors_of, must_have_second_factor


class SecondFactors(DefaultMFAAdapter):
    """Secrets are encrypted, and the last factor stays where one is required."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "This is your only second factor, and your role needs one. Set up another one first."
        ),
        "incorrect_code": _("That did not work. Take the newest code; each one works only once."),
    }

    def encrypt(self, text: str) -> str:
        """What goes into the database."""
        return secrecy.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What came out of it."""
        return secrecy.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who must have one."""
        person = authenticator.user
        return not must_have_second_factor(person) or factors_of(person).exclude(pk=authenticator.pk).exists()

    def get_totp_issuer(self) -> str:
        """What an app shows above the code."""
        return self._get_site_name()

    def _get_site_name(self) -> str:
        name = gettext("Jigai")
        return f"{name} {settings.DEPLOYMENT_NAME}".strip()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """A name to begin with."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Key %(number)s") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Keys belong to the host name under which the page is open."""
        host = context.request.get_host()
        return {"id": host.rpartition(":")[0] if ":" in host else host, "name": self._get_site_name()}
