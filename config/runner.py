"""`make run`: one process that starts, watches and stops the site, its worker, its beat and its Redis."""

import contextlib
import ctypes
import fcntl
import io
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import IO

from config import broker

HOST = "127.0.0.1"
LONGEST_BACK_OFF = 30.0
# A child that ran this long has recovered: its next crash counts as the first.
STEADY_AFTER = 60.0
# The longest that a task may take to end before it is handed to the next worker.
PATIENCE = 30.0
# What one that is told to hand its task back may take for that.
HANDING_BACK = 5.0

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


class CannotRun(Exception):
    """Something stands in the way; the message says what, and what to do."""


def say(message: str) -> None:
    """One line of the runner's own."""
    emit("jigai", message)


def emit(name: str, line: str) -> None:
    """A line of output under the name of who said it; nobody need be reading."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{name:<6} | {line}\n")
        sys.stdout.flush()


def ends_with_parent() -> None:
    """In a child: be told to stop when the process that started it dies, however it dies."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A process that should be running: started again when it ends, later each time."""

    name: str
    command: list[str]
    log_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    inherits: tuple[int, ...] = ()
    # Tells it to hand back what it has not finished in time, where it can.
    hands_back_on: signal.Signals | None = None
    process: subprocess.Popen[bytes] | None = None
    crashes: int = 0
    started_at: float = 0.0
    start_again_at: float | None = None

    def start(self) -> None:
        """Start it in a process group of its own, so that Ctrl-C reaches only the runner."""
        self.start_again_at = None
        self.started_at = time.monotonic()
        process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.inherits,
            process_group=0,
            preexec_fn=ends_with_parent,
        )
        self.process = process
        threading.Thread(target=self._copy_output, args=(process.stdout,), daemon=True).start()

    def _copy_output(self, stream: IO[bytes]) -> None:
        """Show what the child says under its name, and keep it in var/log."""
        log = RotatingFileHandler(
            self.log_dir / f"{self.name}.log", maxBytes=5_000_000, backupCount=2, encoding="utf-8"
        )
        with contextlib.closing(log):
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                emit(self.name, line)
                log.emit(logging.makeLogRecord({"msg": "%s", "args": (line,)}))

    def watch(self, now: float) -> None:
        """Notice that it has ended, and start it again when its time has come."""
        if self.start_again_at is not None:
            if now >= self.start_again_at:
                say(f"starting {self.name} again")
                self.start()
            return
        if self.process is None or self.process.poll() is None:
            return
        end_group(self.process)
        self.crashes = 1 if now - self.started_at > STEADY_AFTER else self.crashes + 1
        wait = min(2.0 ** (self.crashes - 1), LONGEST_BACK_OFF)
        say(f"{self.name} ended unexpectedly ({_how(self.process.returncode)}); again in {wait:.0f} s")
        self.start_again_at = now + wait

    def ask_to_stop(self) -> None:
        """Tell it to finish what it does and end."""
        self.start_again_at = None
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def ask_to_hand_back(self) -> None:
        """Tell it that its time is over."""
        if self.hands_back_on and self.process and self.process.poll() is None:
            self.process.send_signal(self.hands_back_on)

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self.process is None or self.process.poll() is not None

    def end(self) -> None:
        """End what is left of it, and whatever it started."""
        if self.process is None:
            return
        end_group(self.process)
        self.process.wait()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and of all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _how(returncode: int) -> str:
    return f"signal {signal.Signals(-returncode).name}" if returncode < 0 else f"exit code {returncode}"


@contextlib.contextmanager
def only_one(var_dir: Path, url: str) -> Iterator[None]:
    """Hold the lock that says that the product runs from this directory."""
    with (var_dir / "runner.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read().strip() or "another make run"
            raise CannotRun(f"Already running: {who}. Stop that one first.") from None
        lock.truncate(0)
        lock.write(f"{url} (process {os.getpid()})")
        lock.flush()
        yield
        lock.truncate(0)


def listen(port: int) -> socket.socket:
    """The socket on which the site answers; it stays open while the web server is started again."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        remedy = f"Choose another: PORT={port + 1} make run"
        raise CannotRun(f"Port {port} cannot be used ({error.strerror}). {remedy}") from None
    listener.listen(256)
    return listener


def prepare_database() -> None:
    """Bring the tables up to date, and invent a county if there is none yet."""
    from django.core.management import CommandError
    from django.db import DatabaseError

    try:
        _prepare_database()
    except (CommandError, DatabaseError) as fault:
        raise CannotRun(f"The database is not ready: {' '.join(str(fault).split())}") from fault


def _prepare_database() -> None:
    import django
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("bringing the database up to date")
        call_command("migrate", verbosity=0, interactive=False)
    if settings.ENVIRONMENT == "development" and not apps.get_model("tracker", "Enterprise").objects.exists():
        say("inventing the demo county; this takes a minute, once")
        call_command("seed_demo", verbosity=0, stdout=io.StringIO())
    connection.close()


def show_accounts() -> None:
    """Print who can sign in to the demo county."""
    from django.conf import settings
    from django.core.management import call_command

    if settings.ENVIRONMENT == "development":
        call_command("seed_demo", accounts=True)


class Runner:
    """The children in the order in which they start, and how they stop."""

    def __init__(self, var_dir: Path, port: int, redis_socket: Path | None) -> None:
        self.var_dir = var_dir
        self.url = f"http://{HOST}:{port}"
        self.port = port
        self.redis_socket = redis_socket
        self.children: list[Child] = []
        self.preparing = False
        self.stopping = threading.Event()
        self.in_a_hurry = threading.Event()

    def run(self) -> None:
        """Start everything, watch it, and stop it when asked to."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._asked_to_stop)
        log_dir = self.var_dir / "log"
        for directory in (log_dir, self.var_dir / "static"):
            directory.mkdir(exist_ok=True)
        listener = listen(self.port)
        gate_seen_by_web, gate = os.pipe()
        celery = [sys.executable, "-m", "celery", "--quiet", "--app", "config.celery"]
        web = Child(
            "web",
            [sys.executable, "-m", "gunicorn", "--config", "python:config.web", "config.wsgi"],
            log_dir,
            {"JIGAI_LISTENS_ON": str(listener.fileno()), "JIGAI_GATE": str(gate_seen_by_web)},
            (listener.fileno(), gate_seen_by_web),
        )
        worker = Child(
            "worker",
            [*celery, "worker", "--concurrency", "2", "--loglevel", "warning", "--without-mingle"],
            log_dir,
            hands_back_on=signal.SIGQUIT,
        )
        beat = Child("beat", [*celery, "beat", "--loglevel", "warning", "--pidfile="], log_dir)
        try:
            self._start(web)
            self._start_redis(log_dir)
            self.preparing = True
            prepare_database()
            self.preparing = False
            os.close(gate)
            say(f"the site is at {self.url} - Ctrl-C ends everything")
            self._start(worker)
            self._start(beat)
            show_accounts()
            while not self.stopping.wait(0.5):
                for child in self.children:
                    child.watch(time.monotonic())
        finally:
            self._stop()
            listener.close()

    def _start(self, child: Child) -> None:
        child.start()
        self.children.append(child)

    def _start_redis(self, log_dir: Path) -> None:
        """Start Redis and wait until it has read its data; what comes next may queue tasks."""
        if self.redis_socket is None:
            return
        data_dir = self.var_dir / "redis"
        data_dir.mkdir(mode=0o700, exist_ok=True)
        redis = Child("redis", broker.redis_command(self.redis_socket, data_dir), log_dir)
        self._start(redis)
        while not broker.answers(self.redis_socket):
            if redis.has_ended():
                raise CannotRun(f"Redis did not start: see {log_dir / 'redis.log'}")
            if self.stopping.wait(0.02):
                raise KeyboardInterrupt

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopping.is_set():
            self.in_a_hurry.set()
        self.stopping.set()
        if self.preparing:
            # Nobody should wait for a minute's work that is done over again the next time.
            raise KeyboardInterrupt

    def _stop(self) -> None:
        """Let the work in hand be finished; Redis goes last, since finishing is told to it."""
        self.preparing = False
        self.stopping.set()
        if self.children:
            say("stopping")
        self._stop_together([child for child in self.children if child.name != "redis"])
        self._stop_together([child for child in self.children if child.name == "redis"])

    def _stop_together(self, children: list[Child]) -> None:
        for child in children:
            child.ask_to_stop()
        self._wait_for(children, PATIENCE)
        for child in children:
            child.ask_to_hand_back()
        self._wait_for([child for child in children if child.hands_back_on], HANDING_BACK)
        for child in children:
            if not child.has_ended():
                say(f"{child.name} did not end in time and was stopped")
            child.end()

    def _wait_for(self, children: list[Child], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not all(child.has_ended() for child in children):
            if self.in_a_hurry.wait(0.05) or time.monotonic() > until:
                break


def main() -> int:
    """Run until told to stop; 0 if that is how it ended."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        var_dir = Path(settings.VAR_DIR).absolute()
        # Another broker, named by REDIS_URL, is somebody else's to start.
        redis_socket = None if os.environ.get("REDIS_URL") else var_dir / "redis.sock"
        port = int(os.environ.get("PORT", "8000"))
        var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        var_dir.chmod(0o700)
        with only_one(var_dir, f"http://{HOST}:{port}"):
            Runner(var_dir, port, redis_socket).run()
    except (CannotRun, broker.NoBroker, ImproperlyConfigured) as fault:
        say(str(fault))
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
