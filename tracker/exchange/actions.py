"""What can be done with a county's table: hand it in, and take it into the library."""

from dataclasses import asdict
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from tracker.accounts.models import User
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.exchange.models import ImportBatch
from tracker.exchange.queries import Kind, Plan, Planned, columns_in, half_month_of, plan_for
from tracker.exchange.sheet import Table, read_table
from tracker.inspections.actions import assess, open_cycle, record_from_table
from tracker.library.actions import plan_year, township_of
from tracker.library.keeping import keep_total_changes
from tracker.library.models import AnnualPlan, Division, Enterprise, Industry, Project

ENTERPRISE_WRITTEN = ["name", "chain", "rung", "industry", "township"]
PROJECT_WRITTEN = [
    *("name", "code", "nature", "planned_total", "planned_equipment", "problem", "township", "inspector"),
    *("responsible_name", "contact_name", "contact_phone", "month_only"),
    *("filed_on", "planned_start_on", "started_on", "planned_completion_on", "completed_on"),
]
AT_ONCE = 200


class AlreadyTaken(Exception):
    """Somebody has confirmed this hand-in before."""


class LibraryChanged(Exception):
    """Something else was written meanwhile that the table contradicts; nothing of the table was taken."""


def hand_in(
    county: Division,
    filename: str,
    content: bytes,
    *,
    chosen: HalfMonth | None,
    by: User,
    at: datetime,
) -> ImportBatch:
    """Keep a workbook for its preview; one that cannot be read is refused with the reader's exception."""
    table = read_table(content, filename)
    half_month = half_month_of(table, chosen, shanghai_date(at))
    columns_in(table, half_month)
    return ImportBatch.objects.create(
        county=county,
        filename=filename[-200:],
        content=content,
        cycle_start=half_month.start,
        uploaded_by=by,
        uploaded_at=at,
    )


def preview(batch: ImportBatch) -> Plan:
    """What taking this hand-in would do now."""
    return plan_for(table_of(batch), batch.county, HalfMonth.starting(batch.cycle_start))


def table_of(batch: ImportBatch) -> Table:
    """The table in a hand-in."""
    return read_table(bytes(batch.content), batch.filename)


def take_batch(batch: ImportBatch, *, by: User, at: datetime) -> Plan:
    """Take a hand-in, once however often it is confirmed."""
    table = table_of(batch)
    with transaction.atomic():
        waiting = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.UPLOADED)
        if not waiting.update(state=ImportBatch.State.TAKEN, taken_at=at):
            raise AlreadyTaken(batch)
        half_month = HalfMonth.starting(batch.cycle_start)
        plan = take_table(table, batch.county, half_month, source=batch.filename, by=by, at=at)
        ImportBatch.objects.filter(pk=batch.pk).update(counts=asdict(plan.counts))
    return plan


def take_table(
    table: Table, county: Division, half_month: HalfMonth, *, source: str, by: User | None, at: datetime
) -> Plan:
    """Bring the table's sound rows into the library and the half-month, all of them or none.

    `source` names the table in the reason of plans that change. What the plan says is what was done.
    """
    try:
        with transaction.atomic():
            # Two tables of one county take turns: the second is planned on what the first has written.
            Division.objects.select_for_update().get(pk=county.pk)
            # In the same order as whoever judges the county's badges, so that nobody waits for ever.
            list(Project.objects.of_county(county).select_for_update().order_by("pk").values_list("pk"))
            plan = plan_for(table, county, half_month)
            _write(plan, county, source=source, by=by, at=at)
    except (DatabaseError, ValidationError) as contradicted:
        raise LibraryChanged(source) from contradicted
    return plan


def _write(plan: Plan, county: Division, *, source: str, by: User | None, at: datetime) -> None:
    if not plan.sound:
        return
    _add_industries(plan)
    _write_records(county, list(plan.enterprises.values()), Enterprise, ENTERPRISE_WRITTEN)
    projects = [row.project for row in plan.sound if row.project]
    for planned in projects:
        # An enterprise of this very table has its id only now.
        planned.record.enterprise = planned.record.enterprise
    totals = dict(Project.objects.of_county(county).values_list("pk", "planned_total"))
    _write_records(county, projects, Project, PROJECT_WRITTEN)
    changed = [planned.record for planned in projects if planned.kind == Kind.CHANGED]
    keep_total_changes(totals, changed, grounds=source[-200:], by=by, at=at)
    _write_plans(plan, source=source, by=by)
    cycle = open_cycle(county, plan.half_month)
    found = {
        row.project.record.pk: row.findings
        for row in plan.sound
        if row.project and row.findings and row.inspection and row.inspection.kind != Kind.SAME
    }
    record_from_table(cycle, found, by=by, at=at)
    touched = set(found) | {planned.record.pk for planned in projects if planned.kind != Kind.SAME}
    if touched:
        assess(Project.objects.filter(pk__in=touched), county, plan.half_month, at=at)


def _add_industries(plan: Plan) -> None:
    """An industry that the reference data lacks is kept under its code until somebody names it."""
    codes = {planned.record.industry_id for planned in plan.enterprises.values()} - {None}
    missing = codes - set(Industry.objects.filter(code__in=codes).values_list("code", flat=True))
    Industry.objects.bulk_create(Industry(code=code, name_zh=code) for code in sorted(missing))


def _write_records(
    county: Division, planned: list[Planned], model: type[Enterprise] | type[Project], written: list[str]
) -> None:
    townships = {
        name: township_of(county, name) for name in sorted({one.township for one in planned if one.township})
    }
    for one in planned:
        if one.township:
            one.record.township = townships[one.township]
    manager = model._default_manager
    manager.bulk_create([one.record for one in planned if one.kind == Kind.NEW], batch_size=AT_ONCE)
    changed = [one.record for one in planned if one.kind == Kind.CHANGED]
    manager.bulk_update(changed, written, batch_size=AT_ONCE)


def _write_plans(plan: Plan, *, source: str, by: User | None) -> None:
    year = plan.half_month.start.year
    # A project that this table adds has no plan to be compared with: its first one is simply its baseline.
    baselines = [
        AnnualPlan(project=row.project.record, year=year, amount=row.annual_plan, made_by=by)
        for row in plan.sound
        if row.project and row.project.kind == Kind.NEW and row.annual_plan is not None
    ]
    AnnualPlan.objects.bulk_create(baselines, batch_size=AT_ONCE)
    for row in plan.sound:
        if row.project and row.project.kind != Kind.NEW and row.annual_plan is not None:
            plan_year(row.project.record, year, row.annual_plan, by=by, reason=source[-200:])


def latest_half_months(today: date, count: int) -> list[HalfMonth]:
    """The half-months that a table may be of, the latest first."""
    latest = HalfMonth.latest_cut_off(today)
    return [latest.plus(-back) for back in range(count)]
