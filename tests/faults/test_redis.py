"""Redis is away, or hangs: every page answers all the same, and the work is found again."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery.beat import PersistentScheduler
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from config.beat import Scheduler
from config.celery import app
from tests.factories import make_cycle, make_official, make_project
from tests.services.celery import CeleryProcess
from tests.services.redis import RedisServer
from tests.services.smtp import SmtpCatcher
from tests.services.waiting import wait_until
from tracker.accounts.roles import Role
from tracker.inspections.models import Inspection
from tracker.mailing import tasks
from tracker.mailing.models import Message
from tracker.operations.models import Heartbeat
from tracker.operations.queue import look_into_queue

pytestmark = pytest.mark.django_db(transaction=True)

# Nobody takes a page for broken that comes within this time.
SECONDS = 6.0

AWAY = {"away": RedisServer.kill, "hanging": RedisServer.pause}


@pytest.fixture(params=AWAY)
def redis_gone(
    request: pytest.FixtureRequest, redis_server: RedisServer, queued_on_redis: None
) -> Iterator[RedisServer]:
    """A Redis that was reached a moment ago."""
    assert look_into_queue() is not None
    AWAY[request.param](redis_server)
    yield redis_server
    redis_server.resume()


@pytest.fixture
def redis_away(redis_server: RedisServer, queued_on_redis: None) -> RedisServer:
    redis_server.kill()
    return redis_server


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(make_official(role))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def in_time(ask: Callable[[], object]) -> object:
    begun = time.monotonic()
    answer = ask()
    assert time.monotonic() - begun < SECONDS
    return answer


def parked_mail() -> Message:
    person = make_official()
    return Message.objects.create(
        key="parked",
        kind="test",
        recipient=person,
        address="wrong@county.test",
        language="en",
        subject="Parked",
        text="Parked",
        html="<p>Parked</p>",
        parked_at=timezone.now(),
        attempts=8,
        last_error="550 No such user",
    )


def test_pages_answer_and_an_inspection_is_saved(redis_gone: RedisServer):
    today = timezone.localdate()
    cycle = make_cycle(opens_on=today - timedelta(days=1), due_on=today + timedelta(days=1))
    inspector = signed_in(Role.TEAM_LEAD)
    project = make_project()
    assert in_time(lambda: Client().get(reverse("account_login"))).status_code == 200
    assert in_time(lambda: inspector.get(reverse("office:projects"))).status_code == 200
    figures = {
        "cycle": str(cycle.half_month),
        "edition": "",
        "cumulative_investment": "1000",
        "ytd_investment": "1000",
        "progress_percent": "84",
        "stage": "building",
        "remark": "",
    }
    answer = in_time(lambda: inspector.post(reverse("office:inspect", args=[project.pk]), figures))
    assert answer.status_code == 302
    assert Inspection.objects.filter(project=project).exists()


def test_the_administrator_is_told(redis_gone: RedisServer):
    administrator = signed_in(Role.SYSTEM_ADMINISTRATOR)
    for page in ("office:health", "office:today"):
        answer = in_time(lambda page=page: administrator.get(reverse(page)))
        assert answer.status_code == 200
        assert "Queue (Redis)" in answer.content.decode()
    assert "Redis does not answer." in administrator.get(reverse("office:health")).content.decode()


def test_what_was_asked_for_meanwhile_is_done_when_redis_is_back(
    redis_server: RedisServer, celery_worker_process: CeleryProcess, smtp_catcher: SmtpCatcher
):
    message = parked_mail()
    redis_server.kill()
    administrator = signed_in(Role.SYSTEM_ADMINISTRATOR)
    again = reverse("office:try_mail_again", args=[message.pk])
    assert in_time(lambda: administrator.post(again)).status_code == 302
    assert smtp_catcher.attempts == 0
    redis_server.start()
    # What beat does each minute.
    tasks.sweep.delay()
    wait_until(lambda: smtp_catcher.to(message.recipient.email), 30, what="the mail comes")


def test_control_without_protection_the_doorbell_breaks_the_page(
    redis_away: RedisServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tasks, "OperationalError", type("Never", (Exception,), {}))
    administrator = signed_in(Role.SYSTEM_ADMINISTRATOR)
    with pytest.raises(OperationalError):
        administrator.post(reverse("office:try_mail_again", args=[parked_mail().pk]))


@pytest.fixture(params=[Scheduler])
def beat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PersistentScheduler]:
    """A beat that has slept for two hours."""
    beat = request.param(app, schedule_filename=str(tmp_path / "beat"), max_interval=1)
    make_everything_due(beat)
    yield beat
    beat.close()


def make_everything_due(beat: PersistentScheduler) -> None:
    for entry in beat.schedule.values():
        entry.last_run_at = timezone.now() - timedelta(hours=2)
    beat._heap = None


def rung(beat: PersistentScheduler) -> int:
    """How many tasks wait after everything that is due was rung once."""
    for _ in range(len(beat.schedule)):
        beat.tick()
    queue = look_into_queue()
    return queue.length if queue else 0


def test_beat_goes_on_without_redis_shows_that_it_lives_and_rings_again(
    redis_away: RedisServer, beat: PersistentScheduler
):
    assert rung(beat) == 0
    assert Heartbeat.objects.filter(name="beat").exists()
    redis_away.start()
    make_everything_due(beat)
    assert rung(beat) > 0


@pytest.mark.parametrize("beat", [PersistentScheduler], indirect=True)
def test_control_celerys_own_beat_does_not_go_on(
    redis_away: RedisServer, beat: PersistentScheduler, monkeypatch: pytest.MonkeyPatch
):
    # It would try a hundred times, later each time, before it ends.
    monkeypatch.setitem(app.conf, "broker_connection_max_retries", 1)
    with pytest.raises(OperationalError):
        rung(beat)
    assert not Heartbeat.objects.exists()
