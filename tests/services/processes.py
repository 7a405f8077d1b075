"""Programs that a test starts for itself, and that never outlive it."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from config.runner import ends_with_parent


class Process:
    """A program in a process group of its own, with its output in a file."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.command = command
        self.log = log
        self.environment = {**os.environ, **(environment or {})}
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again."""
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=ends_with_parent,
            )

    @property
    def output(self) -> str:
        """What it has said so far, over all its starts."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.popen is not None and self.popen.poll() is None

    def kill(self) -> None:
        """Kill it and all that it started, at once: what a power cut or the kernel would do."""
        self._signal_group(signal.SIGKILL)

    def stop(self, seconds: float = 20) -> None:
        """Ask it to end and wait; what does not end is killed."""
        if self.popen is None:
            return
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill()

    def pause(self) -> None:
        """Stop the clock for it: it hangs, but its connections stay open."""
        self._signal_group(signal.SIGSTOP, wait=False)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._signal_group(signal.SIGCONT, wait=False)

    def _signal_group(self, number: signal.Signals, *, wait: bool = True) -> None:
        if self.popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, number)
        if wait:
            self.popen.wait()


def children_of(pid: int) -> list[int]:
    """The processes that this one has started itself and that still run."""
    listings = Path("/proc").glob(f"{pid}/task/*/children")
    return [int(child) for listing in listings for child in listing.read_text().split()]
