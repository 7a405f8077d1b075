"""A mail server to deliver to, and mails to deliver."""

import itertools
from datetime import date, datetime

import pytest
from pytest_django import Settings

from tests.factories import make_official, moment
from tests.services.smtp import SmtpCatcher
from tracker.accounts.models import User
from tracker.mailing.models import Message

NOW = moment(date(2026, 11, 4))
_numbers = itertools.count(1)


def make_message(recipient: User | None = None, not_before: datetime = NOW, **facts: object) -> Message:
    """A mail that waits in the outbox."""
    recipient = recipient or make_official()
    facts = {
        "key": f"test/{next(_numbers)}",
        "kind": "test",
        "address": recipient.email,
        "language": "en",
        "subject": "A subject",
        "text": "Some text",
        "html": "<p>A page</p>",
        **facts,
    }
    return Message.objects.create(recipient=recipient, not_before=not_before, **facts)


@pytest.fixture
def mail_server(smtp_catcher: SmtpCatcher, settings: Settings) -> SmtpCatcher:
    """A real mail server, to which this process delivers."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_catcher.port
    settings.EMAIL_TIMEOUT = 5
    return smtp_catcher
