"""Telling two records apart, and making one of two."""

import threading
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import QuerySet

from tests.exchange import workbooks
from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tests.faults.test_races import A_MOMENT, at_once, kinds
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth
from tracker.exchange.queries import plan_for
from tracker.exchange.sheet import read_table
from tracker.inspections.models import Inspection
from tracker.library.actions import plan_year
from tracker.library.models import AnnualPlan, Enterprise, Project, Stage
from tracker.merging import actions
from tracker.merging.actions import CannotBeMerged, DoesNotFit, merge, tell_apart, what_moves
from tracker.merging.models import DifferentEnterprises
from tracker.merging.queries import enterprises_like, like_enterprises, like_projects, projects_like

AT = moment(date(2026, 11, 2))


def merged(kept: Any, other: Any, *taken: str) -> Any:
    merge(kept, other, taken, by=make_official(Role.TEAM_LEAD), at=AT, why="同一家企业")
    other.refresh_from_db()
    kept.refresh_from_db()
    return kept


@pytest.fixture
def pair(db: None) -> tuple[Enterprise, Enterprise]:
    kept = make_enterprise(name="山东恒源新能源科技有限公司", chain="", contact_phone="13812345678")
    return kept, make_enterprise(name="恒源新能源科技有限责任公司", chain="新材料")


def test_likely_doubles_of_a_county_are_found_until_they_are_told_apart(pair: Any):
    kept, other = pair
    make_enterprise(name="庆云化工有限公司")
    make_enterprise(make_county("371525"), name="恒源新能源科技有限公司")
    county = make_county()
    assert like_enterprises(county) == [(kept, other)]
    assert set(enterprises_like("恒源新能源科技公司", county)) == {kept, other}
    assert enterprises_like(kept.name, county, kept) == [other]
    for _time in range(2):
        tell_apart(other, kept, by=make_official(), at=AT)
    assert DifferentEnterprises.objects.count() == 1
    assert like_enterprises(county) == []
    assert enterprises_like(kept.name, county, kept) == []


def test_likely_doubles_of_projects_are_looked_for_within_an_enterprise(pair: Any):
    kept, other = pair
    one, two = make_project(kept, name="智能喷涂线技改项目"), make_project(kept, name="智能喷涂线改造项目")
    make_project(other, name="智能喷涂线改造项目")
    assert like_projects(make_county()) == [(one, two)]
    assert projects_like("智能喷涂线项目", kept, one) == [two]
    tell_apart(one, two, by=make_official(), at=AT)
    assert like_projects(make_county()) == []


def test_everything_of_the_merged_enterprise_moves_and_it_stays_as_the_way_to_the_kept_one(pair: Any):
    kept, other = pair
    project, person = make_project(other), make_enterprise_user(other)
    assert [number for _label, number in what_moves(other)] == [1, 1]
    older = make_enterprise(name="更早的")
    merged(other, older)
    code, other_code = kept.credit_code, other.credit_code
    merged(kept, other, "chain", "credit_code")
    project.refresh_from_db()
    person.refresh_from_db()
    older.refresh_from_db()
    assert [project.enterprise, person.enterprise, other.merged_into, older.merged_into] == [kept] * 4
    assert [kept.chain, kept.name] == ["新材料", "山东恒源新能源科技有限公司"]
    assert [kept.credit_code, other.credit_code] == [other_code, code]
    assert set(Enterprise.objects.of_county(make_county())) == {kept}
    told = AuditEntry.objects.filter(table="enterprise", row=str(other.pk), why="同一家企业")
    assert any(entry.after.get("merged_into") == kept.pk for entry in told)


def test_done_twice_it_is_done_once_and_a_merged_one_is_not_merged_elsewhere(pair: Any):
    kept, other = pair
    merged(kept, other)
    number = AuditEntry.objects.count()
    merged(kept, other, "chain")
    assert AuditEntry.objects.filter(table="enterprise").count() <= number
    assert kept.chain == ""
    with pytest.raises(CannotBeMerged):
        merged(make_enterprise(), other)
    with pytest.raises(CannotBeMerged):
        merged(other, make_enterprise())
    with pytest.raises(CannotBeMerged):
        merged(kept, kept)
    with pytest.raises(CannotBeMerged):
        merged(kept, make_enterprise(make_county("371525")))


def test_of_two_projects_what_the_kept_one_has_for_the_same_time_stays_and_the_rest_comes(db: None):
    firm = make_enterprise()
    kept = make_project(firm, plan=None, code="2603-371423-04-01-100017")
    other = make_project(
        firm,
        plan=1000,
        month_only=["planned_start_on"],
        responsible_name="王五",
        planned_start_on=date(2026, 2, 1),
    )
    plan_year(other, 2026, Decimal(1100), by=None, reason="调整")
    first, second = make_cycle(code="2026-10-H1"), make_cycle(code="2026-10-H2")
    make_inspection(other, first, ytd_investment=Decimal(700))
    make_inspection(other, second, ytd_investment=Decimal(800))
    make_inspection(kept, second, ytd_investment=Decimal(900))
    badges = set(Award.objects.standing().filter(project=kept).values_list("pk", flat=True))
    merged(kept, other, "planned_start_on", "responsible_name")
    figures = Inspection.objects.filter(project=kept).order_by("cycle_start")
    assert list(figures.values_list("ytd_investment", flat=True)) == [700, 900]
    assert list(Inspection.objects.filter(project=other).values_list("ytd_investment", flat=True)) == [800]
    assert list(AnnualPlan.objects.filter(project=kept).values_list("version", "amount")) == [
        (1, 1000),
        (2, 1100),
    ]
    assert badges <= set(Award.objects.filter(project=kept).values_list("pk", flat=True))
    assert Award.objects.standing().filter(project=kept).count() == 2
    assert [other.stage, other.merged_into] == [Stage.MERGED, kept]
    assert [kept.month_only, kept.responsible_name] == [["planned_start_on"], "王五"]
    assert list(Project.objects.followed()) == [kept]


def test_a_plan_of_a_year_comes_whole_or_not_at_all(db: None):
    firm = make_enterprise()
    kept, other = make_project(firm, plan=500), make_project(firm, plan=1000)
    plan_year(other, 2026, Decimal(1100), by=None, reason="调整")
    merged(kept, other)
    assert list(AnnualPlan.objects.filter(project=kept).values_list("amount", flat=True)) == [500]


def test_what_contradicts_is_refused_and_nothing_is_half_merged(db: None):
    firm = make_enterprise()
    kept = make_project(firm, started_on=date(2026, 5, 1), plan=None)
    other = make_project(firm, started_on=date(2026, 1, 1), completed_on=date(2026, 2, 1), stage="completed")
    with pytest.raises(DoesNotFit):
        merge(kept, other, {"completed_on"}, by=make_official(), at=AT, why="x")
    other.refresh_from_db()
    assert [other.merged_into, kept.plans.count()] == [None, 0]


def test_a_table_that_names_a_merged_record_is_told_the_one_that_is_kept(pair: Any):
    kept, other = pair
    merged(kept, other)
    one, two = make_project(kept, code=workbooks.project_code(1)), make_project(kept)
    merged(two, one)
    content = workbooks.table(
        workbooks.row(1, credit_code=other.credit_code, code=workbooks.project_code(9)),
        workbooks.row(2, credit_code=kept.credit_code, code=workbooks.project_code(1)),
    )
    plan = plan_for(read_table(content, "表.xlsx"), make_county(), HalfMonth.parse("2026-10-H2"))
    errors = [note.code for row in plan.rows for note in row.errors]
    assert errors == ["enterprise_merged", "project_merged"]


def test_every_table_that_belongs_to_an_enterprise_or_a_project_is_moved(db: None):
    """One that a later version adds is moved too: none is named one by one."""
    for model in (Enterprise, Project):
        pointing = {
            (relation.related_model, relation.field.name)
            for relation in model._meta.related_objects
            if relation.related_model._meta.app_label == "tracker" and not relation.many_to_many
        }
        moved = {(relation.related_model, relation.field.name) for relation in actions._relations(model)}
        left = {pair[0].__name__ for pair in pointing - moved}
        assert left <= {"DifferentEnterprises", "DifferentProjects"}


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def both_have_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who has read waits a moment for the other one to have read as well."""
        meeting, check = threading.Barrier(2), actions._check

        def checked(kept: Any, other: Any) -> None:
            check(kept, other)
            with suppress(threading.BrokenBarrierError):
                meeting.wait(A_MOMENT)

        monkeypatch.setattr(actions, "_check", checked)

    def both_ways(self) -> list[str]:
        one, other = make_enterprise(), make_enterprise()
        facts: dict[str, Any] = {"by": make_official(Role.TEAM_LEAD), "at": AT, "why": "x"}
        return kinds(
            at_once(
                lambda: merge(one, other, set(), **facts).pk, lambda: merge(other, one, set(), **facts).pk
            )
        )

    def test_of_two_leads_who_merge_the_other_way_round_one_is_refused(self):
        assert self.both_ways().count("CannotBeMerged") == 1
        assert Enterprise.objects.exclude(merged_into=None).count() == 1

    @pytest.mark.postgres_only
    def test_without_the_locks_nobody_is_told(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **options: self)
        assert "CannotBeMerged" not in self.both_ways()
