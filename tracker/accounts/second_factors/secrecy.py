"""How what allauth keeps of second factors is kept: secrets encrypted, recovery codes only as hashes."""

import base64
import hmac
import secrets
from collections.abc import Iterator

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

SALT = "jigai.second-factor"
RECOVERY_CODES = 10
# Without I, O, 0 and 1, which are mistaken for one another; 16 of these 32 signs are 80 bits.
SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH, GROUP = 16, 4


def _server_keys() -> Iterator[str]:
    """The key in use, then those that it replaced."""
    yield settings.SECRET_KEY
    yield from settings.SECRET_KEY_FALLBACKS


def _box() -> MultiFernet:
    derived = (
        salted_hmac(f"{SALT}.box", "", secret=key, algorithm="sha256").digest() for key in _server_keys()
    )
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


def encrypt(text: str) -> str:
    """What goes into the database in place of a secret."""
    return _box().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """The secret again, also when it was encrypted with a key that has been replaced since."""
    return _box().decrypt(text.encode()).decode()


def new_recovery_codes() -> list[str]:
    """Codes that nobody guesses, in groups as they are read aloud."""
    return [
        "-".join("".join(secrets.choice(SIGNS) for _ in range(GROUP)) for _ in range(CODE_LENGTH // GROUP))
        for _ in range(RECOVERY_CODES)
    ]


def _plain(code: str) -> str:
    return "".join(sign for sign in code.upper() if sign.isalnum())


def hash_of(code: str, key: str | None = None) -> str:
    """What is kept of a code. 80 random bits need no slow hash; the key makes a stolen table useless."""
    return salted_hmac(f"{SALT}.code", _plain(code), secret=key, algorithm="sha256").hexdigest()


def matching(code: str, hashes: list[str]) -> str | None:
    """Which of the kept hashes is that of the code, if any."""
    for key in _server_keys():
        hashed = hash_of(code, key)
        for kept in hashes:
            if hmac.compare_digest(hashed, kept):
                return kept
    return None
