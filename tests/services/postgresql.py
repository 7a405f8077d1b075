"""A PostgreSQL of a test's own, which it may kill: the one that the tests themselves run on must live."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connection

from tests.services.processes import Process, children_of
from tests.services.site import free_port
from tests.services.waiting import wait_until

NAME = "jigai"
# Nothing here need outlive a power cut.
OPTIONS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60"]


def program(name: str) -> str:
    """One of the server's programs, which Debian keeps out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"These tests need {name}. As root: apt-get install postgresql"
    return path


def as_its_user() -> list[str]:
    """The server refuses to run as root; the words that run it as somebody else then."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=INT"]


class PostgresCluster(Process):
    """Its data survive `kill` and `start`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        options = [word for option in OPTIONS for word in ("-c", option)]
        server = [program("postgres"), "-D", str(directory / "data"), "-p", str(self.port)]
        where = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={directory}"]
        super().__init__([*as_its_user(), *server, *where, *options], directory / "postgres.log")

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{NAME}"

    def make(self) -> None:
        """Lay out an empty cluster."""
        self._run(
            program("initdb"),
            *("-D", str(self.directory / "data"), "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        )

    def start(self) -> None:
        """Start it and wait until it lets somebody in."""
        super().start()
        wait_until(self.answers, 20, what="PostgreSQL answers")

    def answers(self, database: str = "postgres") -> bool:
        """Whether somebody is let in."""
        try:
            psycopg.connect(self._login(database), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill the postmaster and each of its processes, all at once."""
        if self.popen is None:
            return
        # Each of them leads a group of its own.
        everything = [self.popen.pid, *children_of(self.popen.pid)]
        for pid in everything:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.popen.wait()
        until = time.monotonic() + 10
        while any(Path(f"/proc/{pid}").exists() for pid in everything[1:]) and time.monotonic() < until:
            time.sleep(0.01)

    def copy_of_tests_database(self) -> None:
        """Fill it with what the test has written so far."""
        psycopg.connect(self._login("postgres"), autocommit=True).execute(f"CREATE DATABASE {NAME}").close()
        there = connection.settings_dict
        login = {"PGPASSWORD": there["PASSWORD"], "PGHOST": there["HOST"], "PGPORT": str(there["PORT"])}
        dump = subprocess.run(
            [program("pg_dump"), "--no-owner", "-U", there["USER"], there["NAME"]],
            env={**os.environ, **login},
            check=True,
            capture_output=True,
        )
        subprocess.run(
            [program("psql"), "-q", "-v", "ON_ERROR_STOP=1", self._login(NAME)],
            input=dump.stdout,
            check=True,
            capture_output=True,
        )

    def ask(self, query: str) -> list[tuple[object, ...]]:
        """The rows of an answer."""
        with psycopg.connect(self._login(NAME), connect_timeout=5) as session:
            return session.execute(query.encode()).fetchall()

    def _login(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _run(self, *command: str) -> None:
        subprocess.run([*as_its_user(), *command], check=True, capture_output=True, cwd=self.directory)


@contextlib.contextmanager
def cluster() -> Iterator[PostgresCluster]:
    """A running cluster that holds what the test has written; nothing of it is left behind."""
    # Not below pytest's own directories, which only their owner may enter.
    with tempfile.TemporaryDirectory(prefix="jigai-postgres-", dir="/tmp") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        made = PostgresCluster(directory)
        made.make()
        made.start()
        try:
            made.copy_of_tests_database()
            yield made
        finally:
            made.kill()
