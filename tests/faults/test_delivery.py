"""A worker killed amid its work, a Redis that forgot everything: reminders come late, none is lost.

What is asserted is what a real mail server received from a real worker over a real Redis.
"""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db.models import F

from tests.factories import make_cycle, make_enterprise, make_official, make_project, moment
from tests.services.celery import CeleryProcess
from tests.services.redis import RedisServer
from tests.services.smtp import SmtpCatcher
from tests.services.waiting import wait_until
from tracker.mailing import tasks
from tracker.mailing.models import CLAIM_LAPSES_AFTER, Message
from tracker.reminders import actions
from tracker.reminders.models import Reminder

REMINDERS = 200
# Of the workers that a kill finds at work, each may have handed over a mail without having marked it.
WORKERS = 2

pytestmark = pytest.mark.django_db(transaction=True)


def write_reminders(count: int) -> list[Message]:
    """As many inspectors with a project each, and a mail to each of them in the outbox."""
    cycle, enterprise = make_cycle(code="2026-10-H2"), make_enterprise()
    for _ in range(count):
        make_project(enterprise, inspector=make_official(), plan=None)
    composed = actions.remind(moment(cycle.due_on)).composed
    # The workers live in the present, where the mails have been due for a while.
    long_ago = moment(date(2020, 1, 1))
    Message.objects.update(not_before=long_ago)
    assert len(composed) == count == Reminder.objects.filter(message__isnull=False).count()
    return composed


def received(catcher: SmtpCatcher) -> Counter[str]:
    """How often each mail came."""
    return Counter(delivery.message_id for delivery in catcher.deliveries)


def let_claims_lapse() -> int:
    """The time passes after which a worker that has not marked its message is taken for dead."""
    held = Message.objects.filter(sent_at=None, claimed_at__isnull=False)
    return held.update(claimed_at=F("claimed_at") - CLAIM_LAPSES_AFTER - timedelta(seconds=1))


def all_sent() -> bool:
    return not Message.objects.unsent().exists()


@pytest.fixture
def killed_at_work(celery_worker_process: CeleryProcess, smtp_catcher: SmtpCatcher) -> list[Message]:
    """200 mails, a worker killed when it has delivered some of them, and a new one in its place."""
    messages = write_reminders(REMINDERS)
    smtp_catcher.stalls = 0.03
    tasks.ring(messages)
    wait_until(lambda: len(smtp_catcher.deliveries) >= REMINDERS // 4, 20, what="a quarter is delivered")
    celery_worker_process.kill()
    assert len(smtp_catcher.deliveries) < REMINDERS
    smtp_catcher.stalls = 0
    celery_worker_process.start()
    return messages


def test_a_worker_killed_amid_two_hundred_reminders_loses_none(
    killed_at_work: list[Message], smtp_catcher: SmtpCatcher
):
    assert let_claims_lapse() <= WORKERS
    tasks.sweep.delay()
    wait_until(all_sent, 30, what="everything is marked as sent")
    came = received(smtp_catcher)
    assert set(came) == {message.message_id for message in killed_at_work}
    assert len({delivery.recipients for delivery in smtp_catcher.deliveries}) == REMINDERS
    doubles = came.total() - REMINDERS
    assert doubles <= WORKERS, came.most_common(5)


def test_control_without_lapsing_claims_what_the_dead_worker_held_is_never_sent(
    killed_at_work: list[Message], celery_worker_process: CeleryProcess
):
    held = Message.objects.unsent().filter(claimed_at__isnull=False)
    ids = list(held.values_list("pk", flat=True))
    assert ids
    tasks.sweep.delay()
    wait_until(lambda: Message.objects.unsent().count() == len(ids), 30, what="the others are sent")
    done = celery_worker_process.output.count(" succeeded in ")
    tasks.sweep.delay()
    tasks.deliver.delay(ids)
    wait_until(
        lambda: celery_worker_process.output.count(" succeeded in ") >= done + 2, 20, what="both are done"
    )
    assert Message.objects.unsent().count() == len(ids)


def test_a_redis_that_forgot_everything_loses_no_reminder(
    redis_server: RedisServer, celery_worker_process: CeleryProcess, smtp_catcher: SmtpCatcher
):
    messages = _rung_and_forgotten(redis_server, celery_worker_process)
    tasks.sweep.delay()
    wait_until(all_sent, 30, what="everything is marked as sent")
    assert received(smtp_catcher) == Counter(message.message_id for message in messages)


def test_control_without_the_sweep_the_forgotten_doorbell_is_never_heard(
    redis_server: RedisServer, celery_worker_process: CeleryProcess, smtp_catcher: SmtpCatcher
):
    _rung_and_forgotten(redis_server, celery_worker_process)
    # A task queued now is done, so those queued before would have been.
    last = write_one_more()
    tasks.ring([last])
    wait_until(lambda: smtp_catcher.to(last.address), 20, what="the later mail comes")
    assert len(smtp_catcher.deliveries) == 1


def test_mails_written_while_redis_is_down_wait_for_the_sweep(
    redis_server: RedisServer, celery_worker_process: CeleryProcess, smtp_catcher: SmtpCatcher
):
    redis_server.kill()
    messages = write_reminders(20)
    tasks.ring(messages)
    assert smtp_catcher.attempts == 0
    redis_server.start()
    tasks.sweep.delay()
    wait_until(all_sent, 30, what="everything is marked as sent")
    assert received(smtp_catcher) == Counter(message.message_id for message in messages)


def _rung_and_forgotten(redis_server: RedisServer, worker: CeleryProcess) -> list[Message]:
    """Mails are rung for while no worker runs, and Redis comes back empty; then the worker is back."""
    worker.stop()
    messages = write_reminders(20)
    tasks.ring(messages)
    redis_server.kill()
    for kept in (redis_server.socket_path.parent / "appendonlydir").iterdir():
        kept.unlink()
    redis_server.start()
    worker.start()
    return messages


def write_one_more() -> Message:
    """One more person gets a mail."""
    person = make_official()
    return Message.objects.create(
        key="later",
        kind="test",
        recipient=person,
        address=person.email,
        language="en",
        subject="Later",
        text="Later",
        html="<p>Later</p>",
        not_before=moment(date(2020, 1, 1)),
    )
