"""Counting working days, whoever says which days are worked."""

from collections.abc import Callable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
FRIDAY = 5
# No holiday is anywhere near as long; a longer search means that the calendar itself is wrong.
LONGEST_PAUSE_DAYS = 366


class NoWorkingDay(Exception):
    """The calendar calls no day a working day for more than a year on end."""


def is_weekday(day: date) -> bool:
    """Monday to Friday: the fallback for years whose holidays are not yet announced."""
    return day.isoweekday() <= FRIDAY


def add_working_days(day: date, n: int, is_working: Callable[[date], bool]) -> date:
    """The nth working day after this day, or before it when n is negative; the day itself when n is 0."""
    step = ONE_DAY if n >= 0 else -ONE_DAY
    for _ in range(abs(n)):
        day = _nearest_working_day(day, step, is_working)
    return day


def working_days_between(today: date, due: date, is_working: Callable[[date], bool]) -> int:
    """Working days left until due, today not counted and due counted; negative when it is overdue."""
    if due < today:
        return -working_days_between(due, today, is_working)
    return sum(is_working(today + ONE_DAY * ahead) for ahead in range(1, (due - today).days + 1))


def _nearest_working_day(day: date, step: timedelta, is_working: Callable[[date], bool]) -> date:
    for distance in range(1, LONGEST_PAUSE_DAYS + 1):
        candidate = day + step * distance
        if is_working(candidate):
            return candidate
    raise NoWorkingDay(f"no working day within {LONGEST_PAUSE_DAYS} days of {day.isoformat()}")
