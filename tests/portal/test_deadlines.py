"""What an enterprise is told to be due."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from tracker.badges.policy import DEFAULT_POINTS
from tracker.library.models import Project
from tracker.portal.views.deadlines import Deadline, deadlines_of

TODAY = date(2026, 11, 21)


def ahead(today: date = TODAY, **facts: Any) -> list[Deadline]:
    project = Project(
        **{"stage": "building", "planned_total": Decimal(2000), "inclusion_state": "included", **facts}
    )
    with translation.override("en"):
        return deadlines_of(project, DEFAULT_POINTS, 10, today)


def test_what_is_done_is_due_no_more():
    facts = {"planned_start_on": date(2026, 1, 1), "planned_completion_on": date(2026, 12, 31)}
    assert [d.what for d in ahead(**facts)] == ["Planned start", "Planned completion"]
    assert [d.what for d in ahead(**facts, started_on=date(2026, 1, 5))] == ["Planned completion"]


def test_the_next_stands_first():
    due = ahead(planned_production_on=date(2027, 3, 1), planned_equipment_on=date(2026, 12, 15))
    assert [d.on for d in due] == [date(2026, 12, 15), date(2027, 3, 1)]


def test_a_day_is_overdue_the_day_after():
    assert not ahead(planned_completion_on=TODAY)[0].is_over
    assert ahead(planned_completion_on=date(2026, 11, 20))[0].is_over


def test_a_month_is_overdue_when_it_has_ended():
    facts = {"planned_start_on": date(2026, 11, 1), "month_only": ["planned_start_on"]}
    assert not ahead(date(2026, 11, 30), **facts)[0].is_over
    assert ahead(date(2026, 12, 1), **facts)[0].is_over


@pytest.mark.parametrize("stage", ["suspended", "terminated", "merged"])
def test_nothing_is_due_for_a_project_that_is_over(stage: str):
    assert ahead(stage=stage, planned_completion_on=TODAY) == []


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 11, 10), date(2026, 11, 10)),
        (date(2026, 11, 11), date(2026, 12, 10)),
        (date(2026, 12, 31), date(2027, 1, 10)),
    ],
)
def test_papers_for_inclusion_are_due_on_the_countys_day(today: date, due: date):
    [papers] = ahead(today, started_on=date(2026, 10, 20), inclusion_state="preparing")
    assert papers.on == due


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 19), "turns yellow on 20 November 2026 and red on 20 December 2026"),
        (date(2026, 11, 20), "yellow since 20 November 2026, red from 20 December 2026"),
        (date(2026, 12, 20), "red since 20 December 2026"),
    ],
)
def test_what_follows_without_inclusion_is_said_with_its_days(today: date, words: str):
    [papers] = ahead(today, started_on=date(2026, 10, 20), inclusion_state="preparing")
    assert words in papers.note


def test_a_start_known_to_the_month_counts_from_its_end():
    facts = {"started_on": date(2026, 10, 1), "month_only": ["started_on"], "inclusion_state": "preparing"}
    assert "yellow on 1 December 2026" in ahead(**facts)[0].note


@pytest.mark.parametrize(
    "facts",
    [
        {"inclusion_state": "included"},
        {"inclusion_state": "not_applicable"},
        {"inclusion_state": "preparing", "planned_total": Decimal("499.99")},
        {"inclusion_state": "not_due", "started_on": None},
    ],
)
def test_no_papers_are_asked_for_where_none_are_needed(facts: dict[str, Any]):
    assert ahead(**{"started_on": date(2026, 1, 5), **facts}) == []
