"""The statistics bureau's own list of a month: read, matched with the county's projects, and taken.

Only the liaison takes it. It sets figures of the survey, states of inclusion and references; what inspections
have reported is never touched.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from enum import StrEnum

from django.db import transaction
from stdnum.cn import uscc

import tracker.exchange.rules as tables
import tracker.library.rules as library
from tracker.accounts.models import User
from tracker.calendars.periods import Month, NotAPeriod, shanghai_date
from tracker.exchange.archive import UnreadableFile, column_letter
from tracker.exchange.grids import sheets_of
from tracker.exchange.rules import Cell, Note, UnreadableCell, amount_of, day_of, text_of, unit_named
from tracker.inspections.actions import judge_again
from tracker.library.inclusion import rules
from tracker.library.inclusion.actions import (
    ChangedMeanwhile,
    set_figure,
    set_inclusion,
    set_reference,
)
from tracker.library.inclusion.models import BureauList, StatisticalFigure
from tracker.library.inclusion.rules import Amounts, InclusionState, Way
from tracker.library.models import Division, Project

HEAD_WITHIN, FEWEST_HEADS, TALLEST_HEAD = 60, 3, 2
MOST_ROWS, MOST_COLUMNS = 5_000, 200
CANDIDATES_SHOWN = 5
ALIKE = 0.55
WRITTEN_SHOWN, LONGEST_REFERENCE = 60, 60


class Field(StrEnum):
    """What a column of the list can hold."""

    CODE = "code"
    CREDIT_CODE = "credit_code"
    ENTERPRISE = "enterprise"
    PROJECT = "project"
    YTD = "ytd"
    CONSTRUCTION = "construction"
    INSTALLATION = "installation"
    EQUIPMENT = "equipment"
    USED = "used_equipment"
    OTHER = "other"
    STATE = "state"
    INCLUDED = "included_on"
    REFERENCE = "reference"


_OWN_HEADS: tuple[tuple[Field, re.Pattern[str]], ...] = tuple(
    (meaning, re.compile(pattern))
    for meaning, pattern in (
        (
            Field.YTD,
            "(本年)?(1[-—~至][0-9]{1,2}月份?|自?年初(以来|至今)?|1[-—~至]本月)(累计)?(完成)?(固定资产)?投资(完成)?额?"
            "|本年(累计)?完成投资额?",
        ),
        (Field.CONSTRUCTION, "(其中)?(建筑|建安|建筑安装)工程(投资|完成)?额?"),
        (Field.INSTALLATION, "(其中)?安装工程(投资|完成)?额?"),
        (Field.USED, "(其中)?(购置)?旧设备(购置|投资)?(费|额)?"),
        (Field.EQUIPMENT, "(其中)?设备(和|及)?(工器具|工具器具|器具)?购置(费|投资|完成)?额?"),
        (Field.OTHER, "(其中)?其他(费用|投资)额?"),
        (
            Field.REFERENCE,
            "(入库|纳统|批复|审核)?(文号|批次|依据)|(统计|入库|纳统)(局)?(项目)?(编号|编码)|(入库|纳统)通知书?号?",
        ),
    )
)
_SHARED_HEADS: Mapping[tables.Field, Field] = {
    tables.Field.PROJECT_CODE: Field.CODE,
    tables.Field.CREDIT_CODE: Field.CREDIT_CODE,
    tables.Field.ENTERPRISE: Field.ENTERPRISE,
    tables.Field.PROJECT: Field.PROJECT,
    tables.Field.YTD: Field.YTD,
    tables.Field.PLANNED_EQUIPMENT: Field.EQUIPMENT,
    tables.Field.INCLUSION: Field.STATE,
    tables.Field.INCLUDED: Field.INCLUDED,
}
_MONTH = re.compile(r"(20[0-9]{2})[年.-]?(?:0?1月?[-—~至])?(1[0-2]|0?[1-9])月")
_CODED_MONTH = re.compile(r"(20[0-9]{2})[-.]?(1[0-2]|0[1-9])(?![0-9])")
_PARTS = (Field.CONSTRUCTION, Field.INSTALLATION, Field.EQUIPMENT, Field.USED, Field.OTHER)
_TOTAL = re.compile(r"(本页|全县|总)?(合计|小计|总计|共计)([(:、].*)?|合\s*计")


class AlreadyTaken(Exception):
    """Somebody has confirmed this list before."""


class ListHasNoMonth(Exception):
    """Neither the list nor the person says of which month it is, or that month has no survey yet."""


class Kind(StrEnum):
    """What taking the list would do to a row's project."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    UNMATCHED = "unmatched"
    WRONG = "wrong"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Column:
    """A column that is understood."""

    index: int
    head: str
    unit: str


@dataclass(frozen=True)
class BureauTable:
    """The list that was found in a file."""

    above: str
    columns: Mapping[Field, Column]
    lines: tuple[tuple[int, tuple[Cell, ...]], ...]


@dataclass(frozen=True)
class Said:
    """What one row says."""

    number: int
    code: str = ""
    credit_code: str = ""
    enterprise: str = ""
    project: str = ""
    amounts: Amounts | None = None
    state: str = ""
    included_on: date | None = None
    reference: str = ""


@dataclass
class Change:
    """One value that would be replaced, by the name of what holds it."""

    field: str
    old: object
    new: object


@dataclass
class PlannedRow:
    """One row, what it was matched with, and what would follow."""

    said: Said
    kind: Kind
    project: Project | None = None
    errors: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    candidates: list[Project] = field(default_factory=list)
    moves_to: InclusionState | None = None

    @property
    def number(self) -> int:
        """Where it stands in the file."""
        return self.said.number


# --- reading ---


def read_list(content: bytes) -> BureauTable:
    """The list in a file; raises UnreadableFile when there is none that can be read."""
    for sheet in sheets_of(content):
        table = _table_in(sheet.grid)
        if table is not None:
            return table
    raise UnreadableFile("no_bureau_list")


def _table_in(grid: list[list[Cell]]) -> BureauTable | None:
    best: tuple[int, int, dict[Field, Column]] | None = None
    for first in range(min(len(grid), HEAD_WITHIN)):
        for height in range(1, min(TALLEST_HEAD, len(grid) - first) + 1):
            columns = _columns(grid[first : first + height])
            # A title above a head says nothing more: of equals the one with fewer rows is the head.
            if best is None or (len(columns), -height) > (len(best[2]), -best[1]):
                best = (first, height, columns)
    if best is None:
        return None
    first, height, columns = best
    names_project = Field.CODE in columns or Field.PROJECT in columns
    if len(columns) < FEWEST_HEADS or Field.YTD not in columns or not names_project:
        return None
    above = " ".join(text for row in grid[:first] for text in map(text_of, row) if text)[:2_000]
    unit = unit_named(above) or "万元"
    columns = {name: replace(column, unit=column.unit or unit) for name, column in columns.items()}
    body = [(at + 1, tuple(grid[at])) for at in range(first + height, len(grid))]
    lines = tuple((number, cells) for number, cells in body if _is_project(cells, columns))
    if not lines:
        raise UnreadableFile("no_rows_in_list", row=first + 1)
    if len(lines) > MOST_ROWS:
        raise UnreadableFile("too_many_rows", most=MOST_ROWS, row=lines[MOST_ROWS][0])
    heads = " ".join(column.head for column in columns.values())
    return BureauTable(f"{above} {heads}", columns, lines)


def _columns(rows: list[list[Cell]]) -> dict[Field, Column]:
    found: dict[Field, Column] = {}
    for index in range(min(max(len(row) for row in rows), MOST_COLUMNS)):
        texts = dict.fromkeys(text_of(row[index]) for row in rows if index < len(row))
        # A head may stand over its parts ("其中"), so the lowest text that says something decides.
        for head in reversed([*texts, "".join(texts)]):
            meaning = _meaning_of(head)
            if meaning and meaning[0] not in found:
                found[meaning[0]] = Column(index, head, meaning[1])
                break
    return found


def _meaning_of(head: str) -> tuple[Field, str] | None:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", head))
    if not text or len(text) > WRITTEN_SHOWN:
        return None
    unit = re.search(r"[(\[【]?(?:单位:?)?(亿元|万元|千元|(?<![亿万千])元)[)\]】]?", text)
    bare = text.replace(unit[0], "") if unit else text
    bare = re.sub(r"20[0-9]{2}年度?", "本年", re.sub(r"[:、,。*]", "", bare))
    for own, pattern in _OWN_HEADS:
        if pattern.fullmatch(bare):
            return own, unit[1] if unit else ""
    shared = tables.meaning_of(head)
    if shared is not None and shared.field in _SHARED_HEADS:
        return _SHARED_HEADS[shared.field], shared.unit
    return None


def _is_project(cells: tuple[Cell, ...], columns: Mapping[Field, Column]) -> bool:
    """Neither empty, nor a total, nor a note: something stands under what names the project."""
    texts = [unicodedata.normalize("NFKC", text_of(cell)) for cell in cells]
    filled = [text for text in texts if text]
    if not filled or any(_TOTAL.fullmatch(text) for text in filled[:3]):
        return False
    naming = [
        columns[name].index for name in (Field.CODE, Field.PROJECT, Field.ENTERPRISE) if name in columns
    ]
    return any(index < len(texts) and texts[index] for index in naming) and len(filled) > 1


def month_of(table: BureauTable, filename: str, chosen: Month | None, today: date) -> Month:
    """The month that the list is of: as the person says, else as the list or its name says."""
    named = _month_named(table.above) or _month_named(filename)
    month = chosen or named
    if month is None or not rules.has_survey(month) or month > rules.latest_survey(today):
        raise ListHasNoMonth(month)
    return month


def _month_named(text: str) -> Month | None:
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    found = _MONTH.search(plain) or _CODED_MONTH.search(plain)
    try:
        return Month(int(found[1]), int(found[2])) if found else None
    except NotAPeriod:
        return None


class _Reader:
    """Reads one row cell by cell and keeps what cannot be read: a row tells all its errors at once."""

    def __init__(self, number: int, cells: tuple[Cell, ...], columns: Mapping[Field, Column]) -> None:
        self.number, self.cells, self.columns = number, cells, columns
        self.errors: list[Note] = []

    def cell(self, name: Field) -> Cell:
        column = self.columns.get(name)
        return self.cells[column.index] if column and column.index < len(self.cells) else ""

    def note(self, name: Field, code: str, **values: str | int) -> Note:
        column = self.columns.get(name)
        letter, head = (column_letter(column.index), column.head) if column else ("", "")
        written = library.with_masked_phones(text_of(self.cell(name)))[:WRITTEN_SHOWN]
        return Note(self.number, code, letter, head, written, tuple(values.items()))

    def wrong(self, name: Field, code: str, **values: str | int) -> None:
        self.errors.append(self.note(name, code, **values))

    def text(self, name: Field) -> str:
        return library.normalised(text_of(self.cell(name)))

    def amount(self, name: Field) -> Decimal | None:
        if name not in self.columns:
            return None
        try:
            return amount_of(self.cell(name), self.columns[name].unit)
        except UnreadableCell as unreadable:
            self.wrong(name, unreadable.code, **unreadable.values_named)
            return None

    def day(self, name: Field) -> date | None:
        try:
            found = day_of(self.cell(name))
        except UnreadableCell as unreadable:
            self.wrong(name, unreadable.code, **unreadable.values_named)
            return None
        return found.day if found else None

    def state(self) -> str:
        try:
            return tables.inclusion_of(text_of(self.cell(Field.STATE)))
        except UnreadableCell as unreadable:
            self.wrong(Field.STATE, unreadable.code, **unreadable.values_named)
            return ""

    def code(self) -> str:
        text = self.text(Field.CODE)
        if not text or text in tables.NOTHING:
            return ""
        try:
            return library.project_code(text)
        except ValueError:
            self.wrong(Field.CODE, "not_a_project_code")
            return ""

    def credit_code(self) -> str:
        text = library.normalised_code(text_of(self.cell(Field.CREDIT_CODE)))
        if text and not uscc.is_valid(text):
            self.wrong(Field.CREDIT_CODE, "not_a_credit_code")
            return ""
        return text

    def amounts(self) -> Amounts | None:
        ytd = self.amount(Field.YTD)
        parts = [self.amount(name) for name in _PARTS]
        if ytd is None:
            if not any(error.letter == self.note(Field.YTD, "").letter for error in self.errors):
                self.wrong(Field.YTD, "missing")
            return None
        amounts = Amounts(ytd, *parts)
        for code in rules.contradictions(amounts):
            self.wrong(Field.USED if code == "used_above_equipment" else Field.YTD, code)
        return amounts

    def said(self, today: date) -> Said:
        included_on = self.day(Field.INCLUDED)
        if included_on and included_on > today:
            self.wrong(Field.INCLUDED, "day_in_future")
        reference = self.text(Field.REFERENCE)
        if len(reference) > LONGEST_REFERENCE:
            self.wrong(Field.REFERENCE, "too_long", most=LONGEST_REFERENCE)
        return Said(
            number=self.number,
            code=self.code(),
            credit_code=self.credit_code(),
            enterprise=self.text(Field.ENTERPRISE),
            project=self.text(Field.PROJECT),
            amounts=self.amounts(),
            state=self.state() or ("included" if included_on else ""),
            included_on=included_on,
            reference=reference[:LONGEST_REFERENCE],
        )


# --- matching ---


class _County:
    """The county's projects by what a list may call them."""

    def __init__(self, county: Division) -> None:
        rows = Project.objects.of_county(county).select_related("enterprise", "county", "township")
        self.projects = {project.pk: project for project in rows.order_by("pk")}
        self.by_code = {project.code: project for project in self.projects.values() if project.code}
        self.by_names: dict[tuple[str, str], list[Project]] = {}
        for project in self.projects.values():
            key = (project.enterprise.credit_code, _plain(project.name))
            self.by_names.setdefault(key, []).append(project)

    def match(self, said: Said) -> Project | None:
        """By the project's code, then by the enterprise's code and the project's name."""
        if said.code and said.code in self.by_code:
            return self.by_code[said.code]
        named = self.by_names.get((said.credit_code, _plain(said.project)), []) if said.credit_code else []
        # A code that the library does not know for it may be another project's of the same name.
        fitting = [project for project in named if not (said.code and project.code)]
        return fitting[0] if len(fitting) == 1 else None

    def candidates(self, said: Said) -> list[Project]:
        """Those that it may be, the likeliest first."""
        ranked = sorted(
            ((self._likeness(said, project), -pk) for pk, project in self.projects.items()), reverse=True
        )
        return [self.projects[-pk] for rank, pk in ranked[:CANDIDATES_SHOWN] if rank >= ALIKE]

    def _likeness(self, said: Said, project: Project) -> float:
        is_firm = said.credit_code == project.enterprise.credit_code
        firm = 1.0 if is_firm else _alike(said.enterprise, project.enterprise.name)
        return 0.5 * firm + 0.5 * _alike(said.project, project.name)


def _plain(name: str) -> str:
    return library.normalised(name).replace(" ", "").lower()


def _alike(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    return 1.0 if _plain(one) == _plain(other) else SequenceMatcher(None, _plain(one), _plain(other)).ratio()


# --- what would happen ---


def plan_for(batch: BureauList, today: date) -> list[PlannedRow]:
    """What taking the list would do now, row by row."""
    table = read_list(bytes(batch.content))
    county, month = _County(batch.county), batch.period
    figures = {
        figure.project_id: figure
        for figure in StatisticalFigure.objects.of_month(month).filter(project__county=batch.county)
    }
    before = {
        figure.project_id: figure.ytd_investment
        for figure in StatisticalFigure.objects.filter(
            project__county=batch.county, year=month.year, month__lt=month.month
        ).order_by("month")
    }
    first_row_of: dict[int, int] = {}
    planned = []
    for number, cells in table.lines:
        reader = _Reader(number, cells, table.columns)
        said = reader.said(today)
        row = PlannedRow(said, Kind.WRONG, errors=reader.errors)
        planned.append(row)
        chosen = batch.chosen.get(str(number), 0)
        if chosen is None:
            row.kind, row.errors = Kind.LEFT_OUT, []
            continue
        row.project = county.projects.get(chosen) or county.match(said)
        if row.project is not None and row.project.pk in first_row_of:
            at = Field.CODE if said.code else Field.PROJECT
            reader.wrong(at, "twice_in_list", first=first_row_of[row.project.pk])
        if row.errors:
            continue
        if row.project is None:
            row.kind, row.candidates = Kind.UNMATCHED, county.candidates(said)
            continue
        first_row_of[row.project.pk] = number
        _plan_row(row, reader, figures.get(row.project.pk), before.get(row.project.pk))
    return planned


def _plan_row(
    row: PlannedRow, reader: _Reader, figure: StatisticalFigure | None, before: Decimal | None
) -> None:
    said, project = row.said, row.project
    assert project is not None
    assert said.amounts is not None
    if said.project and _plain(said.project) != _plain(project.name):
        row.warnings.append(reader.note(Field.PROJECT, "other_name", known=project.name))
    if before is not None and said.amounts.ytd < before:
        row.warnings.append(reader.note(Field.YTD, "year_fell"))
    names = ("ytd", "construction", "installation", "equipment", "used_equipment", "other")
    known = figure.amounts if figure else None
    if known is not None and known.ytd == said.amounts.ytd:
        said = row.said = replace(said, amounts=_with_known_parts(said.amounts, known))
        assert said.amounts is not None
    row.changes = [
        Change(name, getattr(known, name), getattr(said.amounts, name))
        for name in names
        if known is not None and getattr(known, name) != getattr(said.amounts, name)
    ]
    row.moves_to = _move(row, reader, project)
    if row.moves_to is not None:
        if row.moves_to != project.inclusion_state:
            row.changes.append(Change("inclusion_state", project.inclusion_state, row.moves_to))
        if said.included_on and row.moves_to == InclusionState.INCLUDED:
            row.changes.append(Change("included_on", project.included_on, said.included_on))
    if said.reference and said.reference != project.inclusion_reference:
        row.changes.append(Change("reference", project.inclusion_reference, said.reference))
    row.kind = Kind.NEW if figure is None else Kind.CHANGED if row.changes else Kind.SAME


def _with_known_parts(said: Amounts, known: Amounts) -> Amounts:
    """Of the same whole, parts that the list leaves out stay as they were, unless they contradict it."""
    parts = {
        name: getattr(known, name) if getattr(said, name) is None else getattr(said, name)
        for name in ("construction", "installation", "equipment", "used_equipment", "other")
    }
    together = replace(said, **parts)
    return said if rules.contradictions(together) else together


def _move(row: PlannedRow, reader: _Reader, project: Project) -> InclusionState | None:
    """Where the project comes to by the list; none when it stays, and why where the list says more."""
    said = row.said
    if said.state not in (InclusionState.INCLUDED, InclusionState.REMOVED, InclusionState.RETURNED):
        return None
    after, now = InclusionState(said.state), InclusionState(project.inclusion_state)
    if after == now and (said.included_on is None or said.included_on == project.included_on):
        return None
    if after == InclusionState.INCLUDED and project.planned_total < library.INCLUSION_THRESHOLD:
        row.warnings.append(reader.note(Field.STATE, "below_threshold"))
        return None
    if said.included_on is None:
        row.warnings.append(reader.note(Field.INCLUDED, "state_without_day"))
        return None
    if after != now and not rules.may_move(Way.LIAISON, now, after):
        row.warnings.append(reader.note(Field.STATE, "no_such_move"))
        return None
    return after


def counts_of(planned: list[PlannedRow]) -> dict[str, int]:
    """How many rows of each kind."""
    return {kind.value: sum(row.kind == kind for row in planned) for kind in Kind}


# --- handing in, choosing, taking ---


def hand_in_list(
    county: Division, filename: str, content: bytes, *, chosen: Month | None, by: User, at: datetime
) -> BureauList:
    """Keep a list for its preview; one that cannot be read is refused with the reader's exception."""
    month = month_of(read_list(content), filename, chosen, shanghai_date(at))
    return BureauList.objects.create(
        county=county,
        filename=filename[-200:],
        content=content,
        year=month.year,
        month=month.month,
        uploaded_by=by,
        uploaded_at=at,
    )


@transaction.atomic
def choose_project(batch: BureauList, row: int, project: Project | None) -> None:
    """Match a row by hand with a project of the county, or leave it out with none."""
    batch = BureauList.objects.select_for_update().get(pk=batch.pk)
    if batch.state == BureauList.State.TAKEN:
        raise AlreadyTaken(batch)
    if project is not None and project.county_id != batch.county_id:
        raise Project.DoesNotExist
    batch.chosen = {**batch.chosen, str(row): project.pk if project else None}
    batch.save(update_fields=["chosen"])


@transaction.atomic
def take_list(
    batch: BureauList, *, by: User, at: datetime, seen: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Take the list's matched rows, once however often it is confirmed; how many of each kind they were.

    `seen` is what the preview counted: where something else was written meanwhile, nothing is taken.
    """
    waiting = BureauList.objects.filter(pk=batch.pk, state=BureauList.State.UPLOADED)
    if not waiting.update(state=BureauList.State.TAKEN, taken_at=at):
        raise AlreadyTaken(batch)
    batch.refresh_from_db()
    # Two lists of one county take turns: the second is planned on what the first has written.
    Division.objects.select_for_update().get(pk=batch.county_id)
    today = shanghai_date(at)
    planned = plan_for(batch, today)
    counts = counts_of(planned)
    if seen is not None and dict(seen) != counts:
        raise ChangedMeanwhile(batch)
    for row in planned:
        if row.kind in (Kind.NEW, Kind.CHANGED):
            _take(row, batch, by=by, at=at, today=today)
    BureauList.objects.filter(pk=batch.pk).update(counts=counts)
    return counts


def _take(row: PlannedRow, batch: BureauList, *, by: User, at: datetime, today: date) -> None:
    said, project = row.said, row.project
    assert project is not None
    assert said.amounts is not None
    set_figure(project, batch.period, said.amounts, by=by, at=at, today=today, source=batch)
    if row.moves_to is not None and said.included_on is not None:
        reference = said.reference or None
        moved = set_inclusion(project, row.moves_to, said.included_on, reference, by=by, today=today)
        judge_again(moved, at=at)
    elif said.reference and said.reference != project.inclusion_reference:
        set_reference(project, said.reference, by=by)
