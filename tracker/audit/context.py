"""Who acts at this moment, why, and in answer to which request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any

from structlog.contextvars import get_contextvars

# What the trail says of whatever nobody signed in for: a job that beat rings for, a rule.
SYSTEM = "system"

# Asks for the person only when something is written down: most requests write nothing.
_person: ContextVar[Callable[[], Any] | None] = ContextVar("person", default=None)
_system: ContextVar[str] = ContextVar("system", default="")
_why: ContextVar[str] = ContextVar("why", default="")


@contextmanager
def asked_by(person: Callable[[], Any]) -> Iterator[None]:
    """What is done here is done by the person who sent the request, if anybody has signed in."""
    token = _person.set(person)
    try:
        yield
    finally:
        _person.reset(token)


@contextmanager
def by_system(*words: str) -> Iterator[None]:
    """What is done here follows from a rule or a job, whoever set it off: `by_system("policy default-1")`."""
    token = enter_system(*words)
    try:
        yield
    finally:
        leave_system(token)


def enter_system(*words: str) -> Token[str]:
    """The beginning of `by_system`, where beginning and end are two calls."""
    return _system.set(", ".join((SYSTEM, *words)))


def leave_system(token: Token[str]) -> None:
    """The end of it."""
    _system.reset(token)


@contextmanager
def because(why: str) -> Iterator[None]:
    """What is done here is done for this reason, in the words of whoever gave it."""
    token = _why.set(why)
    try:
        yield
    finally:
        _why.reset(token)


def who() -> tuple[int | None, str]:
    """The person's id, or else the words for the system; neither when a stranger's request does it."""
    if words := _system.get():
        return None, words
    ask = _person.get()
    if ask is None:
        return None, SYSTEM
    return getattr(ask(), "pk", None), ""


def why() -> str:
    """The reason that was given, if one was."""
    return _why.get()


def request_id() -> str:
    """The request that this belongs to, also in the jobs that it has set off."""
    return str(get_contextvars().get("request_id", ""))
