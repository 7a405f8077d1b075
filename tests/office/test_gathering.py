"""Rows of several tables come in one statement, exactly as each table gives them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.factories import make_cycle, make_official, make_project, moment
from tracker.inspections.models import Cycle
from tracker.library.actions import plan_year
from tracker.library.inclusion.actions import receive_paper
from tracker.library.inclusion.models import InclusionPaper
from tracker.library.inclusion.rules import PaperKind
from tracker.library.models import AnnualPlan, Project
from tracker.library.records import StageChange
from tracker.office.gathering import Part, gathered

pytestmark = pytest.mark.django_db
AMOUNT = Decimal("999999999999.99")


def columns_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_every_value_is_what_the_table_itself_gives(django_assert_num_queries: Any):
    project, person = make_project(), make_official("team_lead")
    make_cycle(state=Cycle.State.SKIPPED, skipped_because="国庆“长假”\n与\\台风")
    months = [Decimal("0.01"), *[Decimal(0)] * 10, Decimal("1.10")]
    plan_year(project, 2027, Decimal("1.11"), by=person, months=months)
    plan_year(project, 2028, AMOUNT, by=person)
    plan_year(project, 2028, Decimal("0.10"), by=None, reason="调整")
    receive_paper(project, PaperKind.FILING, by=person, at=moment(date(2026, 10, 31)))
    parts = {
        "plans": Part(AnnualPlan.objects.filter(project=project), ("made_by__name",)),
        "cycles": Part(Cycle.objects.all()),
        "papers": Part(InclusionPaper.objects.filter(project=project), ("noted_by__name", "noted_by__email")),
        "moves": Part(StageChange.objects.filter(project=project)),
        "names": Part(Project.objects.all(), columns=["name", "planned_total"]),
    }
    with django_assert_num_queries(1):
        found = gathered(parts)
        people = {plan.made_by and plan.made_by.name for plan in found["plans"]}
        [paper] = found["papers"]
        assert (paper.noted_by.name, paper.noted_by.email) == (person.name, person.email)
        [named] = found["names"]
        assert (named.name, named.planned_total) == (project.name, project.planned_total)
    assert people == {None, person.name}
    assert found["moves"] == []
    for name in ("plans", "cycles", "papers"):
        of_table = {row.pk: columns_of(row) for row in parts[name].rows}
        assert {row.pk: columns_of(row) for row in found[name]} == of_table
