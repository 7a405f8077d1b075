"""What is kept beside an enterprise and a project, whichever way it is written."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_findings,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.inspections.actions import accept_inspection, close_cycle, record_from_table
from tracker.inspections.consistency import answered_of, facts_of, in_project, left
from tracker.library.consistency import Finding, Severity
from tracker.library.contacts import MayNotReveal, reveal_further_phone
from tracker.library.keeping import (
    SheetEditedMeanwhile,
    answer_warning,
    keep_total_changes,
    save_planning_sheet,
    set_former_names,
)
from tracker.library.models import Enterprise, Project
from tracker.library.records import (
    AnsweredWarning,
    Contact,
    EnterpriseYear,
    FormerName,
    PlanningSheet,
    StageChange,
    TotalChange,
)
from tracker.library.stages import (
    BeforeItsStart,
    NeedsReason,
    NeedsTarget,
    NotAllowed,
    StageAhead,
    change_stage,
    moves_open_to,
)
from tracker.personal.actions import remove_personal_data
from tracker.personal.queries import everything_about
from tracker.personal.retention import forget

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)
NOW = moment(TODAY)
TEXTS = {
    "technical_need": "数控",
    "production_process": "",
    "supply_chain": "本县",
    "development_strategy": "",
}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def former(enterprise: Enterprise) -> list[str]:
    return list(enterprise.former_names.order_by("pk").values_list("name", flat=True))


# --- former names ---


def test_a_name_that_is_replaced_becomes_a_former_one_in_whichever_way_it_is_written():
    by_save, by_update, in_bulk = (make_enterprise(name=f"旧名{n}") for n in range(3))
    by_save.name = "新名0"
    by_save.save()
    Enterprise.objects.filter(pk=by_update.pk).update(name="新名1")
    in_bulk.name = "新名2"
    Enterprise.objects.bulk_update([in_bulk], ["name", "chain"])
    assert [former(one) for one in (by_save, by_update, in_bulk)] == [["旧名0"], ["旧名1"], ["旧名2"]]
    assert by_save.former_names.get().until == TODAY


def test_what_leaves_the_name_alone_leaves_the_former_ones_alone():
    enterprise = make_enterprise(name="旧名")
    enterprise.chain = "电气"
    enterprise.save()
    enterprise.save(update_fields=["chain"])
    Enterprise.objects.filter(pk=enterprise.pk).update(chain="纸机", name="旧名")
    assert former(enterprise) == []


def test_a_name_taken_up_again_is_no_former_one_and_each_is_kept_once():
    enterprise = make_enterprise(name="甲")
    for name in ("乙", "甲", "乙", "丙"):
        enterprise.name = name
        enterprise.save()
    assert sorted(former(enterprise)) == ["乙", "甲"]
    with pytest.raises(IntegrityError), transaction.atomic():
        FormerName.objects.create(enterprise=enterprise, name="甲")


def test_former_names_edited_by_hand_keep_their_day():
    enterprise = make_enterprise(name="甲")
    enterprise.name = "乙"
    enterprise.save()
    set_former_names(enterprise, ["甲", "更早", "更早", "乙", ""])
    assert sorted(former(enterprise)) == ["更早", "甲"]
    assert enterprise.former_names.get(name="甲").until == TODAY
    set_former_names(enterprise, ["更早"])
    assert former(enterprise) == ["更早"]


# --- the stage ---


def test_a_move_by_hand_is_on_record_and_sets_the_day_that_it_is_reached_by():
    project, lead = make_project(stage="filed", started_on=None), make_official(Role.TEAM_LEAD)
    change = change_stage(project, "started", date(2026, 10, 20), "", by=lead, at=NOW, today=TODAY)
    project.refresh_from_db()
    assert (project.stage, project.started_on) == ("started", date(2026, 10, 20))
    assert (change.number, change.from_stage, change.by, change.origin) == (1, "filed", lead, "page")
    entry = AuditEntry.objects.filter(table="project", row=str(project.pk)).order_by("-pk")[0]
    assert entry.after["stage"] == "started"


def test_a_step_back_needs_a_reason_and_takes_the_day_back():
    project = make_project(stage="completed", completed_on=date(2026, 10, 1), month_only=["completed_on"])
    lead = make_official(Role.TEAM_LEAD)
    with pytest.raises(NeedsReason):
        change_stage(project, "building", TODAY, "", by=lead, at=NOW, today=TODAY)
    change_stage(project, "building", TODAY, "尚未验收", by=lead, at=NOW, today=TODAY)
    project.refresh_from_db()
    assert (project.completed_on, project.month_only) == (None, [])


@pytest.mark.parametrize(
    ("to_stage", "on", "wrong"),
    [
        ("in_production", TODAY, NotAllowed),
        ("reserve", TODAY, NotAllowed),
        ("building", TODAY, NotAllowed),
        ("completed", date(2026, 11, 3), StageAhead),
        ("completed", date(2026, 1, 4), BeforeItsStart),
        ("suspended", TODAY, NeedsReason),
    ],
)
def test_a_move_that_cannot_be_is_refused_and_nothing_is_kept(
    to_stage: str, on: date, wrong: type[Exception]
):
    project = make_project(stage="building")
    with pytest.raises(wrong):
        change_stage(project, to_stage, on, "", by=make_official(), at=NOW, today=TODAY)
    project.refresh_from_db()
    assert project.stage == "building"
    assert not StageChange.objects.exists()


def test_a_merged_project_names_another_one_of_the_county_that_goes_on():
    project, lead = make_project(), make_official(Role.TEAM_LEAD)
    foreign = make_project(make_enterprise(make_county("371525")))
    for wrong in (None, project, foreign, make_project(stage="terminated")):
        with pytest.raises(NeedsTarget):
            change_stage(project, "merged", TODAY, "并", by=lead, at=NOW, today=TODAY, merged_into=wrong)
    into = make_project(project.enterprise)
    change = change_stage(project, "merged", TODAY, "并", by=lead, at=NOW, today=TODAY, merged_into=into)
    project.refresh_from_db()
    assert (project.merged_into, change.merged_into) == (into, into)


def test_a_suspended_project_goes_on_where_it_was():
    project, lead = make_project(stage="building"), make_official(Role.TEAM_LEAD)
    change_stage(project, "suspended", TODAY, "停单", by=lead, at=NOW, today=TODAY)
    project.refresh_from_db()
    assert moves_open_to(project) == ("building", "terminated", "merged")
    change_stage(project, "building", TODAY, "", by=lead, at=NOW, today=TODAY)
    assert list(StageChange.objects.order_by("number").values_list("number", "to_stage")) == [
        (1, "suspended"),
        (2, "building"),
    ]


def test_sent_twice_the_project_moves_once():
    project, lead = make_project(stage="building"), make_official(Role.TEAM_LEAD)
    change_stage(project, "completed", TODAY, "", by=lead, at=NOW, today=TODAY)
    with pytest.raises(NotAllowed):
        change_stage(project, "completed", TODAY, "", by=lead, at=NOW, today=TODAY)
    assert StageChange.objects.count() == 1


def test_an_inspection_that_moves_the_stage_writes_the_same_log_and_one_that_does_not_writes_none():
    inspector = make_official()
    project = make_project(stage="started", inspector=inspector)
    make_inspection(project, make_cycle(code="2026-10-H1"), by=inspector, stage="started")
    assert not StageChange.objects.exists()
    make_inspection(project, make_cycle(code="2026-10-H2"), by=inspector, stage="building", remark="主体开工")
    change = StageChange.objects.get()
    assert (change.from_stage, change.to_stage, change.by) == ("started", "building", inspector)
    assert (change.origin, change.reason, change.on) == ("inspection", "主体开工", date(2026, 10, 31))


def test_a_table_that_moves_many_stages_costs_as_much_as_one_that_moves_one():
    cycle, lead = make_cycle(), make_official(Role.TEAM_LEAD)
    costs = []
    for count in (1, 30):
        projects = [make_project(stage="started") for _ in range(count)]
        found = {project.pk: make_findings(project, stage="building") for project in projects}
        with CaptureQueriesContext(connection) as taken:
            record_from_table(cycle, found, by=lead, at=NOW)
        costs.append(len(taken))
    assert costs[0] == costs[1]
    assert StageChange.objects.filter(origin="workbook", by=lead).count() == 31


def test_nobody_inspects_an_ended_project_and_its_badge_ends_with_it():
    project, lead = make_project(), make_official(Role.TEAM_LEAD)
    make_inspection(project, make_cycle(code="2026-10-H1"))
    cycle = make_cycle(code="2026-10-H2")
    change_stage(project, "suspended", date(2026, 10, 20), "停单", by=lead, at=NOW, today=TODAY)
    close_cycle(cycle, by=lead, at=NOW)
    assert Award.objects.standing().get(project=project, cycle_start=cycle.start).badge == "none"
    # Control: without the move it would have been carried on.
    other = make_project()
    make_inspection(other, make_cycle(code="2026-09-H2"))
    november = make_cycle(code="2026-11-H1")
    close_cycle(november, by=lead, at=NOW)
    assert Award.objects.standing().get(project=other, cycle_start=november.start).badge != "none"


def test_an_inspection_that_still_waited_does_not_bring_an_ended_project_back():
    county = make_county(needs_second_person=True)
    project, inspector = make_project(), make_official()
    lead = make_official(Role.TEAM_LEAD)
    waiting = make_inspection(project, make_cycle(county), by=inspector)
    change_stage(project, "suspended", TODAY, "停单", by=lead, at=NOW, today=TODAY)
    accept_inspection(waiting, by=lead, at=NOW)
    project.refresh_from_db()
    assert project.stage == "suspended"


# --- totals, sheets, answers ---


def test_a_new_planned_total_is_kept_beside_the_old_one_with_its_grounds():
    project, lead = make_project(planned_total=Decimal(2000)), make_official(Role.TEAM_LEAD)
    for before, after in ((2000, 2500), (2500, 2400)):
        project.planned_total = Decimal(after)
        keep_total_changes({project.pk: Decimal(before)}, [project], grounds="增加设备", by=lead, at=NOW)
    keep_total_changes({project.pk: Decimal(2400)}, [project], grounds="同前", by=lead, at=NOW)
    assert list(TotalChange.objects.order_by("number").values_list("number", "before", "after")) == [
        (1, 2000, 2500),
        (2, 2500, 2400),
    ]


def test_two_editors_of_a_planning_sheet_do_not_overwrite_each_other():
    project, li, wang = make_project(), make_official(), make_official()
    save_planning_sheet(project, TEXTS, edition=0, by=li, at=NOW)
    with pytest.raises(SheetEditedMeanwhile):
        save_planning_sheet(project, {**TEXTS, "supply_chain": "省外"}, edition=0, by=wang, at=NOW)
    assert PlanningSheet.objects.get().supply_chain == "本县"
    # Control: who has seen the present edition replaces it.
    save_planning_sheet(project, {**TEXTS, "supply_chain": "省外"}, edition=1, by=wang, at=NOW)
    assert PlanningSheet.objects.get().supply_chain == "省外"


def test_an_answered_warning_comes_back_only_when_its_facts_change():
    project, lead = make_project(funds_in_place=Decimal(2100)), make_official(Role.TEAM_LEAD)

    def open_now() -> list[Finding]:
        project.refresh_from_db()
        return left(in_project(facts_of([project], TODAY)[project.pk]), answered_of(project))

    (finding,) = open_now()
    for _ in range(2):
        answer_warning(project, finding, "含流动资金", by=lead, at=NOW)
    assert AnsweredWarning.objects.get().enterprise == project.enterprise
    Project.objects.filter(pk=project.pk).update(name="改名", filed_on=date(2026, 1, 1))
    assert open_now() == []
    Project.objects.filter(pk=project.pk).update(funds_in_place=Decimal(2200))
    assert [one.code for one in open_now()] == ["funds_above_total"]
    # Back where they were, the facts are explained still.
    Project.objects.filter(pk=project.pk).update(funds_in_place=Decimal(2100))
    assert open_now() == []


def test_an_error_cannot_be_explained_away():
    error = Finding("stage_without_start", Severity.ERROR, ("started_on",), (("started_on", None),))
    assert left([error], {(error.code, error.fingerprint)}) == [error]


def test_one_row_a_year():
    enterprise = make_enterprise()
    EnterpriseYear.objects.create(enterprise=enterprise, year=2025, staff=50)
    with pytest.raises(IntegrityError), transaction.atomic():
        EnterpriseYear.objects.create(enterprise=enterprise, year=2025)


def test_what_is_kept_beside_a_record_is_seen_by_whoever_sees_the_record():
    project, foreign = make_project(), make_project(make_enterprise(make_county("371525")))
    for one in (project, foreign):
        Contact.objects.create(enterprise=one.enterprise, name="王", phone="13800138000")
        EnterpriseYear.objects.create(enterprise=one.enterprise, year=2025)
        FormerName.objects.create(enterprise=one.enterprise, name="旧名")
        PlanningSheet.objects.create(project=one)
        AnsweredWarning.objects.create(
            enterprise=one.enterprise, project=one, code="check_digit", fingerprint="x", sentence="对"
        )
    official = make_official()
    for model in (Contact, EnterpriseYear, FormerName, PlanningSheet, AnsweredWarning):
        assert model.objects.visible_to(official).count() == 1, model
        assert model.objects.visible_to(make_enterprise_user(foreign.enterprise)).count() == 1, model


# --- contacts: revealed on record, removed, forgotten, handed over ---


def test_a_further_number_is_shown_on_record_to_those_who_need_it():
    inspector = make_official()
    project = make_project(inspector=inspector)
    contact = Contact.objects.create(enterprise=project.enterprise, name="王芳", phone="13800138000")
    assert reveal_further_phone(contact, by=inspector) == "13800138000"
    entry = AuditEntry.objects.filter(act=AuditEntry.Act.REVEALED).get()
    assert (entry.table, entry.row, entry.actor) == ("contact", str(contact.pk), inspector)
    with pytest.raises(MayNotReveal):
        reveal_further_phone(contact, by=make_official())


def test_the_trail_keeps_no_name_and_no_number_of_a_further_contact():
    contact = Contact.objects.create(enterprise=make_enterprise(), name="王小芳", phone="13800138000")
    contact.phone = "13900139000"
    contact.save()
    contact.delete()
    written = str(list(AuditEntry.objects.filter(table="contact").values_list("before", "after")))
    assert "王小芳" not in written
    assert "00138000" not in written
    assert "138****8000" in written


def test_a_person_whose_data_are_removed_is_no_further_contact_any_more():
    enterprise = make_enterprise()
    person = make_enterprise_user(enterprise, name="王小芳")
    Contact.objects.create(enterprise=enterprise, name="王小芳", phone="13800138000")
    stays = Contact.objects.create(enterprise=enterprise, name="李四", phone="13900139000")
    remove_personal_data(person, by=None, why="到期", at=NOW)
    assert list(Contact.objects.all()) == [stays]


def test_further_contacts_go_with_the_others_when_their_time_is_over():
    long_ago = date(2022, 1, 1)
    over = make_project(stage="in_production", started_on=long_ago, completed_on=long_ago, included_on=None)
    Project.objects.filter(pk=over.pk).update(added_at=moment(long_ago))
    Contact.objects.create(enterprise=over.enterprise, name="王小芳", phone="13800138000")
    going_on = Contact.objects.create(enterprise=make_project().enterprise, name="李四", phone="13900139000")
    assert forget(NOW)["contacts"] == 1
    assert list(Contact.objects.all()) == [going_on]
    assert forget(NOW)["contacts"] == 0


def test_a_person_gets_where_they_stand_as_a_contact():
    enterprise = make_enterprise(contact_name="王小芳", contact_phone="13800138000")
    person = make_enterprise_user(enterprise, name="王小芳")
    Contact.objects.create(enterprise=enterprise, name="王小芳", post="总经理", phone="13900139000")
    Contact.objects.create(enterprise=enterprise, name="李四", phone="13700137000")
    phones = [row["phone"] for row in everything_about(person)["named_as_contact"]]
    assert phones == ["13800138000", "13900139000"]
