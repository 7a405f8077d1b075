"""Waiting for something to become true, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

PAUSE = 0.05


def wait_until(condition: Callable[[], Value], seconds: float = 10, *, what: str = "") -> Value:
    """What the condition returns, as soon as that is true; fails if it does not become true in time."""
    until = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(
                f"not within {seconds:g} s: {what or getattr(condition, '__name__', condition)}"
            )
        time.sleep(PAUSE)
    return value
