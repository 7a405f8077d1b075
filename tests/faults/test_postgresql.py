"""PostgreSQL is killed and started again: the site says so meanwhile, and goes on by itself after it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection
from django.test import Client

from tests.factories import make_official, make_project
from tests.services import celery
from tests.services.celery import CeleryProcess
from tests.services.postgresql import PostgresCluster, cluster
from tests.services.site import Answer, Site
from tests.services.waiting import wait_until
from tracker.operations import tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres_only]

LIST = "/office/projects/"
INTERRUPTED = "The site is interrupted for a moment"


@pytest.fixture
def cookie() -> dict[str, str]:
    """Somebody who is signed in, and has a project to look at."""
    person = make_official(email="li@county.test")
    make_project(inspector=person, name="虚构冲压线改造")
    client = Client()
    client.force_login(person)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.LANGUAGE_COOKIE_NAME}=en",
        "Accept-Language": "en",
    }


@pytest.fixture
def postgres(cookie: dict[str, str]) -> Iterator[PostgresCluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def beside(postgres: PostgresCluster, beside_the_test: dict[str, str]) -> dict[str, str]:
    return {**beside_the_test, "DATABASE_URL": postgres.url}


@pytest.fixture
def site(tmp_path: Path, beside: dict[str, str]) -> Iterator[Site]:
    site = Site(tmp_path / "site.log", beside)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def worker(tmp_path: Path, beside: dict[str, str], queued_on_redis: None) -> Iterator[CeleryProcess]:
    worker = celery.worker(tmp_path, beside)
    worker.start()
    yield worker
    worker.stop()


def answered(postgres: PostgresCluster) -> str:
    """When the worker last showed that it does what is rung."""
    rows = postgres.ask("SELECT at FROM tracker_heartbeat WHERE name = 'worker'")
    return str(rows[0][0]) if rows else ""


def test_kill_9_of_postgresql_needs_no_manual_step(
    site: Site, worker: CeleryProcess, postgres: PostgresCluster, cookie: dict[str, str]
):
    def shows_the_list() -> bool:
        answer = site.get(LIST, cookie)
        return answer.status == 200 and "虚构冲压线改造" in answer.text

    # Every process of the site and of the worker holds a connection.
    assert all(shows_the_list() for _ in range(12))
    tasks.beat.delay()
    wait_until(lambda: answered(postgres), 20, what="the worker answers")
    assert site.get("/readyz").status == 200

    postgres.kill()
    for answer in [site.get(LIST, cookie) for _ in range(6)]:
        is_told_of_the_interruption(answer)
    assert (site.get("/readyz").status, site.get("/readyz").text) == (503, "database\n")
    assert (site.get("/healthz").status, site.get("/healthz").text) == (200, "ok\n")
    failed = worker.output.count("operations.beat")
    tasks.beat.delay()
    wait_until(lambda: worker.output.count("operations.beat") > failed, 20, what="the worker tries")

    postgres.start()
    wait_until(shows_the_list, 10, what="pages answer again")
    assert all(shows_the_list() for _ in range(12))
    assert site.get("/readyz").status == 200
    before = answered(postgres)
    tasks.beat.delay()
    wait_until(lambda: answered(postgres) > before, 20, what="the worker goes on")
    assert site.is_running
    assert worker.is_running


def is_told_of_the_interruption(answer: Answer) -> None:
    """A page of ours with what to do, and nothing of what is behind it."""
    assert answer.status == 503
    assert answer.headers["retry-after"] == "30"
    assert INTERRUPTED in answer.text
    assert not [word for word in ("Traceback", "psycopg", "127.0.0.1", "Operational") if word in answer.text]


def lose_the_connection() -> None:
    """What a restart of PostgreSQL does to a connection that is kept for the next request."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        with pytest.raises(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    # That error was seen by this request; the next one sees a connection that looks sound.
    connection.errors_occurred = False
    close_old_connections()


def test_a_connection_is_looked_at_before_the_first_question_of_a_request():
    lose_the_connection()
    assert make_official().pk


def test_control_without_that_look_the_first_page_after_a_restart_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", False)
    lose_the_connection()
    with pytest.raises(OperationalError):
        make_official()
    connection.close()
