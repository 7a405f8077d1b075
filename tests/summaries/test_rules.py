"""Which months are complete, by tables."""

from datetime import date

import pytest

from tracker.calendars.periods import HalfMonth, Month
from tracker.summaries.rules import complete_months, is_worth_a_mail

BEFORE = {"2026-08-H1": "open"}


@pytest.mark.parametrize(
    ("first", "second", "is_complete"),
    [
        ("closed", "closed", True),
        ("closed", "skipped", True),
        ("skipped", "closed", True),
        ("skipped", "skipped", False),
        ("closed", "open", False),
        ("open", "closed", False),
        ("closed", None, False),
        (None, "closed", False),
    ],
)
def test_a_month_is_complete_when_both_halves_are_over_and_one_was_closed(first, second, is_complete):
    states = {**BEFORE, "2026-10-H1": first, "2026-10-H2": second}
    halves = {HalfMonth.parse(code): state for code, state in states.items() if state}
    assert complete_months(halves, date(2026, 11, 13)) == [Month(2026, 10)] * is_complete


def test_what_lies_before_the_countys_first_half_month_was_never_to_be_held():
    states = {HalfMonth.parse("2026-10-H2"): "closed"}
    assert complete_months(states, date(2026, 11, 13)) == [Month(2026, 10)]


def test_a_county_without_half_months_has_no_complete_month():
    assert complete_months({}, date(2026, 11, 13)) == []


def test_months_are_looked_for_across_the_new_year_but_not_for_ever():
    states = {HalfMonth(2026, 9, 1).plus(number): "closed" for number in range(10)}
    assert complete_months(states, date(2027, 1, 20)) == [
        Month(2026, 10),
        Month(2026, 11),
        Month(2026, 12),
        Month(2027, 1),
    ]


@pytest.mark.parametrize(
    ("today", "is_mailed"),
    [(date(2026, 11, 1), True), (date(2026, 12, 15), True), (date(2026, 12, 16), False)],
)
def test_nobody_is_written_to_about_a_month_that_ended_more_than_45_days_ago(today, is_mailed):
    assert is_worth_a_mail(Month(2026, 10), today) is is_mailed
