"""What an answer of a mail server means, and when to try again."""

import smtplib
from datetime import UTC, datetime, timedelta

import pytest

from tracker.mailing.rules import MOST_ATTEMPTS, Trouble, next_attempt, refusal

NOON = datetime(2026, 11, 4, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "trouble", "words"),
    [
        (smtplib.SMTPDataError(451, b"Try again later"), Trouble.NOT_NOW, "451 Try again later"),
        (smtplib.SMTPDataError(554, b"No\r\nspam"), Trouble.NEVER, "554 No spam"),
        (smtplib.SMTPRecipientsRefused({"a": (550, b"No such user")}), Trouble.NEVER, "550 No such user"),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"Greylisted")}), Trouble.NOT_NOW, "450 Greylisted"),
        (smtplib.SMTPSenderRefused(530, b"Sign in", "x"), Trouble.LINE, "530 Sign in"),
        (smtplib.SMTPSenderRefused(552, b"Too large", "x"), Trouble.NEVER, "552 Too large"),
        (smtplib.SMTPServerDisconnected("gone"), Trouble.NOT_NOW, "SMTPServerDisconnected: gone"),
        (TimeoutError("timed out"), Trouble.NOT_NOW, "TimeoutError: timed out"),
        (KeyError("nobody thought of this"), Trouble.NOT_NOW, "KeyError: 'nobody thought of this'"),
        (ValueError(), Trouble.NOT_NOW, "ValueError"),
    ],
)
def test_an_answer_is_about_the_message_or_about_the_line(error: Exception, trouble: Trouble, words: str):
    refused = refusal(error)
    assert refused.trouble is trouble
    assert refused.words == words


def test_each_attempt_waits_longer_than_the_one_before_and_the_last_is_the_last():
    waits = [next_attempt(attempts, NOON) for attempts in range(1, MOST_ATTEMPTS)]
    assert waits[:4] == [NOON + timedelta(minutes=minutes) for minutes in (1, 2, 5, 15)]
    assert waits == sorted(set(waits))
    assert next_attempt(MOST_ATTEMPTS, NOON) is None
