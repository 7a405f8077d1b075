"""Asked to stop, each process finishes what it has in hand; a control kills it instead."""

import signal
import threading
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest
from redis import Redis

from tests.factories import make_official
from tests.services.celery import CeleryProcess
from tests.services.processes import children_of
from tests.services.redis import RedisServer
from tests.services.site import Site
from tests.services.smtp import SmtpCatcher
from tests.services.waiting import wait_until
from tracker.mailing import tasks
from tracker.mailing.models import Message

# How processes stop does not depend on the database.
pytestmark = pytest.mark.sqlite_only


class Visit(threading.Thread):
    """Somebody who asks for the slow page."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.site = site
        self.said = ""

    def run(self) -> None:
        try:
            self.said = self.site.get("/slow").text
        except (OSError, HTTPException) as fault:
            self.said = type(fault).__name__


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    environment = {"SLOW_SITE": str(tmp_path), "JIGAI_VAR": str(tmp_path)}
    site = Site(tmp_path / "site.log", environment, "tests.services.slow_site")
    site.start()
    yield site
    site.kill()


@pytest.fixture
def visit(site: Site, tmp_path: Path) -> Visit:
    visit = Visit(site)
    visit.start()
    wait_until((tmp_path / "begun").exists, 10, what="the request is in hand")
    return visit


def test_the_site_finishes_the_request_in_hand(site: Site, visit: Visit, tmp_path: Path):
    site.popen.terminate()
    wait_until(lambda: len(children_of(site.popen.pid)) == 1, 10, what="whoever is idle has ended")
    (tmp_path / "may-end").touch()
    visit.join(10)
    assert visit.said == "done"
    assert site.popen.wait(10) == 0


def test_control_a_site_that_is_killed_loses_it(site: Site, visit: Visit, tmp_path: Path):
    site.kill()
    (tmp_path / "may-end").touch()
    visit.join(10)
    assert visit.said in {"RemoteDisconnected", "ConnectionResetError"}


@pytest.fixture
def mail_in_hand(celery_worker_process: CeleryProcess, smtp_catcher: SmtpCatcher) -> Message:
    """A mail that the worker is handing over at this moment, to a slow mail server."""
    person = make_official()
    message = Message.objects.create(
        key="in hand",
        kind="test",
        recipient=person,
        address=person.email,
        language="en",
        subject="In hand",
        text="In hand",
        html="<p>In hand</p>",
    )
    smtp_catcher.stalls = 2
    tasks.ring([message])
    wait_until(lambda: smtp_catcher.attempts, 20, what="the mail is being handed over")
    return message


def in_nobodys_hands(redis_server: RedisServer) -> tuple[int, int]:
    """The tasks that wait, and those that a worker has taken and not finished."""
    with Redis(unix_socket_path=str(redis_server.socket_path)) as redis:
        return int(redis.llen("celery")), int(redis.hlen("unacked"))


@pytest.mark.django_db(transaction=True)
def test_the_worker_finishes_the_task_in_hand(
    mail_in_hand: Message, celery_worker_process: CeleryProcess, redis_server: RedisServer
):
    celery_worker_process.popen.terminate()
    assert celery_worker_process.popen.wait(20) == 0
    mail_in_hand.refresh_from_db()
    assert mail_in_hand.sent_at is not None
    assert in_nobodys_hands(redis_server) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_control_a_worker_that_is_killed_leaves_it_unfinished_and_known(
    mail_in_hand: Message, celery_worker_process: CeleryProcess, redis_server: RedisServer
):
    celery_worker_process.kill()
    mail_in_hand.refresh_from_db()
    assert mail_in_hand.sent_at is None
    assert in_nobodys_hands(redis_server) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_what_takes_too_long_is_handed_back_at_once(
    mail_in_hand: Message,
    smtp_catcher: SmtpCatcher,
    celery_worker_process: CeleryProcess,
    redis_server: RedisServer,
):
    celery_worker_process.popen.terminate()
    celery_worker_process.popen.send_signal(signal.SIGQUIT)
    celery_worker_process.popen.wait(20)
    assert in_nobodys_hands(redis_server) == (1, 0)
