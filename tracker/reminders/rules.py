"""When which reminder falls, to whom it goes, and whether it still matters. Plain Python."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from tracker.calendars.periods import SHANGHAI
from tracker.calendars.workdays import add_working_days

# Nobody is written to at night, by Shanghai's clock.
DAY_BEGINS, DAY_ENDS = time(8), time(20)


class Audience(StrEnum):
    """Who is reminded, by what they have to do in a half-month."""

    INSPECTORS = "inspectors"
    LIAISONS = "liaisons"
    LEADS = "leads"


@dataclass(frozen=True)
class Step:
    """One reminder of a half-month; without an offset it falls on the day on which the window opens."""

    kind: str
    audiences: tuple[Audience, ...]
    working_days_after_due: int | None


STEPS = (
    Step("open", (Audience.INSPECTORS, Audience.LEADS), None),
    Step("due_minus_1", (Audience.INSPECTORS,), -1),
    Step("due", (Audience.INSPECTORS,), 0),
    Step("due_plus_1", (Audience.LIAISONS,), 1),
    Step("due_plus_3", (Audience.LEADS,), 3),
)
AUDIENCES = {step.kind: step.audiences for step in STEPS}


@dataclass(frozen=True)
class Window:
    """The dates of one half-month that reminders follow."""

    opens_on: date
    due_on: date
    closes_on: date


@dataclass(frozen=True)
class Due:
    """A reminder whose day has come, for one audience.

    `still_matters` is false when a later one for the same people has come too: reminders that were held up
    for days, because nothing ran, are not all sent at once.
    """

    kind: str
    audience: Audience
    falls_on: date
    still_matters: bool


def falls_on(step: Step, window: Window, is_working: Callable[[date], bool]) -> date:
    """The day of the reminder; never before the window opens, however short it is."""
    if step.working_days_after_due is None:
        return window.opens_on
    day = add_working_days(window.due_on, step.working_days_after_due, is_working)
    return max(day, window.opens_on)


def what_is_due(window: Window, today: date, is_working: Callable[[date], bool]) -> list[Due]:
    """Every reminder of the half-month whose day has come; nothing once the window is over."""
    if today > window.closes_on:
        return []
    come = [(step, day) for step in STEPS if (day := falls_on(step, window, is_working)) <= today]
    latest = {audience: step for step, _ in come for audience in step.audiences}
    return [
        Due(step.kind, audience, day, latest[audience] is step)
        for step, day in come
        for audience in step.audiences
    ]


def is_quiet(moment: datetime) -> bool:
    """Whether it is night in Shanghai, when nothing is sent."""
    return not DAY_BEGINS <= moment.astimezone(SHANGHAI).time() < DAY_ENDS
