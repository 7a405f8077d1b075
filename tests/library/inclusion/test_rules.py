"""How a project comes into statistics: who may say what, which papers, until when, which figures."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.calendars.periods import Month
from tracker.library.inclusion import rules
from tracker.library.inclusion.rules import (
    Amounts,
    InclusionState,
    PaperFacts,
    PaperKind,
    Way,
    may_move,
    moves_from,
)
from tracker.library.models import Project

STATES = list(InclusionState)
# By the way a state is said: from each state (row) to which (in the order of the states)
# not applicable, not due, preparing, submitted, returned, included, removed; "x" may, "." may not.
TABLE = {
    Way.FACTS: [".xx....", "x.x....", "xx.....", ".......", ".......", ".......", "......."],
    Way.TEAM: [".......", ".......", "...x...", "..x....", "...x...", ".......", "......."],
    Way.INSPECTION: [".xxx...", "x.xx...", "xx.x...", "xxx....", "...x...", ".......", "......."],
    Way.TABLE: [
        "".join("." if column == row else "x" for column in range(len(STATES))) for row in range(len(STATES))
    ],
    Way.LIAISON: [".......", "..xxxx.", "...xxxx", "..x.xxx", "..xx.xx", "..xxx.x", "..xx.x."],
}


@pytest.mark.parametrize("way", Way)
def test_from_each_state_one_comes_only_where_the_table_says(way: Way):
    found = ["".join("x" if may_move(way, before, after) else "." for after in STATES) for before in STATES]
    assert found == TABLE[way]


def test_included_returned_and_removed_come_from_the_liaison_or_the_county_s_table_alone():
    final = {InclusionState.INCLUDED, InclusionState.RETURNED, InclusionState.REMOVED}
    for way in (Way.FACTS, Way.TEAM, Way.INSPECTION):
        for targets in rules.MOVES[way].values():
            assert not final & targets


def test_only_what_was_said_may_be_said_again():
    assert moves_from(Way.LIAISON, InclusionState.INCLUDED)[3] == InclusionState.INCLUDED
    assert moves_from(Way.TEAM, InclusionState.SUBMITTED) == [InclusionState.PREPARING]
    assert moves_from(Way.LIAISON, InclusionState.NOT_APPLICABLE) == []


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    ("total", "has_started", "follows"),
    [
        ("499.99", False, "not_applicable"),
        ("499.99", True, "not_applicable"),
        ("500", False, "not_due"),
        ("500", True, "preparing"),
    ],
)
def test_what_nobody_says_follows_from_total_and_start(state, total, has_started, follows):
    said = {
        InclusionState.SUBMITTED,
        InclusionState.RETURNED,
        InclusionState.INCLUDED,
        InclusionState.REMOVED,
    }
    expected = state if state in said else InclusionState(follows)
    assert rules.followed(state, Decimal(total), has_started=has_started) == expected


# --- papers ---


@pytest.mark.parametrize("nature", [nature.value for nature in Project.Nature])
def test_a_mere_purchase_needs_three_papers_all_other_projects_six(nature: str):
    kinds = rules.required(nature)
    if nature == "purchase_only":
        assert kinds == (PaperKind.PURCHASE_CONTRACT, PaperKind.PAYMENT_VOUCHER, PaperKind.EQUIPMENT_PHOTO)
        assert rules.missing(nature, {"payment_voucher"}) == [kinds[0], kinds[2]]
    else:
        assert len(kinds) == 6
        assert rules.missing(nature, set()) == list(kinds)
    assert rules.missing(nature, set(kinds)) == []


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (PaperFacts(PaperKind.FILING, total=Decimal(2000)), []),
        (PaperFacts(PaperKind.APPLICATION_FORM, total=Decimal("1999.99")), ["other_total"]),
        (PaperFacts(PaperKind.CONSTRUCTION_CONTRACT, "甲 有限公司", Decimal(900), date(2026, 3, 1)), []),
        (PaperFacts(PaperKind.CONSTRUCTION_CONTRACT, "乙有限公司"), ["other_party"]),
        (PaperFacts(PaperKind.PURCHASE_CONTRACT, "", Decimal(2001)), ["contract_above_total"]),
        (PaperFacts(PaperKind.PURCHASE_CONTRACT, "", None, date(2026, 2, 27)), ["before_filing"]),
        (PaperFacts(PaperKind.PURCHASE_CONTRACT, "", None, date(2026, 2, 28)), []),
        (PaperFacts(PaperKind.SITE_PHOTOS, "", None, date(2025, 1, 1)), []),
    ],
)
def test_what_stands_on_a_paper_is_compared_with_the_filing(facts: PaperFacts, codes: list[str]):
    assert rules.oddities(facts, "甲有限公司", Decimal(2000), date(2026, 2, 28)) == codes


# --- until when ---


@pytest.mark.parametrize(
    ("began", "due"),
    [
        (date(2026, 10, 1), date(2026, 11, 10)),
        (date(2026, 10, 31), date(2026, 11, 10)),
        (date(2026, 11, 30), date(2026, 12, 10)),
        (date(2026, 12, 1), date(2027, 1, 10)),
        # January is published with February: papers of both are due in March.
        (date(2027, 1, 2), date(2027, 3, 10)),
        (date(2027, 2, 28), date(2027, 3, 10)),
    ],
)
def test_papers_are_due_in_the_month_after_the_start_that_has_a_survey(began: date, due: date):
    assert rules.due_on(began, 10) == due


@pytest.mark.parametrize(
    ("today", "deadline"),
    [
        (date(2026, 11, 2), date(2026, 11, 10)),
        (date(2026, 11, 10), date(2026, 11, 10)),
        (date(2026, 11, 11), date(2026, 12, 10)),
        (date(2027, 1, 11), date(2027, 3, 10)),
        (date(2027, 2, 1), date(2027, 3, 10)),
    ],
)
def test_the_next_deadline_is_never_in_february(today: date, deadline: date):
    assert rules.next_deadline(today, 10) == deadline


@given(
    today=st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    back=st.integers(0, 900),
    day=st.integers(1, 28),
)
def test_what_began_up_to_the_border_is_overdue_and_nothing_later(today: date, back: int, day: int):
    began = today - timedelta(days=back)
    assert (rules.due_on(began, day) < today) == (began <= rules.overdue_until(today, day))


def test_a_mere_purchase_is_due_since_its_delivery_where_that_is_known():
    start, delivery = date(2026, 3, 1), date(2026, 5, 2)
    assert rules.due_since("purchase_only", start, delivery) == delivery
    assert rules.due_since("purchase_only", start, None) == start
    assert rules.due_since("transformation", start, delivery) == start
    assert rules.due_since("transformation", None, delivery) is None


# --- figures ---


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ({}, []),
        ({"construction": "30", "installation": "10", "equipment": "50", "other": "10"}, []),
        (
            {"construction": "30", "installation": "10", "equipment": "50", "other": "9.99"},
            ["parts_do_not_add_up"],
        ),
        ({"equipment": "100.01"}, ["parts_do_not_add_up"]),
        ({"equipment": "60"}, []),
        ({"equipment": "60", "used_equipment": "60"}, []),
        ({"equipment": "60", "used_equipment": "60.01"}, ["used_above_equipment"]),
        ({"used_equipment": "100.01"}, ["used_above_equipment"]),
    ],
)
def test_the_parts_make_up_the_whole(parts: dict[str, str], codes: list[str]):
    amounts = Amounts(Decimal(100), **{name: Decimal(part) for name, part in parts.items()})
    assert rules.contradictions(amounts) == codes


def test_january_alone_is_never_expected():
    assert not rules.has_survey(Month(2026, 1))
    assert rules.latest_survey(date(2026, 2, 15)) == Month(2025, 12)
    assert rules.latest_survey(date(2026, 3, 1)) == Month(2026, 2)
