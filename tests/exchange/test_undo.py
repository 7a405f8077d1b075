"""Undoing a whole table: all of it while nobody has touched any of it, else nothing."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import serializers

from tests.exchange import workbooks
from tests.exchange.workbooks import NAME, project_code, row, table
from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.audit.context import asked_by
from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.exchange.actions import hand_in, take_batch
from tracker.exchange.effects import NotTaken, TouchedSince, forget_contact, touched_since, undo_batch
from tracker.exchange.models import ImportBatch, ImportEffect
from tracker.inspections.actions import close_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.library.actions import plan_year
from tracker.library.contacts import remove_contact
from tracker.library.models import AnnualPlan, Division, Enterprise, Industry, Project
from tracker.personal.retention import forget_import_files

pytestmark = pytest.mark.django_db

AT = moment(date(2026, 11, 2))
LIBRARY = (Division, Industry, Enterprise, Project, AnnualPlan, Inspection)


@pytest.fixture
def lead() -> User:
    return make_official("team_lead", name="王五")


def taken(content: bytes, lead: User, at: Any = AT, **how: Any) -> ImportBatch:
    batch = hand_in(make_county(), NAME, content, chosen=None, by=lead, at=at, **how)
    take_batch(batch, by=lead, at=at)
    batch.refresh_from_db()
    return batch


def library() -> list[str]:
    """Every row of the library to the last sign."""
    return [
        serializers.serialize("json", model._base_manager.order_by("pk"))  # type: ignore[arg-type]
        for model in LIBRARY
    ]


def standing() -> list[tuple[int, date, str]]:
    return list(Award.objects.standing().order_by("pk").values_list("project", "cycle_start", "badge"))


def test_a_table_of_new_records_is_gone_without_a_trace_but_in_the_trail(lead: User):
    before = library()
    batch = taken(table(row(1), row(2, industry="0311")), lead)
    assert Award.objects.count() == 2
    undo_batch(batch, by=lead, at=AT)
    assert library() == before
    assert Award.objects.count() == 0
    batch.refresh_from_db()
    assert (batch.state, batch.undone_by) == ("undone", lead)
    acts = AuditEntry.objects.filter(table="project").order_by("pk").values_list("act", flat=True)
    assert {"created", "deleted"} <= set(acts)


def test_what_was_changed_is_as_it_was_also_whom_to_call(lead: User):
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1), name="旧名有限公司")
    project = make_project(
        enterprise, code=project_code(1), contact_name="李四", contact_phone="13911112222", started_on=None
    )
    make_inspection(project, remark="旧话")
    before, badges = library(), standing()
    batch = taken(table(row(1, phone="13800000000")), lead)
    project.refresh_from_db()
    assert project.contact_phone == "13800000000"
    assert library() != before
    undo_batch(batch, by=lead, at=AT)
    assert library()[2:] == before[2:]
    assert [(one[0], one[2]) for one in standing()] == [(one[0], one[2]) for one in badges]


def test_an_inspection_that_the_table_added_goes_and_with_it_the_badge(lead: User):
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1))
    project = make_project(enterprise, code=project_code(1))
    batch = taken(table(row(1)), lead)
    assert Award.objects.standing().filter(project=project).exists()
    undo_batch(batch, by=lead, at=AT)
    project.refresh_from_db()
    assert (project.badge, project.badge_cycle_start) == ("none", None)
    assert Award.objects.get(project=project).state == Award.State.SUPERSEDED
    assert not Inspection.objects.exists()


def test_undone_twice_it_is_undone_once(lead: User):
    batch = taken(table(row(1)), lead)
    undo_batch(batch, by=lead, at=AT)
    entries = AuditEntry.objects.count()
    with pytest.raises(NotTaken):
        undo_batch(batch, by=lead, at=AT)
    assert AuditEntry.objects.count() == entries


def test_of_two_tables_the_later_is_undone_first_and_then_the_earlier(lead: User):
    before = library()
    first = taken(table(row(1)), lead)
    between = library()
    second = taken(table(row(1, cumulative=900, phone="13911112222"), row(2)), lead)
    with pytest.raises(TouchedSince):
        undo_batch(first, by=lead, at=AT)
    undo_batch(second, by=lead, at=AT)
    assert library() == between
    undo_batch(first, by=lead, at=AT)
    assert library() == before


def touch_project(batch: ImportBatch, lead: User) -> None:
    project = Project.objects.get()
    project.problem = "改过"
    project.save()


def touch_inspection(batch: ImportBatch, lead: User) -> None:
    Inspection.objects.update(remark="改过")


def touch_enterprise(batch: ImportBatch, lead: User) -> None:
    Enterprise.objects.update(chain="改过")


def plan_again(batch: ImportBatch, lead: User) -> None:
    plan_year(Project.objects.get(), 2026, Decimal(900), by=lead, reason="调整")


def add_project(batch: ImportBatch, lead: User) -> None:
    make_project(Enterprise.objects.get())


def inspect_later(batch: ImportBatch, lead: User) -> None:
    make_inspection(Project.objects.get(), make_cycle(code="2026-11-H1"))


def close(batch: ImportBatch, lead: User) -> None:
    close_cycle(Cycle.objects.get(start=batch.cycle_start), by=lead, at=AT + timedelta(days=9))


@pytest.mark.parametrize(
    "touch",
    [touch_project, touch_inspection, touch_enterprise, plan_again, add_project, inspect_later, close],
)
def test_a_table_that_somebody_has_touched_is_not_undone_at_all(lead: User, touch: Any):
    batch = taken(table(row(1)), lead)
    touch(batch, lead)
    before = library()
    with pytest.raises(TouchedSince) as refused:
        undo_batch(batch, by=lead, at=AT + timedelta(days=20))
    assert refused.value.rows
    assert library() == before
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.TAKEN


def test_it_is_said_what_was_touched_and_by_whom(lead: User):
    batch = taken(table(row(1)), lead)
    with asked_by(lambda: lead):
        touch_project(batch, lead)
    (touched,) = touched_since(batch)
    assert (touched.table, touched.name, touched.who) == ("project", "虚构产线1改造项目", "王五")
    assert touched.at is not None


def test_a_place_that_others_use_meanwhile_stays(lead: User):
    batch = taken(table(row(1)), lead)
    place = Division.objects.get(name_zh="虚构镇")
    make_enterprise(township=place)
    undo_batch(batch, by=lead, at=AT)
    assert Division.objects.filter(pk=place.pk).exists()
    assert not Project.objects.exists()


def test_a_table_taken_without_effects_cannot_be_undone(lead: User):
    batch = taken(table(row(1)), lead)
    ImportEffect.objects.all().delete()
    with pytest.raises(NotTaken):
        undo_batch(batch, by=lead, at=AT)


def test_a_contact_that_was_removed_is_not_kept_in_what_could_be_undone(lead: User):
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1))
    project = make_project(enterprise, code=project_code(1), contact_phone="13911112222", contact_name="李四")
    taken(table(row(1)), lead)
    remove_contact(project, by=lead, why="本人要求")
    forget_contact(project, ("contact_name", "contact_phone"))
    assert "13911112222" not in str(list(ImportEffect.objects.values_list("before", flat=True)))


def test_the_same_table_may_be_taken_again_after_it_was_undone(lead: User):
    batch = taken(table(row(1)), lead)
    after = [model.objects.count() for model in LIBRARY]  # type: ignore[attr-defined]
    undo_batch(batch, by=lead, at=AT)
    taken(table(row(1)), lead)
    assert [model.objects.count() for model in LIBRARY] == after  # type: ignore[attr-defined]


def test_after_an_undo_the_project_is_judged_and_closed_like_any_other(lead: User):
    """The badge that was withdrawn keeps its number: the next one has the next."""
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1))
    project = make_project(enterprise, code=project_code(1), started_on=None)
    undo_batch(taken(table(row(1)), lead), by=lead, at=AT)
    taken(table(row(1)), lead)
    versions = Award.objects.filter(project=project).order_by("version").values_list("version", "state")
    assert [number for number, _state in versions] == [1, 2]
    assert next(state for _number, state in versions) == Award.State.SUPERSEDED


def test_when_the_time_of_keeping_is_over_nothing_is_kept_to_undo_it_with(lead: User):
    taken(table(row(1)), lead, at=AT)
    ImportBatch.objects.update(uploaded_at=AT - timedelta(days=400))
    forget_import_files(AT)
    assert not ImportEffect.objects.exists()
    assert bytes(ImportBatch.objects.get().content) == b""
