"""What would happen if a table were taken: every row held against the library, in a few queries."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Q
from stdnum.cn import uscc

from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.calendars.periods import HalfMonth
from tracker.exchange import rules
from tracker.exchange.archive import UnreadableFile
from tracker.exchange.models import ImportBatch
from tracker.exchange.rules import Column, Day, Field, Line, Note, ReadRow, Row
from tracker.exchange.shape import says_only_the_stage
from tracker.exchange.sheet import Table
from tracker.inspections.actions import FINISHED_STAGES, findings_of
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.rules import Findings, contradictions, questions
from tracker.library.models import (
    NOT_STARTED_STAGES,
    AnnualPlan,
    Division,
    Enterprise,
    InclusionState,
    Industry,
    Project,
)
from tracker.library.rules import INCLUSION_THRESHOLD, normalised

# A table's "否" says less than these, which somebody has learnt since.
KNOWN_BETTER_THAN_NO = frozenset(
    {
        InclusionState.NOT_APPLICABLE,
        InclusionState.PREPARING,
        InclusionState.SUBMITTED,
        InclusionState.RETURNED,
        InclusionState.REMOVED,
    }
)
# Where a finding of an inspection stands in the table.
COLUMN_OF_FINDING = {
    "year_above_total": Field.YTD,
    "not_a_percentage": Field.PROGRESS,
    "completed_before_start": Field.COMPLETED,
    "over_planned_total": Field.CUMULATIVE,
    "investment_fell": Field.CUMULATIVE,
    "year_fell": Field.YTD,
    "progress_fell": Field.PROGRESS,
    "progress_jumped": Field.PROGRESS,
}
# What a row says of a project besides its dates, its enterprise and its people.
PLAIN_OF_PROJECT = (
    Field.NATURE,
    Field.PLANNED_TOTAL,
    Field.PLANNED_EQUIPMENT,
    Field.PROBLEM,
    Field.RESPONSIBLE,
    Field.CONTACT,
    Field.PHONE,
)
DATES_OF_PROJECT = {
    Field.FILED: "filed",
    Field.PLANNED_START: "planned_start",
    Field.STARTED: "started",
    Field.PLANNED_COMPLETION: "planned_completion",
    Field.COMPLETED: "completed",
}


class HalfMonthTakesNoTable(Exception):
    """The half-month is skipped, or has not begun; `code` says which."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code, values)
        self.code = code
        self.values_named = values


class Kind(StrEnum):
    """What a row does to one record."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True)
class Change:
    """One value that the table would replace."""

    subject: str
    field: str
    old: Any
    new: Any


@dataclass
class Planned:
    """A record as it would be, and what of it is different from now."""

    record: Any
    kind: Kind
    changes: list[Change] = field(default_factory=list)
    # The township it would lie in, by name: one that is new is only added when the table is taken.
    township: str | None = None
    # It differs, and is left as it is because the table was handed in so.
    is_left: bool = False


@dataclass
class PlannedRow:
    """One row of the table and what follows from it; with errors, nothing does."""

    number: int
    row: Row | None
    errors: list[Note]
    warnings: list[Note]
    enterprise: Planned | None = None
    project: Planned | None = None
    findings: Findings | None = None
    inspection: Planned | None = None
    annual_plan: Decimal | None = None

    @property
    def kind(self) -> str:
        """The row as a whole: wrong, new, changed or same."""
        if self.errors:
            return "wrong"
        kinds = {part.kind for part in (self.enterprise, self.project, self.inspection) if part}
        return next(kind for kind in (Kind.NEW, Kind.CHANGED, Kind.SAME) if kind in kinds)

    @property
    def changes(self) -> list[Change]:
        """Everything that would be replaced."""
        parts = (self.enterprise, self.project, self.inspection)
        return [change for part in parts if part for change in part.changes]


@dataclass(frozen=True)
class Counts:
    """Enterprises, projects (with their plans) and inspections together, and the rows refused."""

    created: int
    changed: int
    unchanged: int
    refused: int


@dataclass
class Plan:
    """What taking a table would do."""

    half_month: HalfMonth
    notes: list[Note]
    rows: list[PlannedRow]
    enterprises: dict[str, Planned]
    # Why nothing of the table would be taken, as it is handed in.
    obstacles: list[Note] = field(default_factory=list)

    @property
    def sound(self) -> list[PlannedRow]:
        """The rows that can be taken."""
        return [row for row in self.rows if not row.errors]

    def count(self, records: str) -> Counter[str]:
        """How many "enterprises", "projects" or "inspections" would be new, changed or the same."""
        if records == "enterprises":
            return Counter(planned.kind for planned in self.enterprises.values())
        parts = [getattr(row, records.removesuffix("s")) for row in self.sound]
        return Counter(part.kind for part in parts)

    @property
    def counts(self) -> Counts:
        """All kinds of records together."""
        total = sum(
            (self.count(records) for records in ("enterprises", "projects", "inspections")), Counter()
        )
        refused = len(self.rows) - len(self.sound)
        return Counts(total[Kind.NEW], total[Kind.CHANGED], total[Kind.SAME], refused)


def as_handed_in(plan: Plan, existing: str, wrong: str) -> Plan:
    """The plan with what its batch wants done about records that differ and about rows that are wrong."""
    changed = sum(row.kind == Kind.CHANGED or bool(row.changes) for row in plan.sound)
    refused = len(plan.rows) - len(plan.sound)
    if existing == ImportBatch.Existing.STOP and changed:
        plan.obstacles.append(Note(0, "stopped_by_changes", values=(("count", changed),)))
    if wrong == ImportBatch.Wrong.STOP and refused:
        plan.obstacles.append(Note(0, "stopped_by_errors", values=(("count", refused),)))
    if existing == ImportBatch.Existing.SKIP:
        for row in plan.sound:
            _leave(row)
    return plan


def _leave(row: PlannedRow) -> None:
    """Only what is new is written; what is there already stays, beside what would have been changed."""
    for part in (row.enterprise, row.project, row.inspection):
        if part is not None and part.kind == Kind.CHANGED:
            part.kind, part.is_left, part.township = Kind.SAME, True, None
    if row.project and row.project.is_left:
        row.annual_plan = None


def half_month_of(table: Table, chosen: HalfMonth | None, today: date) -> HalfMonth:
    """The half-month whose figures the table brings: the chosen one, or the one that it names itself."""
    half_month = chosen or table.half_month
    if half_month is None:
        raise HalfMonthTakesNoTable("no_half_month")
    if half_month.end > today:
        raise HalfMonthTakesNoTable("half_month_ahead", half_month=half_month.code)
    return half_month


def columns_in(table: Table, half_month: HalfMonth) -> dict[Field, Column]:
    """The columns for the half-month's year; raises UnreadableFile when the figures are of another year."""
    columns = rules.columns_for(table.columns, half_month.start.year)
    if Field.YTD not in columns:
        head = next(column.head for column in table.columns if column.field == Field.YTD)
        raise UnreadableFile("figures_of_other_year", head=head, year=half_month.start.year)
    return columns


def plan_for(table: Table, county: Division, half_month: HalfMonth) -> Plan:
    """Hold every row against the county's library and the half-month; nothing is written."""
    cycle = Cycle.objects.of_county(county).filter(start=half_month.start).first()
    if cycle is not None and cycle.state == Cycle.State.SKIPPED:
        raise HalfMonthTakesNoTable("half_month_skipped", half_month=half_month.code)
    columns = columns_in(table, half_month)
    read = rules.read_lines(table.lines, columns)
    known = _Known(county, half_month, [row.row for row in read if row.row])
    plan = Plan(
        half_month=half_month,
        notes=_notes(table, county, half_month, cycle, columns),
        rows=[],
        enterprises={},
    )
    lines = {line.number: line for line in table.lines}
    planner = _Planner(plan, known, columns, is_open=cycle is None or cycle.is_open)
    for read_row in read:
        plan.rows.append(planner.planned(read_row, lines[read_row.number]))
    return plan


def _notes(
    table: Table,
    county: Division,
    half_month: HalfMonth,
    cycle: Cycle | None,
    columns: Mapping[Field, Column],
) -> list[Note]:
    """What is to be said of the table as a whole."""

    def note(code: str, **values: str | int) -> Note:
        return Note(0, code, values=tuple(values.items()))

    notes = []
    if table.half_month and table.half_month != half_month:
        notes.append(
            note("other_half_month", named_half_month=table.half_month.code, half_month=half_month.code)
        )
    counties = Division.objects.counties().exclude(pk=county.pk).values_list("name_zh", flat=True)
    others = [name for name in counties if name in table.above]
    if others and county.name_zh not in table.above:
        notes.append(note("other_county", named=others[0], county=county.name_zh))
    if not table.names_unit:
        notes.append(note("no_unit"))
    if cycle is not None and not cycle.is_open:
        notes.append(note("half_month_closed", half_month=half_month.code))
    notes += [note("other_sheet", sheet=table.sheet, other=other) for other in table.other_sheets]
    # A column of another year, or a second one for the same thing, is not read either.
    not_read = [f"{one.letter} {one.head}" for one in table.columns if one not in columns.values()]
    if heads := [*map(str, table.not_understood), *not_read]:
        notes.append(note("columns_not_read", heads="；".join(heads)))
    return notes


class _Known:
    """What the library holds of everything that the rows name."""

    def __init__(self, county: Division, half_month: HalfMonth, rows: list[Row]) -> None:
        self.county = county
        self.half_month = half_month
        codes = {row.credit_code for row in rows}
        enterprises = Enterprise.objects.filter(credit_code__in=codes).select_related(
            "township", "merged_into"
        )
        self.enterprises = {enterprise.credit_code: enterprise for enterprise in enterprises}
        named = Q(code__in={row.project_code for row in rows if row.project_code})
        own = Q(enterprise__in=[one.pk for one in self.enterprises.values() if one.county_id == county.pk])
        projects = list(
            Project.objects.filter(named | own).select_related(
                "enterprise", "township", "inspector", "merged_into"
            )
        )
        self.by_code = {project.code: project for project in projects if project.code}
        self.by_name: dict[tuple[int, str], list[Project]] = {}
        for project in projects:
            if project.merged_into_id is not None:
                continue
            self.by_name.setdefault((project.enterprise_id, normalised(project.name)), []).append(project)
        ids = [project.pk for project in projects if project.county_id == county.pk]
        plans = AnnualPlan.objects.filter(project__in=ids, year=half_month.start.year).order_by("version")
        self.townships = set(Division.objects.filter(parent=county).values_list("name_zh", flat=True))
        self.plans = {plan.project_id: plan for plan in plans}
        self._read_inspections(ids)
        self.overtaken_enterprises = {one.enterprise_id for one in projects if one.pk in self.overtaken}
        people = User.objects.filter(
            role=Role.INSPECTOR, is_active=True, division__path__startswith=county.path
        ).select_related("division")
        self.people: dict[str, list[User]] = {}
        for person in people:
            self.people.setdefault(normalised(person.name), []).append(person)
        self.industries = set(
            Industry.objects.filter(code__in={row.industry for row in rows if row.industry}).values_list(
                "code", flat=True
            )
        )

    def _read_inspections(self, ids: list[int]) -> None:
        start = self.half_month.start
        here = Inspection.objects.filter(project__in=ids)
        self.inspections = {row.project_id: row for row in here.in_cycle(start)}
        # The last one before: a year back is further than any question asks.
        before = here.accepted().filter(
            cycle_start__lt=start, cycle_start__gte=self.half_month.plus(-24).start
        )
        self.before = {row.project_id: row for row in before.order_by("cycle_start")}
        newer = here.accepted().filter(cycle_start__gt=start)
        self.overtaken = set(newer.values_list("project_id", flat=True))

    def inspector_named(self, name: str, township: str) -> tuple[User | None, bool]:
        """The inspector of that name who sees the township; none, and a doubt, if there are several."""
        named = self.people.get(normalised(name), [])
        people = [
            one
            for one in named
            if one.division and (one.division == self.county or one.division.name_zh == township)
        ]
        return (people[0], False) if len(people) == 1 else (None, len(people) > 1)


class _Refused(Exception):
    """A row that cannot be taken, for this reason at this column."""

    def __init__(self, at: Field, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.at, self.code, self.values_named = at, code, values


class _Planner:
    """Goes through the rows in order, remembering what earlier rows have claimed."""

    def __init__(self, plan: Plan, known: _Known, columns: Mapping[Field, Column], *, is_open: bool) -> None:
        self.plan = plan
        self.known = known
        self.columns = columns
        self.is_open = is_open
        # A table without words and without dates says nothing of how far a project has come.
        self.tells_stage = bool(columns.keys() & {Field.PROGRESS_NOTE, Field.STARTED, Field.COMPLETED})
        self.first_row_of: dict[object, int] = {}
        self.enterprise_row: dict[str, int] = {}

    def planned(self, read: ReadRow, line: Line) -> PlannedRow:
        planned = PlannedRow(read.number, read.row, list(read.errors), list(read.warnings))
        if read.row is None:
            return planned
        try:
            self._fill(planned, read.row, line)
        except _Refused as refused:
            planned.errors.append(self._note(line, refused.at, refused.code, **refused.values_named))
            planned.enterprise = planned.project = planned.inspection = None
        return planned

    def _note(self, line: Line, at: Field, code: str, **values: str | int) -> Note:
        column = self.columns.get(at)
        if column is None:
            return Note(line.number, code, values=tuple(values.items()))
        cell = line.cells[column.index] if column.index < len(line.cells) else ""
        written = rules.masked(at, rules.text_of(cell))[: rules.WRITTEN_SHOWN]
        return Note(line.number, code, column.letter, column.head, written, tuple(values.items()))

    def _fill(self, planned: PlannedRow, row: Row, line: Line) -> None:
        enterprise = self._enterprise_of(row)
        project = self._project_of(row, enterprise)
        self._claim(row, project)
        inspection = self.known.inspections.get(project.pk) if project else None
        is_newest = project is None or project.pk not in self.known.overtaken
        findings = self._findings(row, project if is_newest else None, inspection)
        self._check(row, project, findings)
        planned.findings = findings
        planned.inspection = self._planned_inspection(findings, inspection)
        odd = [(at, code) for at, code in rules.oddities(row, self.plan.half_month.end)]
        odd += [(COLUMN_OF_FINDING[code], code) for code in self._questions(row, project, findings)]
        planned.enterprise = self._planned_enterprise(row, enterprise, odd)
        planned.project = self._planned_project(row, planned.enterprise.record, project, is_newest, odd)
        planned.annual_plan = self._annual_plan(row, project, is_newest, planned.project)
        planned.warnings += [self._note(line, at, code) for at, code in odd]
        first = self.enterprise_row.setdefault(row.credit_code, row.number)
        if first != row.number and self._differs(row, planned.enterprise.record):
            planned.warnings.append(self._note(line, Field.ENTERPRISE, "enterprise_differs", first=first))

    def _enterprise_of(self, row: Row) -> Enterprise | None:
        if not uscc.is_valid(row.credit_code):
            raise _Refused(Field.CREDIT_CODE, "not_a_credit_code")
        enterprise = self.known.enterprises.get(row.credit_code)
        if enterprise is not None and enterprise.county_id != self.known.county.pk:
            raise _Refused(Field.CREDIT_CODE, "enterprise_elsewhere")
        if enterprise is not None and enterprise.merged_into is not None:
            kept = enterprise.merged_into
            raise _Refused(
                Field.CREDIT_CODE, "enterprise_merged", enterprise=kept.name, credit_code=kept.credit_code
            )
        return enterprise

    def _project_of(self, row: Row, enterprise: Enterprise | None) -> Project | None:
        """By its code, else by its name among the enterprise's own."""
        if row.project_code:
            project = self.known.by_code.get(row.project_code)
            if project is not None and project.county_id != self.known.county.pk:
                raise _Refused(Field.PROJECT_CODE, "project_elsewhere")
            if project is not None and project.enterprise.credit_code != row.credit_code:
                raise _Refused(Field.PROJECT_CODE, "project_of_other", enterprise=project.enterprise.name)
            if project is not None and project.merged_into is not None:
                raise _Refused(Field.PROJECT_CODE, "project_merged", project=project.merged_into.name)
            if project is not None:
                return project
        if enterprise is None:
            return None
        same_name = self.known.by_name.get((enterprise.pk, row.project_name), [])
        if row.project_code:
            # Two projects of one name are told apart by their codes: only one without a code may be meant.
            same_name = [project for project in same_name if project.code is None]
        if len(same_name) > 1:
            raise _Refused(Field.PROJECT, "name_of_several")
        return same_name[0] if same_name else None

    def _claim(self, row: Row, project: Project | None) -> None:
        """Each project once in a table; the second row of one is refused, for it may say something else."""
        claims: list[object] = [("name", row.credit_code, row.project_name)] if not row.project_code else []
        claims += [("code", row.project_code)] if row.project_code else []
        claims += [("project", project.pk)] if project else []
        for claim in claims:
            if claim in self.first_row_of:
                at = Field.PROJECT_CODE if row.project_code else Field.PROJECT
                raise _Refused(at, "twice_in_table", first=self.first_row_of[claim])
        for claim in claims:
            self.first_row_of[claim] = row.number

    def _findings(self, row: Row, project: Project | None, before: Inspection | None) -> Findings:
        """What the row says of the half-month; what it leaves empty stays as it was entered."""
        state, included_on = row.inclusion, row.included_on
        if state == rules.NOT_INCLUDED:
            known = before.inclusion_state if before else project.inclusion_state if project else None
            is_before_start = row.stage in NOT_STARTED_STAGES and row.started is None
            state = InclusionState.NOT_DUE if is_before_start else InclusionState.PREPARING
            has_grown = known == InclusionState.NOT_APPLICABLE and row.planned_total >= INCLUSION_THRESHOLD
            state = InclusionState(known) if known in KNOWN_BETTER_THAN_NO and not has_grown else state
        if state != InclusionState.INCLUDED:
            included_on = None
        elif included_on is None:
            included_on = before.included_on if before else project.included_on if project else None
        return Findings(
            cumulative_investment=row.cumulative_investment,
            ytd_investment=row.ytd_investment,
            progress_percent=row.progress_percent,
            stage=row.stage if project is None or self.tells_stage else project.stage,
            inclusion_state=str(state),
            included_on=included_on,
            started_on=_finer(row.started, project, before, "started_on"),
            completed_on=_finer(row.completed, project, before, "completed_on"),
            progress_note=_progress_note(row, before),
            remark=row.remark or (before.remark if before else ""),
        )

    def _check(self, row: Row, project: Project | None, findings: Findings) -> None:
        for _field, code in contradictions(findings):
            raise _Refused(COLUMN_OF_FINDING[code], code)
        # A step without a day of its own is dated with the cut-off when the inspection counts.
        cut_off = self.plan.half_month.end
        started = findings.started_on or (project.started_on if project else None)
        completed = findings.completed_on or (project.completed_on if project else None)
        if completed is None and findings.stage in FINISHED_STAGES:
            completed = cut_off
        if started and completed and completed < started:
            raise _Refused(Field.COMPLETED, "completed_before_start")

    def _planned_inspection(self, findings: Findings, before: Inspection | None) -> Planned:
        if before is None:
            return Planned(None, Kind.NEW)
        old, new = asdict(findings_of(before)), asdict(findings)
        changes = [Change("inspection", name, old[name], new[name]) for name in new if old[name] != new[name]]
        if changes and not self.is_open:
            raise _Refused(Field.CUMULATIVE, "half_month_closed_here")
        return Planned(before, Kind.CHANGED if changes else Kind.SAME, changes)

    def _questions(self, row: Row, project: Project | None, findings: Findings) -> list[str]:
        before = self.known.before.get(project.pk) if project else None
        is_same_year = before is not None and before.cycle_start.year == self.plan.half_month.start.year
        return questions(findings, findings_of(before) if before else None, row.planned_total, is_same_year)

    # --- the enterprise ---

    def _planned_enterprise(
        self, row: Row, enterprise: Enterprise | None, odd: list[tuple[Field, str]]
    ) -> Planned:
        """The enterprise as the first sound row that names it says."""
        if row.credit_code in self.plan.enterprises:
            return self.plan.enterprises[row.credit_code]
        if row.industry and row.industry not in self.known.industries:
            odd.append((Field.INDUSTRY, "new_industry"))
        facts: dict[str, Any] = {"name": row.enterprise_name}
        given = {"chain": row.chain, "rung": row.rung, "industry_id": row.industry}
        facts |= {name: value for name, value in given.items() if value is not None}
        if enterprise is None:
            contact = {"contact_name": row.contact_name or "", "contact_phone": row.contact_phone or ""}
            record = Enterprise(credit_code=row.credit_code, county=self.known.county, **facts, **contact)
            planned = Planned(record, Kind.NEW)
            self._place(planned, "enterprise", row.township)
        elif enterprise.pk in self.known.overtaken_enterprises:
            planned = Planned(enterprise, Kind.SAME)
        else:
            planned = _compared("enterprise", enterprise, facts)
            self._place(planned, "enterprise", row.township)
        self.plan.enterprises[row.credit_code] = planned
        return planned

    def _place(self, planned: Planned, subject: str, township: str | None) -> None:
        now = planned.record.township.name_zh if planned.record.township_id else ""
        if township is None or township == now:
            return
        planned.township = township
        if planned.kind != Kind.NEW:
            planned.kind = Kind.CHANGED
            planned.changes.append(Change(subject, "township", now, township))

    def _differs(self, row: Row, enterprise: Enterprise) -> bool:
        said = {
            "name": row.enterprise_name,
            "chain": row.chain,
            "rung": row.rung,
            "industry_id": row.industry,
        }
        return any(value is not None and getattr(enterprise, name) != value for name, value in said.items())

    # --- the project ---

    def _planned_project(
        self,
        row: Row,
        enterprise: Enterprise,
        project: Project | None,
        is_newest: bool,
        odd: list[tuple[Field, str]],
    ) -> Planned:
        facts: dict[str, Any] = {"name": row.project_name}
        facts |= {one.value: getattr(row, one.value) for one in PLAIN_OF_PROJECT}
        facts = {name: value for name, value in facts.items() if value is not None}
        if row.project_code:
            facts["code"] = row.project_code
        found = {one.value: getattr(row, attribute) for one, attribute in DATES_OF_PROJECT.items()}
        facts |= _dates(project, found)
        township = row.township or (project.township.name_zh if project and project.township else "")
        inspector, is_doubtful = self.known.inspector_named(row.responsible_name or "", township)
        if is_doubtful:
            odd.append((Field.RESPONSIBLE, "inspector_of_several"))
        if project is None:
            record = Project(
                enterprise=enterprise,
                county=self.known.county,
                inspector=inspector,
                stage=row.stage,
                **facts,
            )
            planned = Planned(record, Kind.NEW)
        elif not is_newest:
            # A table older than what is known of the project adds its inspection and changes nothing else.
            return Planned(project, Kind.SAME)
        else:
            is_other = row.responsible_name is not None and row.responsible_name != project.responsible_name
            if is_other or (inspector and project.inspector is None):
                facts["inspector"] = inspector
            planned = _compared("project", project, facts)
        self._place(planned, "project", row.township)
        # A county that has named none yet begins with this table; each new name is asked about once.
        if row.township and self.known.townships and row.township not in self.known.townships:
            self.known.townships.add(row.township)
            odd.append((Field.TOWNSHIP, "new_township"))
        return planned

    def _annual_plan(
        self, row: Row, project: Project | None, is_newest: bool, planned: Planned
    ) -> Decimal | None:
        """The year's amount when it is new or another one than planned so far."""
        column = self.columns.get(Field.ANNUAL_PLAN)
        if row.annual_plan is None or column is None:
            return None
        current = self.known.plans.get(project.pk) if project else None
        if current and (current.amount == row.annual_plan or not is_newest):
            return None
        if planned.kind != Kind.NEW:
            old = current.amount if current else None
            planned.kind = Kind.CHANGED
            planned.changes.append(Change("project", "annual_plan", old, row.annual_plan))
        return row.annual_plan


def _dates(project: Project | None, found: Mapping[str, Day | None]) -> dict[str, Any]:
    """The dates that the row gives; a month never replaces a day within it that is known already."""
    dates: dict[str, Any] = {}
    month_only = set(project.month_only if project else ())
    for name, day in found.items():
        now: date | None = getattr(project, name) if project else None
        if day is None:
            continue
        is_vaguer = day.is_month_only and name not in month_only
        if now and is_vaguer and (now.year, now.month) == (day.day.year, day.day.month):
            continue
        dates[name] = day.day
        month_only = month_only | {name} if day.is_month_only else month_only - {name}
    if sorted(month_only) != sorted(project.month_only if project else ()):
        dates["month_only"] = sorted(month_only)
    return dates


def _progress_note(row: Row, before: Inspection | None) -> str:
    """The words of the row; the word that our own table gives a stage for want of others says nothing new."""
    if before is None:
        return row.progress_note or ""
    says_nothing = row.progress_note is None or says_only_the_stage(row.progress_note, before.stage)
    return before.progress_note if says_nothing else row.progress_note or ""


def _finer(found: Day | None, project: Project | None, before: Inspection | None, name: str) -> date | None:
    """The day that the row gives, where it says anything new.

    What it leaves empty, knows to the month only, or repeats from the project's own facts stays as it was.
    """
    entered: date | None = getattr(before, name) if before else None
    if found is None:
        return entered
    if before is not None and project is not None and found.day == getattr(project, name):
        return entered
    day: date | None = getattr(before or project, name) if before or project else None
    is_same_month = day is not None and (day.year, day.month) == (found.day.year, found.day.month)
    return day if found.is_month_only and is_same_month else found.day


def _compared(subject: str, record: Any, facts: Mapping[str, Any]) -> Planned:
    """The record with the facts written into it, and which of them are new."""
    changes = []
    for name, new in facts.items():
        old = getattr(record, name)
        if old != new:
            changes.append(Change(subject, name, old, new))
            setattr(record, name, new)
    return Planned(record, Kind.CHANGED if changes else Kind.SAME, changes)
