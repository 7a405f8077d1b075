"""What can be done with a county's table: hand it in, say what its columns mean, take it into the library."""

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import F, Q

from tracker.accounts.models import User
from tracker.audit.context import asked_by
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.exchange.archive import UnreadableFile
from tracker.exchange.effects import NotTaken, Recording, TouchedSince, judged_by, undo_batch
from tracker.exchange.grids import kind_of
from tracker.exchange.models import ColumnSynonym, ImportBatch
from tracker.exchange.queries import (
    HalfMonthTakesNoTable,
    Kind,
    Plan,
    Planned,
    as_handed_in,
    columns_in,
    half_month_of,
    plan_for,
)
from tracker.exchange.rules import Field, bare_head, meaning_of
from tracker.exchange.sheet import Meaning, Table, look_for_table, read_table
from tracker.inspections.actions import CycleIsClosed, assess, open_cycle, record_from_table
from tracker.inspections.models import Inspection
from tracker.library.actions import plan_year, township_of
from tracker.library.keeping import keep_total_changes
from tracker.library.models import AnnualPlan, Division, Enterprise, Industry, Project

logger = logging.getLogger(__name__)

ENTERPRISE_WRITTEN = ["name", "chain", "rung", "industry", "township"]
PROJECT_WRITTEN = [
    *("name", "code", "nature", "planned_total", "planned_equipment", "problem", "township", "inspector"),
    *("responsible_name", "contact_name", "contact_phone", "month_only"),
    *("filed_on", "planned_start_on", "started_on", "planned_completion_on", "completed_on"),
]
AT_ONCE = 200
# A file above so many bytes is read, and a table above so many rows taken, while nobody waits for the page.
READ_AT_ONCE = 256 * 1024
TAKEN_AT_ONCE = 300
JUDGED_AT_ONCE = 100
# A worker that has not finished by then is taken for dead; who comes second finds the table taken.
CLAIM_LAPSES_AFTER = timedelta(minutes=4)
MOST_ATTEMPTS = 3


class AlreadyTaken(Exception):
    """Somebody has confirmed this hand-in before."""


class LibraryChanged(Exception):
    """Something else was written meanwhile that the table contradicts; nothing of the table was taken."""


class Stopped(Exception):
    """The hand-in is to take nothing, as some of its rows are; `plan` says why."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.obstacles)
        self.plan = plan


def meaning_in(county: Division) -> Meaning:
    """What heads mean in the county: what is known everywhere, then what the county has said."""
    return partial(meaning_of, learnt=ColumnSynonym.objects.learnt(county))


def hand_in(
    county: Division,
    filename: str,
    content: bytes,
    *,
    chosen: HalfMonth | None,
    by: User,
    at: datetime,
    existing: str = ImportBatch.Existing.UPDATE,
    wrong: str = ImportBatch.Wrong.LEAVE_OUT,
) -> ImportBatch:
    """Keep a file for its preview; one that cannot be read is refused with the reader's exception.

    A large one is kept unread: a worker reads it, and its page tells what came of it.
    """
    batch = ImportBatch(
        county=county,
        filename=filename[-200:],
        content=content,
        cycle_start=chosen.start if chosen else None,
        existing=existing,
        wrong=wrong,
        uploaded_by=by,
        uploaded_at=at,
    )
    # What is no table at all is told at once, however large it is.
    kind_of(content)
    if len(content) > READ_AT_ONCE:
        batch.state = ImportBatch.State.QUEUED
    else:
        _read(batch, at)
    batch.save()
    return batch


def _read(batch: ImportBatch, at: datetime) -> None:
    """Find the table and its half-month; a column that is missing may still be among those not understood."""
    table = look_for_table(bytes(batch.content), batch.filename, meaning_in(batch.county))
    if table.missing and not table.not_understood:
        read_table(bytes(batch.content), batch.filename, meaning_in(batch.county))
    chosen = HalfMonth.starting(batch.cycle_start) if batch.cycle_start else None
    half_month = half_month_of(table, chosen, shanghai_date(at))
    if not table.missing:
        columns_in(table, half_month)
    batch.cycle_start = half_month.start
    batch.total, batch.state = len(table.lines), ImportBatch.State.UPLOADED


def table_of(batch: ImportBatch) -> Table:
    """The table in a hand-in, perhaps with columns that are still missing."""
    return look_for_table(bytes(batch.content), batch.filename, meaning_in(batch.county))


def preview(batch: ImportBatch, table: Table) -> Plan:
    """What taking this hand-in would do now."""
    assert batch.cycle_start is not None, "a table that was read has a half-month"
    plan = plan_for(table, batch.county, HalfMonth.starting(batch.cycle_start))
    return as_handed_in(plan, batch.existing, batch.wrong)


@transaction.atomic
def learn_heads(county: Division, meanings: Iterable[tuple[str, Field]]) -> int:
    """Remember for the county what its heads mean; how many were new.

    A head that is known everywhere keeps its meaning, whatever is said of it here.
    """
    learnt = 0
    for head, field in meanings:
        bare = bare_head(head)[:80]
        if not bare or meaning_of(bare) is not None:
            continue
        _, is_new = ColumnSynonym.objects.update_or_create(
            county=county, head=bare, defaults={"field": field.value}
        )
        learnt += is_new
    return learnt


def choose(batch: ImportBatch, existing: str, wrong: str) -> None:
    """Say anew what is to be done about records that differ and rows that are wrong, before it is taken."""
    waiting = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.UPLOADED)
    waiting.update(existing=existing, wrong=wrong)


def take_batch(batch: ImportBatch, *, by: User | None, at: datetime, judges_later: bool = False) -> Plan:
    """Take a hand-in, once however often it is confirmed.

    Where many badges follow, they are judged afterwards, little by little: nobody else waits so long.
    """
    table = read_table(bytes(batch.content), batch.filename, meaning_in(batch.county))
    assert batch.cycle_start is not None, "a table that was read has a half-month"
    with transaction.atomic():
        waiting = ImportBatch.objects.filter(
            pk=batch.pk, state__in=[ImportBatch.State.UPLOADED, ImportBatch.State.TAKING]
        )
        after = ImportBatch.State.JUDGING if judges_later else ImportBatch.State.TAKEN
        if not waiting.update(state=after, taken_at=at, taken_by=by, done=0, trouble={}):
            raise AlreadyTaken(batch)
        half_month = HalfMonth.starting(batch.cycle_start)
        plan = take_table(
            table,
            batch.county,
            half_month,
            source=batch.filename,
            by=by,
            at=at,
            batch=batch,
            judges_later=judges_later,
        )
        ImportBatch.objects.filter(pk=batch.pk).update(counts=asdict(plan.counts))
    return plan


def take_table(
    table: Table,
    county: Division,
    half_month: HalfMonth,
    *,
    source: str,
    by: User | None,
    at: datetime,
    batch: ImportBatch | None = None,
    judges_later: bool = False,
) -> Plan:
    """Bring the table's sound rows into the library and the half-month, all of them or none.

    `source` names the table in the reason of plans that change. What the plan says is what was done; with a
    `batch` it can be undone.
    """
    try:
        with transaction.atomic():
            # Two tables of one county take turns: the second is planned on what the first has written.
            Division.objects.select_for_update().get(pk=county.pk)
            # In the same order as whoever judges the county's badges, so that nobody waits for ever.
            list(Project.objects.of_county(county).select_for_update().order_by("pk").values_list("pk"))
            plan = plan_for(table, county, half_month)
            if batch is not None:
                as_handed_in(plan, batch.existing, batch.wrong)
            if plan.obstacles:
                raise Stopped(plan)
            recording = Recording(batch) if batch is not None else None
            touched = _write(plan, county, recording, source=source, by=by, at=at)
            if touched and not judges_later:
                _judge(touched, county, half_month, recording, at=at)
            if recording is not None:
                recording.keep()
    except (DatabaseError, ValidationError) as contradicted:
        # Should it not be that somebody was quicker, the log says what it was.
        logger.warning("the table was not taken: %s", contradicted, exc_info=True)
        raise LibraryChanged(source) from contradicted
    return plan


def _write(
    plan: Plan, county: Division, recording: Recording | None, *, source: str, by: User | None, at: datetime
) -> set[int]:
    """Write what the plan says; the projects (by id) whose badges may be others now."""
    if not plan.sound:
        return set()
    projects = [row.project for row in plan.sound if row.project]
    enterprises = list(plan.enterprises.values())
    found = {
        index: row.findings
        for index, row in enumerate(plan.sound)
        if row.findings and row.inspection and row.inspection.kind != Kind.SAME
    }
    there = _look_before(recording, plan, projects, enterprises)
    _add_industries(plan, recording)
    _write_records(county, enterprises, Enterprise, ENTERPRISE_WRITTEN, recording)
    for planned in projects:
        # An enterprise of this very table has its id only now.
        planned.record.enterprise = planned.record.enterprise
    totals = dict(Project.objects.of_county(county).values_list("pk", "planned_total"))
    _write_records(county, projects, Project, PROJECT_WRITTEN, recording)
    changed = [planned.record for planned in projects if planned.kind == Kind.CHANGED]
    keep_total_changes(totals, changed, grounds=source[-200:], by=by, at=at)
    plans = _write_plans(plan, source=source, by=by)
    cycle = open_cycle(county, plan.half_month)
    inspected = {
        project.record.pk: found[index]
        for index, row in enumerate(plan.sound)
        if index in found and (project := row.project)
    }
    record_from_table(cycle, inspected, by=by, at=at)
    touched = set(inspected) | {planned.record.pk for planned in projects if planned.kind != Kind.SAME}
    if recording is not None:
        recording.added(AnnualPlan, plans)
        here = Inspection.objects.in_cycle(plan.half_month.start).filter(project__in=inspected)
        recording.added(Inspection, set(here.values_list("pk", flat=True)) - there)
    return touched


def _look_before(
    recording: Recording | None, plan: Plan, projects: list[Planned], enterprises: list[Planned]
) -> set[int]:
    """Remember what may change; the inspections of the half-month that are there already."""
    if recording is None:
        return set()
    recording.look(Enterprise, [one.record.pk for one in enterprises if one.kind == Kind.CHANGED])
    there = [one.record.pk for one in projects if one.record.pk is not None]
    recording.look(Project, there)
    here = Inspection.objects.in_cycle(plan.half_month.start).filter(project__in=there)
    inspections = set(here.values_list("pk", flat=True))
    recording.look(Inspection, inspections)
    return inspections


def _judge(
    projects: Collection[int],
    county: Division,
    half_month: HalfMonth,
    recording: Recording | None,
    *,
    at: datetime,
) -> None:
    """Judge these projects by what the table has brought, and remember which badges are new."""
    awards = Award.objects.filter(project__in=projects, cycle_start__gte=half_month.start)
    there = set(awards.values_list("pk", flat=True)) if recording is not None else set()
    assess(Project.objects.filter(pk__in=projects), county, half_month, at=at)
    if recording is not None:
        recording.added(Award, set(awards.values_list("pk", flat=True)) - there)


def _add_industries(plan: Plan, recording: Recording | None) -> None:
    """An industry that the reference data lacks is kept under its code until somebody names it."""
    codes = {planned.record.industry_id for planned in plan.enterprises.values()} - {None}
    missing = codes - set(Industry.objects.filter(code__in=codes).values_list("code", flat=True))
    Industry.objects.bulk_create(Industry(code=code, name_zh=code) for code in sorted(missing))
    if recording is not None:
        recording.added(Industry, missing)


def _write_records(
    county: Division,
    planned: list[Planned],
    model: type[Enterprise] | type[Project],
    written: list[str],
    recording: Recording | None,
) -> None:
    names = sorted({one.township for one in planned if one.township})
    if recording is not None:
        recording.look(Division, Division.objects.filter(parent=county).values_list("pk", flat=True))
    townships = {name: township_of(county, name) for name in names}
    for one in planned:
        if one.township:
            one.record.township = townships[one.township]
    manager = model._default_manager
    new = [one.record for one in planned if one.kind == Kind.NEW]
    manager.bulk_create(new, batch_size=AT_ONCE)
    changed = [one.record for one in planned if one.kind == Kind.CHANGED]
    manager.bulk_update(changed, written, batch_size=AT_ONCE)
    if recording is not None:
        recording.added(model, [record.pk for record in new])
        recording.added(Division, {township.pk for township in townships.values()})


def _write_plans(plan: Plan, *, source: str, by: User | None) -> list[int]:
    year = plan.half_month.start.year
    # A project that this table adds has no plan to be compared with: its first one is simply its baseline.
    made = AnnualPlan.objects.bulk_create(
        [
            AnnualPlan(project=row.project.record, year=year, amount=row.annual_plan, made_by=by)
            for row in plan.sound
            if row.project and row.project.kind == Kind.NEW and row.annual_plan is not None
        ],
        batch_size=AT_ONCE,
    )
    made += [
        plan_year(row.project.record, year, row.annual_plan, by=by, reason=source[-200:])
        for row in plan.sound
        if row.project and row.project.kind != Kind.NEW and row.annual_plan is not None
    ]
    return [one.pk for one in made]


# --- in the background ---


def confirm(batch: ImportBatch, *, by: User) -> bool:
    """Have a large table taken by a worker; False when it was confirmed before."""
    waiting = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.UPLOADED)
    return bool(
        waiting.update(state=ImportBatch.State.TAKING, taken_by=by, claimed_at=None, attempts=0, trouble={})
    )


def due(now: datetime) -> list[int]:
    """The hand-ins that wait for a worker, or whose worker has not been heard of for long."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_LAPSES_AFTER)
    waiting = ImportBatch.objects.waiting_for_worker().filter(free)
    return list(waiting.order_by("uploaded_at").values_list("pk", flat=True))


def work(pk: int, clock: Callable[[], datetime]) -> None:
    """Read, take, judge or undo one hand-in that waits for it; whoever else has it in hand is left alone."""
    now = clock()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_LAPSES_AFTER)
    mine = ImportBatch.objects.waiting_for_worker().filter(free, pk=pk)
    if not mine.update(claimed_at=now, attempts=F("attempts") + 1):
        return
    batch = ImportBatch.objects.select_related("county", "uploaded_by", "taken_by", "undone_by").get(pk=pk)
    people = {
        ImportBatch.State.UNDOING.value: batch.undone_by,
        ImportBatch.State.TAKING.value: batch.taken_by,
    }
    person = people.get(batch.state, batch.uploaded_by)
    with asked_by(lambda: person) if person else nullcontext():
        if batch.attempts > MOST_ATTEMPTS and batch.state != ImportBatch.State.JUDGING:
            _give_up(batch, ImportBatch.State.FAILED, "worker_failed")
        elif batch.state == ImportBatch.State.TAKING:
            _take_in_background(batch, clock)
        elif batch.state == ImportBatch.State.JUDGING:
            _judge_in_background(batch, clock)
        elif batch.state == ImportBatch.State.UNDOING:
            _undo_in_background(batch, now)
        else:
            _read_in_background(batch, now)


def _read_in_background(batch: ImportBatch, now: datetime) -> None:
    ImportBatch.objects.filter(pk=batch.pk).update(state=ImportBatch.State.READING)
    try:
        _read(batch, now)
    except (UnreadableFile, HalfMonthTakesNoTable) as refused:
        _give_up(batch, ImportBatch.State.REFUSED, refused.code, **refused.values_named)
        return
    reading = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.READING)
    reading.update(
        state=ImportBatch.State.UPLOADED, cycle_start=batch.cycle_start, total=batch.total, claimed_at=None
    )


def _take_in_background(batch: ImportBatch, clock: Callable[[], datetime]) -> None:
    try:
        take_batch(batch, by=batch.taken_by, at=clock(), judges_later=True)
        batch.refresh_from_db()
        _judge_in_background(batch, clock)
    except AlreadyTaken:
        logger.info("import %s was taken by another worker", batch.pk)
    except Stopped:
        _give_up(batch, ImportBatch.State.UPLOADED, "stopped")
    except LibraryChanged:
        _give_up(batch, ImportBatch.State.UPLOADED, "library_changed")
    except CycleIsClosed:
        _give_up(batch, ImportBatch.State.UPLOADED, "half_month_closed")
    except (UnreadableFile, HalfMonthTakesNoTable) as refused:
        _give_up(batch, ImportBatch.State.REFUSED, refused.code, **refused.values_named)


def _judge_in_background(batch: ImportBatch, clock: Callable[[], datetime]) -> None:
    """Some projects at a time, each time in a transaction of its own; a worker that comes later goes on."""
    assert batch.cycle_start is not None, "a table that was taken has a half-month"
    assert batch.taken_at is not None, "a table that was taken has its moment"
    half_month = HalfMonth.starting(batch.cycle_start)
    projects = judged_by(batch)
    judging = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.JUDGING)
    judging.update(total=len(projects))
    for first in range(batch.done, len(projects), JUDGED_AT_ONCE):
        some = projects[first : first + JUDGED_AT_ONCE]
        with transaction.atomic():
            mine = judging.filter(done=first)
            if not mine.update(done=first + len(some), claimed_at=clock(), attempts=0):
                logger.info("import %s is judged by another worker", batch.pk)
                return
            recording = Recording(batch)
            _judge(some, batch.county, half_month, recording, at=batch.taken_at)
            recording.keep()
    judging.update(state=ImportBatch.State.TAKEN, claimed_at=None)


def _undo_in_background(batch: ImportBatch, now: datetime) -> None:
    try:
        undo_batch(batch, by=batch.undone_by, at=now)
    except NotTaken:
        logger.info("import %s was undone by another worker", batch.pk)
    except TouchedSince:
        # Its page says what was touched.
        _give_up(batch, ImportBatch.State.TAKEN, "touched")


def ask_to_undo(batch: ImportBatch, *, by: User) -> bool:
    """Have a large table undone by a worker; False when somebody has asked for it before."""
    taken = ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.TAKEN)
    return bool(taken.update(state=ImportBatch.State.UNDOING, undone_by=by, claimed_at=None, attempts=0))


def _give_up(batch: ImportBatch, state: str, code: str, **values: str | int) -> None:
    at_work = ImportBatch.objects.filter(pk=batch.pk, state__in=ImportBatch.AT_WORK)
    at_work.update(state=state, trouble={"code": code, "values": values}, claimed_at=None)


def latest_half_months(today: date, count: int) -> list[HalfMonth]:
    """The half-months that a table may be of, the latest first."""
    latest = HalfMonth.latest_cut_off(today)
    return [latest.plus(-back) for back in range(count)]
