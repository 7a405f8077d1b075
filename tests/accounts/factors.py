"""Second factors that somebody has set up a while ago."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tracker.accounts.models import User
from tracker.accounts.second_factors.secrecy import encrypt

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_now(secret: str = SECRET, steps: int = 0) -> str:
    """What an app with the secret shows, or showed some half-minutes ago."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def give_app(person: User, secret: str = SECRET) -> Authenticator:
    """An app with codes."""
    return Authenticator.objects.create(
        user=person, type=Authenticator.Type.TOTP, data={"secret": encrypt(secret)}
    )


def give_key(person: User, name: str = "key") -> Authenticator:
    """A key that can be listed and removed."""
    return Authenticator.objects.create(
        user=person, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
    )
