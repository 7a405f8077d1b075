"""Whatever changes a row leaves an entry, in whichever way it is done, and as cheaply for many as for one."""

import threading
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
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
    make_township,
    moment,
)
from tracker import models as tables
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.actions import record
from tracker.audit.capture import Audited, AuditedQuerySet, CannotBeRecorded, Trail, look
from tracker.audit.models import AuditEntry
from tracker.calendars.models import CalendarDay
from tracker.inspections.actions import close_cycle, record_from_table
from tracker.inspections.models import Cycle
from tracker.library.actions import plan_year
from tracker.library.inclusion.actions import set_inclusion
from tracker.library.models import CountySettings, Division, Enterprise, Industry, Project
from tracker.models import __all__ as names_of_tables

pytestmark = pytest.mark.django_db


class Since:
    """The entries that a test's own deeds leave."""

    def __init__(self) -> None:
        latest = AuditEntry.objects.order_by("-pk").first()
        self.latest = latest.pk if latest else 0

    def entries(self, table: str = "") -> list[AuditEntry]:
        found = AuditEntry.objects.filter(pk__gt=self.latest).order_by("pk")
        return list(found.filter(table=table) if table else found)

    def told(self, table: str = "") -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        return [(entry.act, entry.row, entry.before, entry.after) for entry in self.entries(table)]


# --- one row ---


def test_a_new_row_is_kept_with_all_its_values():
    since = Since()
    enterprise = make_enterprise(name="甲机械有限公司", rung="high_tech")
    (entry,) = since.entries()
    assert (entry.act, entry.table, entry.row, entry.before) == (
        "created",
        "enterprise",
        str(enterprise.pk),
        {},
    )
    kept = {field.name for field in Enterprise._meta.concrete_fields} - {"id", *Enterprise.trail.left_out}
    assert set(entry.after) == kept
    assert (entry.after["name"], entry.after["rung"], entry.after["county"]) == (
        "甲机械有限公司",
        "high_tech",
        enterprise.county_id,
    )


def test_a_saved_row_is_kept_with_what_changed_alone():
    project, since = make_project(planned_total=Decimal(2000)), Since()
    project.planned_total, project.problem = Decimal("2500.5"), "用地未落实"
    project.save()
    assert since.told() == [
        (
            "changed",
            str(project.pk),
            {"planned_total": "2000.00", "problem": ""},
            {"planned_total": "2500.50", "problem": "用地未落实"},
        )
    ]


def test_a_row_saved_as_it_was_leaves_no_entry():
    project, since = make_project(planned_total=Decimal("2000.00")), Since()
    project.planned_total = Decimal(2000)
    project.save()
    project.save(update_fields=["name"])
    assert since.entries() == []


def test_a_reckoned_value_is_kept_as_it_came_out():
    project, since = make_project(planned_total=Decimal(2000)), Since()
    project.planned_total = F("planned_total") + 1
    project.save()
    assert since.told()[0][3] == {"planned_total": "2001.00"}


def test_a_row_taken_out_is_kept_with_what_stood_there():
    day = CalendarDay.objects.create(
        county=make_county(), day=date(2026, 2, 17), is_working=False, note="春节"
    )
    since = Since()
    number = str(day.pk)
    day.delete()
    ((act, row, before, after),) = since.told()
    assert (act, row, after) == ("deleted", number, {})
    assert (before["day"], before["note"], before["is_working"]) == ("2026-02-17", "春节", False)


# --- many rows ---


def test_rows_changed_by_one_statement_each_leave_an_entry():
    projects, since = [make_project(stage="building") for _ in range(3)], Since()
    projects[2].stage = "suspended"
    projects[2].save()
    since = Since()
    assert Project.objects.update(stage="suspended") == 3
    assert since.told() == [
        ("changed", str(project.pk), {"stage": "building"}, {"stage": "suspended"})
        for project in projects[:2]
    ]


def test_only_rows_that_match_are_changed_and_told_of():
    mine, others = make_project(problem="甲"), make_project(problem="乙")
    since = Since()
    assert Project.objects.filter(problem="甲").update(problem="丙") == 1
    assert Project.objects.filter(problem="无").update(problem="丙") == 0
    assert since.told() == [("changed", str(mine.pk), {"problem": "甲"}, {"problem": "丙"})]
    others.refresh_from_db()
    assert others.problem == "乙"


def test_rows_found_in_a_roundabout_way_are_told_of_too():
    project, since = make_project(problem="甲"), Since()
    make_inspection(project)
    since = Since()
    roundabout = Project.objects.filter(inspections__state="accepted").distinct()
    assert roundabout.update(problem="丙") == 1
    assert since.told("project") == [("changed", str(project.pk), {"problem": "甲"}, {"problem": "丙"})]


def test_rows_added_in_bulk_each_leave_an_entry():
    since = Since()
    Industry.objects.bulk_create(Industry(code=code, name_zh=code) for code in ("9991", "9992"))
    assert [(act, row, after["name_zh"]) for act, row, _, after in since.told()] == [
        ("created", "9991", "9991"),
        ("created", "9992", "9992"),
    ]


def test_rows_changed_in_bulk_each_leave_an_entry_with_their_own_values():
    projects = [make_project(problem="甲"), make_project(problem="乙")]
    since = Since()
    projects[0].problem = "丙"
    Project.objects.bulk_update(projects, ["problem", "stage"])
    assert since.told() == [("changed", str(projects[0].pk), {"problem": "甲"}, {"problem": "丙"})]


def test_rows_taken_out_in_bulk_each_leave_an_entry():
    days = [CalendarDay.objects.create(day=date(2026, 2, number), is_working=False).pk for number in (16, 17)]
    since = Since()
    CalendarDay.objects.filter(pk__in=days).delete()
    assert [(act, row) for act, row, _, _ in since.told()] == [("deleted", str(number)) for number in days]


def test_what_goes_with_a_row_and_what_is_emptied_by_it_is_told_of():
    division = Division.objects.create(name_zh="虚构县", level="county", parent=make_county().parent)
    CountySettings.objects.create(county=division)
    inspector = User.objects.create_user("gone@county.test", None, role=Role.INSPECTOR, name="离职")
    project = make_project(inspector=inspector)
    number, since = inspector.pk, Since()
    division.delete()
    inspector.delete()
    told = {(entry.act, entry.table) for entry in since.entries()}
    assert told == {
        ("deleted", "division"),
        ("deleted", "countysettings"),
        ("deleted", "user"),
        ("changed", "project"),
    }
    (emptied,) = since.entries("project")
    assert (emptied.row, emptied.before, emptied.after) == (
        str(project.pk),
        {"inspector": number},
        {"inspector": None},
    )


def test_a_way_of_adding_that_does_not_say_what_was_added_is_refused():
    with pytest.raises(CannotBeRecorded):
        Industry.objects.bulk_create([Industry(code="9991", name_zh="甲")], ignore_conflicts=True)


# --- as cheap for many as for one ---


def queries_of(work: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        work()
    return len([query for query in asked if "SAVEPOINT" not in query["sql"]])


def test_changing_many_rows_costs_three_questions_more_than_one_statement():
    few, many = [make_project() for _ in range(2)], [make_project() for _ in range(20)]

    def change(projects: list[Project]) -> int:
        rows = Project.objects.filter(pk__in=[project.pk for project in projects])
        return queries_of(lambda: rows.update(problem="丙"))

    def change_each(projects: list[Project]) -> int:
        for number, project in enumerate(projects):
            project.problem = str(number) + "号"
        return queries_of(lambda: Project.objects.bulk_update(projects, ["problem"]))

    assert change(few) == change(many) == 1 + 3
    assert change_each(few) == change_each(many) == 1 + 3


def test_adding_many_rows_costs_two_questions_more():
    def add(start: int, count: int) -> int:
        rows = [Industry(code=str(start + number), name_zh="甲") for number in range(count)]
        return queries_of(lambda: Industry.objects.bulk_create(rows))

    assert add(8000, 2) == add(9000, 40) == 1 + 2


def test_what_the_trail_leaves_out_costs_nothing():
    projects, person = [make_project() for _ in range(3)], make_official()
    since = Since()
    rows = Project.objects.filter(pk__in=[project.pk for project in projects])
    assert queries_of(lambda: rows.update(badge_cycle_start=None)) == 1
    assert queries_of(lambda: person.save(update_fields=["last_login"])) == 1
    assert since.entries() == []


# --- all or nothing ---


def test_what_was_not_done_in_the_end_was_not_written_down():
    project, since = make_project(), Since()
    with suppress(RuntimeError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(problem="丙")
        raise RuntimeError
    assert since.entries() == []


def test_what_cannot_be_written_down_is_not_done(monkeypatch: pytest.MonkeyPatch):
    project = make_project(problem="甲")

    def full(*args: Any, **options: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("tracker.audit.capture.write", full)
    with pytest.raises(OSError, match="no space"), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(problem="丙")
    project.problem = "丁"
    with pytest.raises(OSError, match="no space"), transaction.atomic():
        project.save()
    project.refresh_from_db()
    assert project.problem == "甲"


# --- where, and what is private ---


def test_an_entry_lies_where_its_row_lay():
    county = make_county()
    township = make_township(county)
    assert AuditEntry.objects.get(table="division", row=str(township.pk)).place == county.path
    since = Since()
    project = make_project(make_enterprise(county, township=township))
    make_inspection(project)
    places = {entry.table: entry.place for entry in since.entries()}
    assert {places[table] for table in ("enterprise", "project", "annualplan", "inspection", "award")} == {
        township.path
    }
    assert places["cycle"] == county.path
    since = Since()
    make_enterprise_user(project.enterprise)
    Industry.objects.create(code="9991", name_zh="甲")
    assert [entry.place for entry in since.entries("user")[:1] + since.entries("industry")] == [
        township.path,
        "",
    ]


def test_phones_addresses_and_names_of_people_are_kept_masked():
    since = Since()
    enterprise = make_enterprise(contact_phone="13800008000", contact_name="王小明")
    person = make_official(email="li.lei@county.test", name="李雷")
    kept = since.entries("enterprise")[0].after
    assert (kept["contact_phone"], kept["contact_name"]) == ("138****8000", "王**")
    kept = since.entries("user")[0].after
    assert (kept["email"], kept["name"], kept["password"]) == ("l***@county.test", "李**", "***")
    since = Since()
    enterprise.contact_phone = "13900009000"
    enterprise.save()
    ((_, _, before, after),) = since.told("enterprise")
    assert (before, after) == ({"contact_phone": "138****8000"}, {"contact_phone": "139****9000"})
    person.set_password("another-horse-battery")
    person.save()
    entry = since.entries("user")[0]
    assert (entry.before["password"], entry.after["password"]) == ("***", "***")
    written = str(list(AuditEntry.objects.values_list("before", "after")))
    assert person.password not in written
    assert "13800008000" not in written


def test_what_is_handed_over_to_be_recorded_is_masked_like_what_is_captured():
    enterprise = make_enterprise()
    entry = record(
        AuditEntry.Act.REVEALED, enterprise, after={"contact_phone": "13800008000", "share": Decimal("1.50")}
    )
    assert entry.after == {"contact_phone": "138****8000", "share": "1.50"}
    assert entry.place == enterprise.county.path


# --- the trail tells the whole story ---


def replayed(model: type[Audited]) -> dict[str, dict[str, Any]]:
    """What stands in a table according to the trail alone."""
    rows: dict[str, dict[str, Any]] = {}
    for entry in AuditEntry.objects.filter(table=model._meta.model_name).order_by("pk"):
        match entry.act:
            case "created":
                rows[entry.row] = dict(entry.after)
            case "changed":
                assert {name: rows[entry.row][name] for name in entry.before} == entry.before
                rows[entry.row] |= entry.after
            case "deleted":
                assert rows.pop(entry.row) == entry.before
    return rows


def standing(model: type[Audited], told: set[str]) -> dict[str, dict[str, Any]]:
    """What stands in the table itself, of the rows that the trail has seen from their beginning."""
    trail = Trail.of(model)
    assert trail is not None
    columns = trail.fields(model)
    return {
        str(row.pk): {
            column.name: trail.shown(column.name, getattr(row, column.attname)) for column in columns
        }
        for row in model.objects.all()
        if str(row.pk) in told
    }


def test_the_tables_can_be_rebuilt_from_the_trail():
    county = make_county("371424", needs_second_person=False)
    liaison = make_official(Role.STATISTICS_LIAISON, county)
    enterprise = make_enterprise(county, township=make_township(county))
    projects = [make_project(enterprise, inclusion_state="preparing", included_on=None) for _ in range(3)]
    cycle = make_cycle(county, "2026-10-H1")
    make_inspection(projects[0], cycle)
    now = moment(date(2026, 11, 2))
    found = {project.pk: make_findings(project, ytd_investment=Decimal(90)) for project in projects}
    record_from_table(cycle, found, by=liaison, at=now)
    plan_year(projects[0], 2026, Decimal(1500), by=liaison, reason="设备涨价")
    set_inclusion(projects[1], "included", date(2026, 10, 20), "统字1号", by=liaison, today=now.date())
    close_cycle(cycle, by=liaison, at=now)
    models = [getattr(tables, name) for name in names_of_tables]
    for model in models:
        if issubclass(model, Audited):
            told = replayed(model)
            assert told == standing(model, set(told)), model
    assert len(replayed(Project)) == 3


# --- two at once ---


def skip_at_once(cycle: Cycle) -> list[int]:
    """Two people skip the half-month at the same moment; how many rows each has changed."""
    start, done = threading.Barrier(2), []

    def skip(note: str) -> None:
        start.wait(30)
        try:
            open_still = Cycle.objects.filter(pk=cycle.pk, state=Cycle.State.OPEN)
            done.append(open_still.update(state=Cycle.State.SKIPPED, skipped_because=note))
        finally:
            connection.close()

    hands = [threading.Thread(target=skip, args=[note]) for note in ("甲", "乙")]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    return sorted(done)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_do_the_same_thing_at_once_one_has_done_it():
    """The second waits for the first and finds nothing left to do: one change is told of, not two."""
    cycle = make_cycle()
    assert skip_at_once(cycle) == [0, 1]
    cycle.refresh_from_db()
    (entry,) = AuditEntry.objects.filter(table="cycle", act="changed")
    assert entry.after["skipped_because"] == cycle.skipped_because


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_control_without_holding_the_rows_two_are_told_to_have_done_it(monkeypatch: pytest.MonkeyPatch):
    cycle, both_have_looked = make_cycle(), threading.Barrier(2)

    def look_and_wait(rows: Any, columns: Any) -> Any:
        seen = look(rows, columns)
        with suppress(threading.BrokenBarrierError):
            both_have_looked.wait(2)
        return seen

    monkeypatch.setattr(AuditedQuerySet, "_held", lambda self: self)
    monkeypatch.setattr("tracker.audit.capture.look", look_and_wait)
    skip_at_once(cycle)
    assert AuditEntry.objects.filter(table="cycle", act="changed").count() == 2
