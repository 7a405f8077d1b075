"""Half-months and months tile the calendar, and a moment belongs to the day it is in Shanghai."""

import calendar
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.calendars.periods import HalfMonth, Month, NaiveMoment, NotAPeriod, shanghai_date

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
CYCLES = DAYS.map(HalfMonth.containing)
MONTHS = DAYS.map(Month.containing)
ONE_DAY = timedelta(days=1)


def test_the_half_months_from_2000_to_2100_leave_no_day_out_and_no_day_twice():
    cycle, last = HalfMonth(2000, 1, 1), HalfMonth(2100, 12, 2)
    assert (cycle.start, last.end) == (date(2000, 1, 1), date(2100, 12, 31))
    steps = 0
    while cycle != last:
        assert cycle.next().start == cycle.end + ONE_DAY
        cycle, steps = cycle.next(), steps + 1
    assert steps == 101 * 24 - 1


@given(DAYS)
def test_a_day_lies_in_the_half_month_and_month_that_contain_it(day):
    cycle, month = HalfMonth.containing(day), Month.containing(day)
    assert cycle.start <= day <= cycle.end
    assert month.start <= day <= month.end
    assert cycle in month.halves
    assert cycle.month_of == month


@given(CYCLES)
def test_the_first_half_has_15_days_and_the_second_the_rest(cycle):
    length = (cycle.end - cycle.start).days + 1
    assert length == (15 if cycle.half == 1 else calendar.monthrange(cycle.year, cycle.month)[1] - 15)
    assert length in {13, 14, 15, 16}


@given(CYCLES, st.integers(-60, 60))
def test_going_forward_and_back_returns_to_the_same_cycle(cycle, n):
    assert cycle.next().previous() == cycle == cycle.previous().next()
    assert cycle.plus(n).plus(-n) == cycle
    assert cycle.distance(cycle.plus(n)) == n
    assert (cycle < cycle.plus(n)) == (n > 0)


@given(MONTHS, st.integers(-60, 60))
def test_going_forward_and_back_returns_to_the_same_month(month, n):
    assert month.next().previous() == month
    assert month.plus(n).plus(-n) == month
    assert month.distance(month.plus(n)) == n
    assert month.next().start == month.end + ONE_DAY
    assert month.halves[1].next() == month.next().halves[0]


@given(CYCLES, MONTHS)
def test_codes_and_start_dates_name_exactly_one_period(cycle, month):
    assert HalfMonth.parse(cycle.code) == cycle == HalfMonth.starting(cycle.start)
    assert Month.parse(month.code) == month
    assert (str(cycle), str(month)) == (cycle.code, month.code)


@given(DAYS)
def test_the_latest_cut_off_is_on_or_before_today_and_the_next_one_is_not(today):
    cycle = HalfMonth.latest_cut_off(today)
    assert cycle.end <= today < cycle.next().end


@pytest.mark.parametrize(
    ("today", "code"),
    [
        (date(2026, 10, 14), "2026-09-H2"),
        (date(2026, 10, 15), "2026-10-H1"),
        (date(2026, 10, 30), "2026-10-H1"),
        (date(2026, 10, 31), "2026-10-H2"),
        (date(2026, 11, 1), "2026-10-H2"),
        (date(2027, 1, 1), "2026-12-H2"),
    ],
)
def test_the_cycle_to_inspect_changes_on_the_cut_off_day(today, code):
    assert HalfMonth.latest_cut_off(today).code == code


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("2026-10-H2", date(2026, 10, 16), date(2026, 10, 31)),
        ("2026-02-H2", date(2026, 2, 16), date(2026, 2, 28)),
        ("2028-02-H2", date(2028, 2, 16), date(2028, 2, 29)),
        ("2100-02-H2", date(2100, 2, 16), date(2100, 2, 28)),
        ("2000-02-H2", date(2000, 2, 16), date(2000, 2, 29)),
        ("2026-12-H1", date(2026, 12, 1), date(2026, 12, 15)),
    ],
)
def test_leap_days_and_month_lengths(code, start, end):
    cycle = HalfMonth.parse(code)
    assert (cycle.start, cycle.end) == (start, end)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "2026-10",
        "2026-10-H3",
        "2026-13-H1",
        "2026-00-H1",
        "0000-01-H1",
        "2026-1-H1",
        "2026-10-h1",
        "２０２６-10-H1",
    ],
)
def test_what_is_no_half_month_is_refused_in_clear_words(code):
    with pytest.raises(NotAPeriod, match=r"half-month|there is no"):
        HalfMonth.parse(code)


@pytest.mark.parametrize("code", ["", "2026", "2026-13", "2026-10-H1", "26-10", "2026-10\n"])
def test_what_is_no_month_is_refused_in_clear_words(code):
    with pytest.raises(NotAPeriod, match=r"month"):
        Month.parse(code)


def test_only_the_1st_and_the_16th_start_a_half_month():
    assert HalfMonth.starting(date(2026, 10, 16)).code == "2026-10-H2"
    with pytest.raises(NotAPeriod, match="2026-10-15"):
        HalfMonth.starting(date(2026, 10, 15))
    with pytest.raises(NotAPeriod, match="halves 1 and 2"):
        HalfMonth(2026, 10, 3)


def test_a_moment_must_be_made_a_civil_date_before_it_is_placed_in_a_cycle():
    with pytest.raises(TypeError, match="shanghai_date"):
        HalfMonth.containing(datetime(2026, 10, 31, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 10, 31, 15, 59, 59, 999999, tzinfo=UTC), date(2026, 10, 31)),
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2026, 11, 1, 0, 0, tzinfo=timezone(timedelta(hours=8))), date(2026, 11, 1)),
        (datetime(2026, 10, 31, 12, 0, tzinfo=timezone(timedelta(hours=-4))), date(2026, 11, 1)),
    ],
)
def test_the_day_changes_at_midnight_in_shanghai(moment, day):
    assert shanghai_date(moment) == day


def test_a_moment_without_a_time_zone_has_no_date():
    with pytest.raises(NaiveMoment, match="time zone"):
        shanghai_date(datetime(2026, 10, 31, 16))  # noqa: DTZ001 -- the fault under test
