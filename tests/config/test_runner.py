"""`make run` starts four processes, keeps them running, and leaves nothing behind."""

import os
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.processes import Process
from tests.services.waiting import wait_until

pytestmark = pytest.mark.sqlite_only

STARTED = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run(Process):
    """`make run` with a state directory and a port of its own."""

    def __init__(self, var: Path, log: Path, port: int) -> None:
        self.var = var
        self.port = port
        super().__init__(
            [sys.executable, "-m", "config.runner"], log, {"JIGAI_VAR": str(var), "PORT": str(port)}
        )
        for inherited in ("REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            self.environment.pop(inherited, None)

    def serves(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/help/", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_until_up(self) -> None:
        wait_until(
            lambda: "the site is at" in self.output or not self.is_running, STARTED, what="the site is up"
        )
        assert self.is_running, self.output
        wait_until(
            lambda: set(self.children()) == {"web", "worker", "beat", "redis"}, 20, what="four children"
        )

    def children(self) -> dict[str, int]:
        """The processes that the runner started itself, by what they are."""
        words = {"gunicorn": "web", "celery worker": "worker", "celery beat": "beat", "redis-server": "redis"}
        found = {}
        for pid in descendants(self.popen.pid, deep=False):
            line = command_line(pid).replace(" --quiet --app config.celery", "")
            found.update({name: pid for word, name in words.items() if word in line})
        return found


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def descendants(pid: int, *, deep: bool = True) -> list[int]:
    found: list[int] = []
    for listing in Path("/proc").glob(f"{pid}/task/*/children"):
        for child in map(int, listing.read_text().split()):
            found += [child, *(descendants(child) if deep else [])]
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start the product; whatever is still running afterwards is killed."""
    runs: list[Run] = []
    port = free_port()

    def started(name: str = "first", var: Path | None = None, port: int = port) -> Run:
        run = Run(var or tmp_path / "var", tmp_path / f"{name}.log", port)
        runs.append(run)
        run.start()
        return run

    yield started
    for run in runs:
        if run.is_running:
            left = descendants(run.popen.pid)
            run.kill()
            for pid in filter(is_alive, left):
                os.kill(pid, signal.SIGKILL)


def test_what_crashes_is_started_again_and_ctrl_c_ends_all(start: Callable[..., Run]):
    run = start()
    run.wait_until_up()
    assert run.serves()

    before = run.children()
    for name in ("worker", "redis", "web", "beat"):
        os.kill(before[name], signal.SIGKILL)
    wait_until(
        lambda: (
            set(run.children()) == set(before) and set(run.children().values()).isdisjoint(before.values())
        ),
        20,
        what="all four again",
    )
    for name in before:
        assert f"{name} ended unexpectedly (signal SIGKILL)" in run.output
    wait_until(run.serves, 20)

    everything = [run.popen.pid, *descendants(run.popen.pid)]
    run.popen.send_signal(signal.SIGINT)
    assert run.popen.wait(40) == 0
    wait_until(lambda: not any(map(is_alive, everything)), 5, what="nothing left")


def test_nothing_outlives_a_runner_that_is_killed(start: Callable[..., Run]):
    run = start()
    run.wait_until_up()
    everything = descendants(run.popen.pid)
    assert len(everything) >= 4
    run.popen.kill()
    wait_until(lambda: not any(map(is_alive, everything)), 30, what="nothing left")


def test_a_second_one_says_that_the_first_is_running(start: Callable[..., Run]):
    first = start()
    first.wait_until_up()
    second = start("second", port=free_port())
    assert second.popen.wait(20) == 1
    who = f"http://127.0.0.1:{first.port} (process {first.popen.pid})"
    assert second.output == f"jigai  | Already running: {who}. Stop that one first.\n"


def test_a_port_that_is_taken_is_named(start: Callable[..., Run]):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = start(port=port)
        assert run.popen.wait(20) == 1
    remedy = f"Choose another: PORT={port + 1} make run"
    assert run.output == f"jigai  | Port {port} cannot be used (Address already in use). {remedy}\n"
