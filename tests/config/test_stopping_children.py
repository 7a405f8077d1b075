"""Whoever does not finish in time is told to hand back what it has, before it is killed."""

import signal
import sys
from pathlib import Path

import pytest

from config import runner
from tests.services.waiting import wait_until

# Ignores the first asking, as a worker does whose task takes long.
STUBBORN = """
import pathlib, signal, sys
here = pathlib.Path(sys.argv[1])
def hand_back(*_):
    (here / "handed-back").touch()
    sys.exit()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGQUIT, hand_back)
(here / "at-work").touch()
while True:
    signal.pause()
"""


def stop_a_stubborn_child(directory: Path, hands_back_on: signal.Signals | None) -> runner.Child:
    child = runner.Child(
        "worker", [sys.executable, "-c", STUBBORN, str(directory)], directory, hands_back_on=hands_back_on
    )
    child.start()
    wait_until((directory / "at-work").exists, 10)
    runner.Runner(directory, 0, None)._stop_together([child])
    return child


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PATIENCE", 0.2)


def test_a_worker_hands_back_what_it_cannot_finish(tmp_path: Path):
    child = stop_a_stubborn_child(tmp_path, signal.SIGQUIT)
    assert (tmp_path / "handed-back").exists()
    assert child.process.returncode == 0


def test_control_untold_it_is_killed_with_it(tmp_path: Path):
    child = stop_a_stubborn_child(tmp_path, None)
    assert not (tmp_path / "handed-back").exists()
    assert child.process.returncode == -signal.SIGKILL
