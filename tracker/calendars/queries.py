"""Which days a county works: its own calendar first, then the national one, then Monday to Friday."""

from collections.abc import Callable
from datetime import date

import chinese_calendar

from tracker.calendars.models import CalendarDay
from tracker.calendars.workdays import is_weekday


def is_working_nationally(day: date) -> bool:
    """Whether the national calendar with its holidays and moved working days has people at work.

    The published calendar ends with some year; after it Monday to Friday is the best that is known.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return is_weekday(day)


def working_days_of(county_id: int | None) -> Callable[[date], bool]:
    """The county's work calendar as a question about one day; its special days are read once."""
    days = CalendarDay.objects.for_county(county_id)
    own: dict[date, bool] = {}
    for special in sorted(days, key=lambda special: special.county_id is not None):
        own[special.day] = special.is_working

    def is_working(day: date) -> bool:
        return own[day] if day in own else is_working_nationally(day)

    return is_working


def knows_holidays_of(year: int) -> bool:
    """Whether the holidays of a year are known: published with the calendar, or entered for everybody."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return CalendarDay.objects.filter(county=None, day__year=year).exists()
    return True
