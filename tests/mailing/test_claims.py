"""However many workers reach for a message at once, one gets it."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from tests.mailing.conftest import NOW, make_message
from tests.services.smtp import SmtpCatcher
from tracker.mailing.actions import deliver
from tracker.mailing.models import Message, MessageQuerySet

WORKERS = 20

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[], bool]) -> list[bool]:
    """What each of many workers, all starting at the same moment, gets."""
    start, got = threading.Barrier(WORKERS), []

    def run() -> None:
        start.wait()
        try:
            got.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.fixture
def looks_before_it_leaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The protection off: a worker asks whether the message is free, and then takes it."""
    all_have_looked = threading.Barrier(WORKERS, timeout=10)

    def claim(self: MessageQuerySet, pk: int, *, at: datetime) -> bool:
        is_free = self.deliverable(at).filter(pk=pk).exists()
        all_have_looked.wait()
        self.filter(pk=pk).update(claimed_at=at)
        return is_free

    monkeypatch.setattr(MessageQuerySet, "claim", claim)


def test_one_of_twenty_workers_gets_the_message():
    message = make_message()
    got = at_once(lambda: Message.objects.claim(message.pk, at=NOW))
    assert got.count(True) == 1
    assert len(got) == WORKERS
    message.refresh_from_db()
    assert message.attempts == 1


@pytest.mark.usefixtures("looks_before_it_leaps")
def test_control_without_the_conditional_update_all_of_them_get_it():
    message = make_message()
    assert at_once(lambda: Message.objects.claim(message.pk, at=NOW)).count(True) > 1


def test_twenty_workers_send_one_mail(mail_server: SmtpCatcher):
    message = make_message()
    assert at_once(lambda: deliver(message.pk, NOW)).count(True) == 1
    assert len(mail_server.deliveries) == 1


@pytest.mark.usefixtures("looks_before_it_leaps")
def test_control_without_the_conditional_update_they_send_many(mail_server: SmtpCatcher):
    message = make_message()
    at_once(lambda: deliver(message.pk, NOW))
    assert len(mail_server.deliveries) > 1
