"""What can be measured: two ways of doing one thing, each timed in turn, and the ratio that must hold."""

import gc
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from bench.worlds import World

# What is shorter than this is done several times in one sample, so that the clock's own cost vanishes.
SHORTEST_SAMPLE = 0.03
NANO = 1e-9

Clock = Callable[[], float]


@dataclass(frozen=True)
class Measure:
    """One line of the table: `ours` may cost up to `limit` times `floor`.

    Both are things to do, timed by `clock` ("cpu": this process and its database's; "web": this process
    alone; "wall"), or both are figures that were found otherwise (statements, bytes). `ours_in` and
    `floor_in` are the worlds in which they are done; unless told otherwise both in the one that is current.
    """

    goal: str
    name: str
    ours: Callable[[], object] | float
    floor: Callable[[], object] | float
    limit: float
    clock: str = "cpu"
    unit: str = "ms"
    ours_in: World | None = None
    floor_in: World | None = None


@dataclass(frozen=True)
class Result:
    """What was found: medians in the measure's unit, and whether the limit holds."""

    goal: str
    name: str
    ours: float
    floor: float
    limit: float
    unit: str
    samples: int

    @property
    def ratio(self) -> float:
        """How many times the floor ours costs."""
        return self.ours / self.floor if self.floor else float(self.ours > 0)

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.ratio <= self.limit


def found(measure: Measure, repeats: int) -> Result:
    """Both sides in turn, `repeats` times, so that a noisy minute falls on both; their medians."""
    if not callable(measure.ours) or not callable(measure.floor):
        assert not callable(measure.ours)
        assert not callable(measure.floor)
        return Result(
            measure.goal, measure.name, measure.ours, measure.floor, measure.limit, measure.unit, samples=1
        )
    sides = {"ours": (measure.ours, measure.ours_in), "floor": (measure.floor, measure.floor_in)}
    times: dict[str, list[float]] = {"ours": [], "floor": []}
    rounds = {name: _warm(act, world, measure.clock) for name, (act, world) in sides.items()}
    for _repeat in range(repeats):
        for name, (act, world) in sides.items():
            times[name].append(_sample(act, world, measure.clock, rounds[name]) * 1000)
    medians = {name: statistics.median(those) for name, those in times.items()}
    return Result(
        measure.goal, measure.name, medians["ours"], medians["floor"], measure.limit, measure.unit, repeats
    )


def _warm(act: Callable[[], object], world: World | None, clock: str) -> int:
    """Do it once before it counts; how often it is to be done in one sample."""
    _sample(act, world, clock, 1)
    once = _sample(act, world, "wall", 1)
    return max(1, min(200, round(SHORTEST_SAMPLE / max(once, 1e-5))))


def _sample(act: Callable[[], object], world: World | None, clock: str, rounds: int) -> float:
    if world is not None:
        world.enter()
    now = _clock(clock)
    gc.collect()
    before = now()
    for _round in range(rounds):
        act()
    return (now() - before) / rounds


def _clock(name: str) -> Clock:
    if name == "wall":
        return time.perf_counter
    if name == "web":
        return time.process_time
    connection.ensure_connection()
    backend = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return lambda: time.process_time() + int(backend.read_text().split()[0]) * NANO


class Memory:
    """How far the process's memory grew while something was done, in MB; the peak in between counts."""

    def __enter__(self) -> "Memory":
        gc.collect()
        self.before = self._resident()
        self.peak = self.before
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._watch.join()
        self.peak = max(self.peak, self._resident())

    @property
    def grown(self) -> float:
        """The peak above what there was before."""
        return self.peak - self.before

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self.peak = max(self.peak, self._resident())

    @staticmethod
    def _resident() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 / 1024 / 1024


def counted(act: Callable[[], object]) -> float:
    """How many statements something sends to the database."""
    statements: list[str] = []

    def look(execute: Callable[..., object], sql: str, *rest: object) -> object:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        act()
    return float(len(statements))
