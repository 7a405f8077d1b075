"""What an attempt to deliver that went wrong means: for this message, or for the way to the mail server.

Plain Python. A mail server answers 2xx (taken), 4xx (not now) or 5xx (never); RFC 5321, 4.2.
"""

import re
import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

# How long to wait after the first, second, … attempt that was put off; after the last of them: no more.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 180, 360))
MOST_ATTEMPTS = len(WAITS) + 1

PERMANENT = 500
TOO_LARGE = 552


class Trouble(Enum):
    """Whom the answer is about."""

    # The server is away, or does not want us at all: every message waits, none is to blame.
    LINE = auto()
    # Not now: this message is tried again, later each time.
    NOT_NOW = auto()
    # Never: a person has to look at it.
    NEVER = auto()


@dataclass(frozen=True)
class Refusal:
    """Why a message was not taken, in the words of whoever refused it."""

    trouble: Trouble
    words: str


def refusal(error: Exception) -> Refusal:
    """What this error, raised while one message was being handed over, means."""
    return Refusal(_trouble(error), _words(error))


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code != TOO_LARGE:
        # It is our own address or sign-in that is refused, so it would be for any message.
        return Trouble.LINE
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return Trouble.NEVER if codes and min(codes) >= PERMANENT else Trouble.NOT_NOW
    if isinstance(error, smtplib.SMTPResponseException):
        return Trouble.NEVER if error.smtp_code >= PERMANENT else Trouble.NOT_NOW
    # A line cut in the middle may have been cut because of this message, so it counts as its attempt;
    # and so does anything else that nobody thought of, so that one odd message cannot stop the others.
    return Trouble.NOT_NOW


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [_answer(code, text) for code, text in error.recipients.values()]
        return "; ".join(answers)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _answer(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())}"


def next_attempt(attempts: int, at: datetime) -> datetime | None:
    """When to try again after so many attempts; None when it has been tried often enough."""
    return at + WAITS[attempts - 1] if attempts < MOST_ATTEMPTS else None


# A link that lets in whoever opens it; its last part is the secret.
SECRET_LINK = re.compile(r"(/account/invitation/)[\w-]{20,}")


def without_secrets(text: str) -> str:
    """The text of a mail with every secret in its links blanked."""
    return SECRET_LINK.sub(r"\1…", text)
