"""The plan of a year by month, the lapse of a filing, and the way along the stages; no database."""

from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.library.rules import (
    EXITS,
    LINE,
    by_quarters,
    filing_lapses_on,
    linearly,
    move_needs_reason,
    moves_from,
)

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(AMOUNTS)
def test_quarters_reach_20_50_75_and_100_per_cent_and_come_to_the_cent(amount: Decimal):
    months = by_quarters(amount)
    assert sum(months) == amount
    reached = list(accumulate(months))
    for month, share in ((3, "0.2"), (6, "0.5"), (9, "0.75"), (12, "1")):
        assert abs(reached[month - 1] - amount * Decimal(share)) <= Decimal("0.005")
    # Even within a quarter: no two of its months differ by more than a cent.
    for first in (0, 3, 6, 9):
        assert max(months[first : first + 3]) - min(months[first : first + 3]) <= Decimal("0.01")
    assert all(month >= 0 and month == month.quantize(Decimal("0.01")) for month in months)


def test_an_amount_that_does_not_divide_evenly_loses_no_cent():
    assert by_quarters(Decimal("100.01"))[:3] == (Decimal("6.67"), Decimal("6.66"), Decimal("6.67"))
    assert sum(by_quarters(Decimal("0.01"))) == Decimal("0.01")


@given(
    AMOUNTS, st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.dates(date(2024, 1, 1), date(2028, 12, 31))
)
def test_an_even_plan_falls_on_the_days_of_work_and_comes_to_the_cent(
    amount: Decimal, start: date, end: date
):
    months = linearly(amount, 2026, start, end)
    assert len(months) == 12
    assert sum(months) == amount
    assert all(month >= 0 for month in months)
    if start <= end and date(2026, 1, 1) <= start <= date(2026, 12, 31):
        assert not any(months[: start.month - 1])


@pytest.mark.parametrize(
    ("filed_on", "extended", "lapses_on"),
    [
        (date(2024, 2, 29), None, date(2026, 2, 28)),
        (date(2024, 11, 1), None, date(2026, 11, 1)),
        (date(2024, 11, 1), date(2027, 11, 1), date(2027, 11, 1)),
        (date(2024, 11, 1), date(2025, 1, 1), date(2026, 11, 1)),
        (None, None, None),
    ],
)
def test_a_filing_lapses_two_years_on_or_as_extended(filed_on, extended, lapses_on):
    assert filing_lapses_on(filed_on, extended) == lapses_on


def test_the_line_is_gone_step_by_step_with_three_ways_out():
    for here, there in pairwise(LINE):
        moves = moves_from(here, None, is_purchase_only=False)
        assert moves[0] == there
        assert set(EXITS) <= set(moves)
        assert not move_needs_reason(here, there)
        assert move_needs_reason(there, here)
    assert moves_from("reserve", None, is_purchase_only=False) == ("filed", *EXITS)
    assert moves_from("outcome_verified", None, is_purchase_only=False) == ("in_production",)


def test_a_suspended_project_goes_on_where_it_was_or_ends():
    assert moves_from("suspended", "building", is_purchase_only=False) == ("building", "terminated", "merged")
    assert moves_from("terminated", "filed", is_purchase_only=False) == ("filed",)
    assert not move_needs_reason("suspended", "building")
    assert move_needs_reason("terminated", "filed")
    assert all(move_needs_reason("building", end) for end in EXITS)


def test_what_is_only_bought_is_not_built():
    assert moves_from("started", None, is_purchase_only=True)[0] == "completed"
    assert "started" in moves_from("completed", None, is_purchase_only=True)
