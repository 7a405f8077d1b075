"""From a workbook's bytes to the rows of a table, wherever in it the table stands."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tracker.calendars.periods import HalfMonth
from tracker.exchange.archive import UnreadableFile, column_letter
from tracker.exchange.grids import Epoch, Grid, Merge, Sheet, sheets_of
from tracker.exchange.rules import (
    DATES,
    DAYS_FROM_1900_TO_1904,
    OUR_REMARKS,
    REPEATED_WHEN_MERGED,
    REQUIRED,
    Cell,
    Column,
    Field,
    Head,
    Line,
    UnknownUnit,
    half_month_named,
    is_counted_day,
    meaning_of,
    text_of,
    unit_named,
)

# What a head means, if it is known.
Meaning = Callable[[str], Head | None]

MOST_ROWS = 10_000
# A head may stand under titles and notes, but not further down than this.
HEAD_WITHIN = 60
TALLEST_HEAD = 3
# With fewer known heads it is some other list.
FEWEST_HEADS = 4
DEFAULT_UNIT = "万元"
MOST_MERGED_CELLS = 200_000

_TOTAL = re.compile(r"(本页|全县|总)?(合计|小计|总计|共计)([(:、].*)?|合\s*计")
_NOTE = re.compile(
    r"(填表|填报|编制)?(说明|注释?|备注)[:1-9(]|(填表|填报|审核|制表|单位负责|统计负责|分管)(单位|人|领导|时间|日期)[:人]"
)
_SECTION = re.compile(r"[(]?[一二三四五六七八九十]{1,3}[)、.]")


@dataclass(frozen=True)
class LeftOut:
    """A row that is no project: a total, a note, a heading between the rows."""

    row: int
    kind: str
    text: str


@dataclass(frozen=True)
class UnknownHead:
    """A column that nobody has given a meaning to yet."""

    letter: str
    text: str

    def __str__(self) -> str:
        return f"{self.letter} {self.text[:40]}"


@dataclass(frozen=True)
class Table:
    """The table that was found in a workbook."""

    sheet: str
    above: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    half_month: HalfMonth | None
    names_unit: bool
    not_understood: tuple[UnknownHead, ...]
    left_out: tuple[LeftOut, ...]
    other_sheets: tuple[str, ...]
    # In which row of the sheet, counted from 1, the head begins, and how many rows it has.
    head_row: int = 1
    head_height: int = 1
    # Columns without which nothing is taken, and which the head does not name.
    missing: tuple[Field, ...] = ()


@dataclass(frozen=True)
class _HeadRows:
    first: int
    height: int
    columns: tuple[Column, ...]
    not_understood: tuple[UnknownHead, ...]

    @property
    def fields(self) -> set[Field]:
        return {column.field for column in self.columns}

    @property
    def rank(self) -> tuple[int, int]:
        """Better is what names more fields, and leaves fewer columns without a meaning."""
        return len(self.fields), -len(self.not_understood)


def read_table(content: bytes, filename: str, meaning: Meaning = meaning_of) -> Table:
    """The half-monthly table in a file; raises UnreadableFile when there is none that can be read."""
    table = look_for_table(content, filename, meaning)
    if table.missing:
        raise UnreadableFile(
            "columns_missing", sheet=table.sheet, row=table.head_row, missing=",".join(table.missing)
        )
    return table


def look_for_table(content: bytes, filename: str, meaning: Meaning = meaning_of) -> Table:
    """The same, also when its head lacks columns: somebody may tell what the others mean."""
    found: list[tuple[Sheet, _HeadRows]] = []
    incomplete: list[tuple[Sheet, _HeadRows]] = []
    for sheet in sheets_of(content):
        head = _find_head(sheet, meaning)
        if head is not None:
            (found if set(REQUIRED) <= head.fields else incomplete).append((sheet, head))
    if not found and not incomplete:
        raise UnreadableFile("no_table")
    sheet, head = (found or incomplete)[0]
    table = _table(sheet, head, filename)
    return replace(table, other_sheets=tuple(other.name for other, _head in found[1:]))


# --- the head ---


def _find_head(sheet: Sheet, meaning: Meaning) -> _HeadRows | None:
    """The rows that name the most known columns: without the title above them, with all of their own rows."""
    grid = sheet.grid
    best: _HeadRows | None = None
    for first in range(min(len(grid), HEAD_WITHIN)):
        if not any(_shown(cell) for cell in grid[first]):
            continue
        for height in range(1, min(TALLEST_HEAD, len(grid) - first) + 1):
            if not any(_shown(cell) for cell in grid[first + height - 1]):
                continue
            head = _head_at(sheet, first, height, meaning)
            if len(head.fields) < FEWEST_HEADS:
                continue
            # An equally good one further down is the same head, repeated on the next printed page.
            overlaps = best is not None and first < best.first + best.height
            if best is None or head.rank > best.rank or (overlaps and head.rank == best.rank):
                best = head
    return best


def _head_at(sheet: Sheet, first: int, height: int, meaning: Meaning) -> _HeadRows:
    rows = [_spread(sheet.grid[first + step], first + step, sheet.merges) for step in range(height)]
    # A text keeps no merged cells, and a workbook made of one has none either.
    groups = [_spread_over_gaps(row) for row in rows[:-1]]
    columns, not_understood = [], []
    for index in range(max(len(row) for row in rows)):
        texts = list(dict.fromkeys(row[index] for row in rows if index < len(row) and row[index]))
        below = rows[-1][index] if index < len(rows[-1]) else ""
        if groups and texts == [below]:
            grouped = list(dict.fromkeys([group[index] for group in groups if index < len(group)]))
            # What stands left of it is its heading only if the two together mean something.
            if meaning("".join([*grouped, below])) is not None:
                texts = [*filter(None, grouped), below]
        said = meaning("".join(texts))
        letter, head = column_letter(index), " / ".join(texts)
        if said is not None:
            columns.append(Column(index, letter, head, said.field, said.unit, said.year))
        elif texts and head not in OUR_REMARKS:
            not_understood.append(UnknownHead(letter, head))
    return _HeadRows(first, height, tuple(columns), tuple(not_understood))


def _spread_over_gaps(texts: Sequence[str]) -> list[str]:
    """A row of a head with each text also in the empty cells right of it."""
    spread: list[str] = []
    for text in texts:
        spread.append(text or (spread[-1] if spread else ""))
    return spread


def _spread(cells: Sequence[Cell], at: int, merges: list[Merge]) -> list[str]:
    """A row of a head with the text of a cell that reaches over several columns in each of them."""
    texts = [_shown(cell) for cell in cells]
    for top, left, _bottom, right in merges:
        if top == at and left < len(texts):
            for index in range(left + 1, min(right + 1, len(texts))):
                texts[index] = texts[index] or texts[left]
    return texts


def _shown(cell: Cell) -> str:
    return re.sub(r"\s", "", text_of(cell)) if isinstance(cell, str) else text_of(cell)


# --- the rows ---


def _table(sheet: Sheet, head: _HeadRows, filename: str) -> Table:
    name, grid, merges = sheet.name, sheet.grid, sheet.merges
    body = head.first + head.height
    above = " ".join(text for row in grid[: head.first] for text in map(text_of, row) if text)[:2_000]
    try:
        unit_above = unit_named(above)
    except UnknownUnit as unknown:
        raise UnreadableFile("unknown_unit", unit=unknown.unit) from unknown
    columns = tuple(
        replace(column, unit=column.unit or unit_above or DEFAULT_UNIT) for column in head.columns
    )
    _repeat_merged(grid, merges, body, {c.index for c in columns if c.field in REPEATED_WHEN_MERGED})
    _count_from_1900(sheet, {c.index for c in columns if c.field in DATES}, body)
    head_texts = [[_shown(cell) for cell in row] for row in grid[head.first : body]]
    lines: list[Line] = []
    left_out: list[LeftOut] = []
    for at in range(body, len(grid)):
        cells = grid[at]
        texts = [_shown(cell) for cell in cells]
        if not any(texts):
            continue
        kind = _why_left_out(texts, columns, head_texts)
        if kind:
            left_out.append(LeftOut(at + 1, kind, next(text for text in texts if text)[:80]))
            continue
        shown, uncomputed = (
            frozenset(column.index for column in columns if (at, column.index) in places)
            for places in (sheet.percents, sheet.uncomputed)
        )
        lines.append(Line(at + 1, tuple(cells), shown, uncomputed))
    if len(lines) > MOST_ROWS:
        raise UnreadableFile("too_many_rows", most=MOST_ROWS, row=lines[MOST_ROWS].number)
    if not lines:
        raise UnreadableFile("no_rows", sheet=name, row=head.first + 1)
    return Table(
        sheet=name,
        above=above,
        columns=columns,
        lines=tuple(lines),
        half_month=half_month_named(above) or half_month_named(filename) or half_month_named(name),
        names_unit=bool(unit_above or any(column.unit for column in head.columns)),
        not_understood=head.not_understood,
        left_out=tuple(left_out),
        other_sheets=(),
        head_row=head.first + 1,
        head_height=head.height,
        missing=tuple(field for field in REQUIRED if field not in head.fields),
    )


def _count_from_1900(sheet: Sheet, columns: set[int], body: int) -> None:
    """Let bare numbers of days count as everywhere else; where it is not certain how, they are no dates."""
    if sheet.epoch == Epoch.FROM_1900:
        return
    for row in sheet.grid[body:]:
        for index in columns:
            if index < len(row) and is_counted_day(row[index]):
                row[index] = (
                    float(row[index]) + DAYS_FROM_1900_TO_1904  # type: ignore[arg-type]  # it is a number
                    if sheet.epoch == Epoch.FROM_1904
                    else text_of(row[index])
                )


def _repeat_merged(grid: Grid, merges: list[Merge], body: int, columns: set[int]) -> None:
    """Write what is merged over several rows of one enterprise into each of them."""
    room = MOST_MERGED_CELLS
    for top, left, bottom, right in merges:
        if left != right or left not in columns or top < body or top >= len(grid):
            continue
        for at in range(top + 1, min(bottom + 1, len(grid))):
            room -= 1
            if room < 0:
                raise UnreadableFile("too_many_cells", most=MOST_ROWS)
            if not _shown(grid[at][left]):
                grid[at][left] = grid[top][left]


def _why_left_out(texts: list[str], columns: tuple[Column, ...], head_texts: list[list[str]]) -> str:
    """Why a row is no project, or nothing when it is one."""
    filled = [unicodedata.normalize("NFKC", text) for text in texts if text]
    names = {
        c.index for c in columns if c.field in (Field.NUMBER, Field.ENTERPRISE, Field.TOWNSHIP, Field.PROJECT)
    }
    leading = [
        filled[0],
        *(unicodedata.normalize("NFKC", texts[i]) for i in names if i < len(texts) and texts[i]),
    ]
    if any(_TOTAL.fullmatch(text) for text in leading):
        return "total"
    if len(filled) <= 2 and _NOTE.match(filled[0]):
        return "note"
    if len(filled) == 1 and _SECTION.match(filled[0]):
        return "section"
    if len(filled) >= FEWEST_HEADS and any(set(texts) <= {*row, ""} for row in head_texts):
        return "head"
    if len(filled) >= FEWEST_HEADS and filled == [str(number) for number in range(1, len(filled) + 1)]:
        return "head"
    numbers = {c.index for c in columns if c.field == Field.NUMBER}
    if all(not text or index in numbers for index, text in enumerate(texts)):
        # A row that was numbered ahead and never filled in.
        return "empty"
    return ""
