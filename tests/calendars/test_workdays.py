"""Working days are counted over whatever calendar the county keeps; the holidays here are invented."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.calendars.workdays import NoWorkingDay, add_working_days, is_weekday, working_days_between

HOLIDAYS = {date(2026, 10, day) for day in range(1, 8)}
MOVED_WORKING_DAYS = {date(2026, 9, 27), date(2026, 10, 10)}


def in_the_county(day: date) -> bool:
    return day in MOVED_WORKING_DAYS or (is_weekday(day) and day not in HOLIDAYS)


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 10, 15), 3, date(2026, 10, 20)),  # Thursday: Friday, Monday, Tuesday
        (date(2026, 9, 30), 3, date(2026, 10, 10)),  # the holiday week, then a worked Saturday
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 26), 1, date(2026, 9, 27)),  # a worked Sunday
        (date(2026, 10, 3), 1, date(2026, 10, 8)),  # from within the holiday
        (date(2026, 10, 10), -1, date(2026, 10, 9)),
        (date(2026, 10, 8), -1, date(2026, 9, 30)),
        (date(2026, 10, 8), -4, date(2026, 9, 27)),
        (date(2026, 10, 4), 0, date(2026, 10, 4)),  # none to add: the day itself, worked or not
    ],
)
def test_working_days_after_a_day(day, n, expected):
    assert add_working_days(day, n, in_the_county) == expected


@pytest.mark.parametrize(
    ("today", "due", "left"),
    [
        (date(2026, 10, 15), date(2026, 10, 20), 3),
        (date(2026, 10, 16), date(2026, 10, 20), 2),
        (date(2026, 10, 17), date(2026, 10, 20), 2),  # Saturday
        (date(2026, 10, 20), date(2026, 10, 20), 0),
        (date(2026, 10, 21), date(2026, 10, 20), -1),
        (date(2026, 10, 26), date(2026, 10, 20), -4),
        (date(2026, 9, 30), date(2026, 10, 10), 3),
        (date(2026, 10, 7), date(2026, 9, 30), 0),  # overdue, but nobody has worked since
    ],
)
def test_working_days_left(today, due, left):
    assert working_days_between(today, due, in_the_county) == left


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(1, 60))
def test_a_deadline_n_working_days_away_has_n_working_days_left(day, n):
    due = add_working_days(day, n, in_the_county)
    assert in_the_county(due)
    assert working_days_between(day, due, in_the_county) == n
    assert working_days_between(due, day, in_the_county) == -n


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_every_week_has_five_weekdays(day):
    assert sum(is_weekday(day + timedelta(days=offset)) for offset in range(7)) == 5


@pytest.mark.parametrize("n", [1, -1])
def test_a_calendar_without_working_days_is_named_rather_than_searched_for_ever(n):
    with pytest.raises(NoWorkingDay, match="2026-10-15"):
        add_working_days(date(2026, 10, 15), n, lambda _: False)
