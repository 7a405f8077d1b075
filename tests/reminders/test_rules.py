"""When which reminder falls, and which still matters when nothing ran for days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.calendars.workdays import add_working_days, is_weekday
from tracker.reminders.models import Reminder
from tracker.reminders.rules import STEPS, Audience, Window, is_quiet, what_is_due

HOLIDAYS = {date(2026, 10, day) for day in range(1, 8)}
MOVED_WORKING_DAYS = {date(2026, 9, 20), date(2026, 10, 10)}


def is_working(day: date) -> bool:
    """National Day of 2026: the first week of October is free, the Saturday after it is worked."""
    return day in MOVED_WORKING_DAYS or (is_weekday(day) and day not in HOLIDAYS)


def window(cut_off: date, working_days: int = 3) -> Window:
    due_on = add_working_days(cut_off, working_days, is_working)
    return Window(cut_off, due_on, add_working_days(due_on, 5, is_working))


OVER_NATIONAL_DAY = window(date(2026, 9, 30))  # due on the worked Saturday, 10 October
OVER_A_WEEKEND = window(date(2026, 10, 31))  # cut off on a Saturday, due on Wednesday, 4 November
IN_THE_WEEK = window(date(2026, 6, 15))  # Monday to Thursday


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (OVER_NATIONAL_DAY, ["2026-09-30", "2026-10-09", "2026-10-10", "2026-10-12", "2026-10-14"]),
        (OVER_A_WEEKEND, ["2026-10-31", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-09"]),
        (IN_THE_WEEK, ["2026-06-15", "2026-06-17", "2026-06-18", "2026-06-19", "2026-06-23"]),
        # Due on the first working day: the day before it would be before the window opens.
        (
            window(date(2026, 10, 31), 1),
            ["2026-10-31", "2026-10-31", "2026-11-02", "2026-11-03", "2026-11-05"],
        ),
    ],
)
def test_each_reminder_has_its_day(dates: Window, expected: list[str]):
    days = {due.kind: due.falls_on.isoformat() for due in what_is_due(dates, dates.closes_on, is_working)}
    assert [days[step.kind] for step in STEPS] == expected


@pytest.mark.parametrize(
    ("today", "matter", "held_up"),
    [
        ("2026-10-30", set(), set()),
        ("2026-10-31", {("open", "inspectors"), ("open", "leads")}, set()),
        ("2026-11-02", {("open", "inspectors"), ("open", "leads")}, set()),
        ("2026-11-03", {("due_minus_1", "inspectors"), ("open", "leads")}, {("open", "inspectors")}),
        (
            "2026-11-04",
            {("due", "inspectors"), ("open", "leads")},
            {("open", "inspectors"), ("due_minus_1", "inspectors")},
        ),
        (
            "2026-11-08",
            {("due", "inspectors"), ("due_plus_1", "liaisons"), ("open", "leads")},
            {("open", "inspectors"), ("due_minus_1", "inspectors")},
        ),
        (
            "2026-11-09",
            {("due", "inspectors"), ("due_plus_1", "liaisons"), ("due_plus_3", "leads")},
            {("open", "inspectors"), ("due_minus_1", "inspectors"), ("open", "leads")},
        ),
        ("2026-11-12", set(), set()),
    ],
)
def test_of_what_was_held_up_only_the_latest_still_matters(
    today: str, matter: set[tuple[str, str]], held_up: set[tuple[str, str]]
):
    come = what_is_due(OVER_A_WEEKEND, date.fromisoformat(today), is_working)
    assert {(due.kind, str(due.audience)) for due in come if due.still_matters} == matter
    assert {(due.kind, str(due.audience)) for due in come if not due.still_matters} == held_up


@given(
    cut_off=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    due_after=st.integers(0, 10),
    late=st.integers(0, 40),
)
def test_what_has_come_stays_come_until_the_window_closes(cut_off: date, due_after: int, late: int):
    dates = window(cut_off, due_after)
    today = cut_off + timedelta(days=late)
    come = {(due.kind, due.audience): due for due in what_is_due(dates, today, is_working)}
    before = what_is_due(dates, today - timedelta(days=1), is_working)
    if today > dates.closes_on:
        assert come == {}
        return
    assert {(due.kind, due.audience) for due in before} <= set(come)
    assert all(dates.opens_on <= due.falls_on <= today for due in come.values())
    for audience in Audience:
        assert [due.still_matters for due in come.values() if due.audience is audience].count(True) <= 1
    assert any(due.still_matters and due.audience is Audience.INSPECTORS for due in come.values())


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [
        (datetime(2026, 11, 3, 23, 59, tzinfo=UTC), True),  # 07:59 in Shanghai
        (datetime(2026, 11, 4, 0, 0, tzinfo=UTC), False),  # 08:00
        (datetime(2026, 11, 4, 11, 59, tzinfo=UTC), False),  # 19:59
        (datetime(2026, 11, 4, 12, 0, tzinfo=UTC), True),  # 20:00
        (datetime(2026, 11, 4, 16, 0, tzinfo=UTC), True),  # midnight
    ],
)
def test_the_night_is_shanghais(utc: datetime, quiet: bool):
    assert is_quiet(utc) is quiet


def test_the_table_knows_the_same_kinds():
    assert [step.kind for step in STEPS] == Reminder.Kind.values
