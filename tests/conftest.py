"""What tests can ask for beside Django's client: real services, each started when first asked for."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.db.models.signals import post_migrate

from tests.services import browser as browsers
from tests.services import celery, smtp
from tests.services.redis import RedisServer
from tracker.audit import guards

# What gives a test a database to work on.
WITH_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server", "build_once", "beside_the_test"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "once: the rest of a whole of which PostgreSQL gets a part; it runs on SQLite alone"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Ask on PostgreSQL only what has to do with a database: the rest was asked on SQLite already."""
    if connection.vendor != "postgresql":
        return
    left_out = [item for item in items if not differs_between_databases(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if differs_between_databases(item)]


def differs_between_databases(item: pytest.Item) -> bool:
    """Whether a test can say something else on another database.

    pytest-django keeps from the database whoever does not ask for it with its mark or a fixture.
    """
    if item.get_closest_marker("once"):
        return False
    about_one = ("django_db", "browser", "sqlite_only", "postgres_only")
    fixtures = WITH_DATABASE & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or any(item.get_closest_marker(name) for name in about_one)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Whatever asks for a browser is a story for the part of the run that has one."""
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    """Keep SQLite's test database in a file: locking differs in memory, and other processes cannot see it."""
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    else:
        request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Keep what the migrations filled in when Django empties the tables after a transactional test."""
    tracker = apps.get_app_config("tracker")
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            # Django empties the tables there by taking out row by row, which the trail forbids.
            guards.remove(connection, acts=frozenset({"DELETE"}))
        reference = {model: list(model._base_manager.all()) for model in tracker.get_models()}

    def fill_in_again(**kwargs: Any) -> None:
        with transaction.atomic():
            for model, rows in reference.items():
                if rows and not model._base_manager.exists():
                    model._base_manager.bulk_create(rows)

    # Django says so when it has emptied the tables, and fills in permissions in the same way.
    post_migrate.connect(fill_in_again, sender=tracker)
    yield
    post_migrate.disconnect(fill_in_again, sender=tracker)


@pytest.fixture(autouse=True)
def _nobody_has_tried_before() -> None:
    """How often somebody has signed in from this machine a moment ago is another test's."""
    cache.clear()


@pytest.fixture(autouse=True)
def _right_database(request: pytest.FixtureRequest) -> None:
    """Leave out what is about the other database."""
    for vendor, marker in (("sqlite", "sqlite_only"), ("postgresql", "postgres_only")):
        if request.node.get_closest_marker(marker) and connection.vendor != vendor:
            pytest.skip(f"{marker.replace('_', ' ')}")


@pytest.fixture(scope="module")
def build_once(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Build rows that all tests of a module begin with; each test takes back what it has written itself.

    What is built is seen by every test of the module that comes later, so a module whose tests count rows
    has no use for it. Hand each test a `deepcopy`: what it does to it in memory is its own as well.
    """
    with ExitStack() as written:

        def build(what: Callable[[], Any]) -> Any:
            with django_db_blocker.unblock():
                if not connection.in_atomic_block:
                    written.enter_context(transaction.atomic())
                return what()

        yield build
        with django_db_blocker.unblock():
            if connection.in_atomic_block:
                transaction.set_rollback(True)
            written.close()


@pytest.fixture
def no_warnings_in_the_log() -> Iterator[None]:
    """Write down no refusal: where thousands are asked for, their lines would take half of the time.

    A fault of ours is an error, and still written down.
    """
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real, empty Redis that the test may kill and start again."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a real, empty Redis."""
    return redis_server.url


@pytest.fixture
def queued_on_redis(redis_url: str) -> Iterator[None]:
    """Tasks queued by the test itself, or by pages it asks for, reach the real Redis."""
    with celery.queuing_on(redis_url):
        yield


@pytest.fixture
def smtp_catcher() -> Iterator[smtp.SmtpCatcher]:
    """A real mail server that keeps what it is sent; see there for how it can misbehave."""
    with smtp.catching() as catcher:
        yield catcher


@pytest.fixture
def beside_the_test(transactional_db: None, redis_url: str, smtp_catcher: smtp.SmtpCatcher) -> dict[str, str]:
    """The environment for another process that works on the test's database, Redis and mail server."""
    return celery.environment(redis_url, smtp_catcher.url)


@pytest.fixture
def celery_worker_process(
    tmp_path: Path, beside_the_test: dict[str, str], queued_on_redis: None
) -> Iterator[celery.CeleryProcess]:
    """A real worker at work; `kill` and `start` it at will."""
    process = celery.worker(tmp_path, beside_the_test)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def celery_beat_process(tmp_path: Path, beside_the_test: dict[str, str]) -> Iterator[celery.CeleryProcess]:
    """A real beat that rings by the product's own schedule."""
    process = celery.beat(tmp_path, beside_the_test)
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[browsers.Browser]:
    """A real browser."""
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture
def phone(browser: browsers.Browser, live_server: Any) -> Iterator[browsers.BrowserContext]:
    """Somebody with a phone in hand, who reads Chinese."""
    with browsers.visitor(browser, live_server.url, browsers.PHONE, "zh-CN") as context:
        yield context


@pytest.fixture
def desktop(browser: browsers.Browser, live_server: Any) -> Iterator[browsers.BrowserContext]:
    """Somebody at a desk, who reads Chinese."""
    with browsers.visitor(browser, live_server.url, browsers.DESKTOP, "zh-CN") as context:
        yield context


@pytest.fixture
def english_desktop(browser: browsers.Browser, live_server: Any) -> Iterator[browsers.BrowserContext]:
    """Somebody at a desk, who reads English."""
    with browsers.visitor(browser, live_server.url, browsers.DESKTOP, "en-GB") as context:
        yield context


@pytest.fixture
def connection_kept() -> Iterator[None]:
    """Before and after a request the server lets go of its connection; this one is the test's."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
