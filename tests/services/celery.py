"""Real workers and a real beat, on the test's own database, Redis and mail server."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from django.db import connection
from kombu import pools

from config.celery import app
from tests.services.processes import Process
from tests.services.waiting import wait_until


def database_url() -> str:
    """The address of the database that the running test uses."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    login = f"{quote(parts['USER'])}:{quote(parts['PASSWORD'], safe='')}"
    return f"postgres://{login}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"


def environment(redis_url: str, email_url: str) -> dict[str, str]:
    """What a process needs to work beside the running test."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "JIGAI_ENV": "test",
        "DATABASE_URL": database_url(),
        "REDIS_URL": redis_url,
        "EMAIL_URL": email_url,
        "PYTHONUNBUFFERED": "1",
    }


class CeleryProcess(Process):
    """A Celery program; `start` waits until it says that it works."""

    def __init__(self, words: list[str], says: str, log: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "celery", "--app", "config.celery", *words, "--loglevel", "info"]
        super().__init__(command, log, environment)
        self.says = says

    def start(self) -> None:
        """Start it and wait until it is at work."""
        before = self.output.count(self.says)
        super().start()
        wait_until(lambda: self.output.count(self.says) > before or not self.is_running, 30, what=self.says)
        assert self.is_running, self.output


def worker(directory: Path, environment: dict[str, str], concurrency: int = 2) -> CeleryProcess:
    """A worker, not yet started."""
    words = ["worker", "--concurrency", str(concurrency), "--without-gossip", "--without-mingle"]
    return CeleryProcess(words, " ready.", directory / "worker.log", environment)


def beat(directory: Path, environment: dict[str, str]) -> CeleryProcess:
    """A beat, not yet started."""
    words = ["beat", "--pidfile=", "--schedule", str(directory / "beat-schedule")]
    return CeleryProcess(words, "beat: Starting...", directory / "beat.log", environment)


@contextlib.contextmanager
def queuing_on(redis_url: str) -> Iterator[None]:
    """Let tasks that the test's own process queues go to this Redis rather than nowhere."""
    before = app.conf.broker_url
    _reach(redis_url)
    try:
        yield
    finally:
        _reach(before)


def _reach(url: str) -> None:
    app.conf.broker_url = url
    app.conf.broker_read_url = app.conf.broker_write_url = url
    # Connections are pooled under the old address.
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None
