"""Tables as files: a workbook or a CSV of any length in the same little memory, and single styled cells."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any
from urllib.parse import quote

from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from rustpy_xlsxwriter import Format, write_worksheet

from tracker.spreadsheets.rules import STARTS_A_FORMULA, guarded, starts_a_formula

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
# The mark by which Excel knows that a CSV is UTF-8.
BOM = "\ufeff"
# A worksheet has no more rows than that, its head among them.
MOST_ROWS = 1_048_576
BLOCK = 64 * 1024


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    WHOLE = "whole"
    MONEY = "money"
    PER_CENT = "per_cent"
    POINTS = "points"
    DAY = "day"


FORMATS: dict[Kind, str] = {
    Kind.TEXT: "@",
    Kind.WHOLE: "0",
    Kind.MONEY: "#,##0.00",
    Kind.PER_CENT: "0.0",
    Kind.POINTS: "+0.0;-0.0;0.0",
    Kind.DAY: "yyyy-mm-dd",
}


@dataclass(frozen=True)
class Head:
    """One column of a table that is written: what stands over it, what it holds, and how wide it is."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 14


def xlsx_file(heads: Sequence[Head], rows: Iterable[Sequence[Any]], *, sheet: str) -> IO[bytes]:
    """A workbook of one sheet as a temporary file at its beginning; the rows pass through one by one."""
    titles = [head.title for head in heads]
    formats = [_format(head.kind) for head in heads]
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115  whoever sends it closes it
    write_worksheet(
        # A table without rows still says what its columns are.
        _records(titles, rows),
        # Written to a path: into an open file the whole workbook would pass through memory.
        file.name,
        sheet_name=sheet,
        freeze_row=1,
        freeze_col=1,
        column_widths=[float(head.width) for head in heads],
        column_formats=formats,
        header_format=Format().set_bold().set_text_wrap().set_background_color("#F4F6F9"),
        autofilter=True,
        page_setup={"landscape": True, "paper_size": 9, "fit_to_pages": (1, 0), "repeat_rows": 0},
        ignore_errors=[head.title for head in heads if head.kind == Kind.TEXT],
    )
    file.seek(0)
    return file


def _records(titles: list[str], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    is_empty = True
    for row in rows:
        is_empty = False
        yield dict(zip(titles, row, strict=True))
    if is_empty:
        yield dict.fromkeys(titles)


def _format(kind: Kind) -> Format:
    form = Format().set_num_format(FORMATS[kind])
    # Whoever edits such a cell does not turn "=1+1" into a formula.
    return form.set_quote_prefix() if kind == Kind.TEXT else form


def csv_lines(heads: Sequence[Head], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A CSV for Excel in blocks; dates as 2026-10-31, figures with a point, text that is no formula."""
    writer = csv.writer(_Line())
    texts = [number for number, head in enumerate(heads) if head.kind == Kind.TEXT]
    block = [BOM, writer.writerow([guarded(head.title) for head in heads])]
    size = 0
    for row in rows:
        cells = list(row)
        for number in texts:
            cell = cells[number]
            # Hardly any text begins like that: the others cost this one look.
            if cell and cell[0] in _SUSPECT:
                cells[number] = guarded(cell)
        line = writer.writerow(cells)
        block.append(line)
        size += len(line)
        if size >= BLOCK:
            yield "".join(block)
            block, size = [], 0
    yield "".join(block)


_SUSPECT = frozenset({*STARTS_A_FORMULA, "'"})


class _Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def put(cell: Cell, value: Any, number_format: str | None = None) -> None:
    """Write a value into a styled workbook in its own type; text stays text, whatever it begins with."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) or None
        if cell.value is not None:
            cell.data_type = "s"
            cell.number_format = FORMATS[Kind.TEXT]
            cell.quotePrefix = starts_a_formula(cell.value)
    else:
        cell.value = value
        if number_format:
            cell.number_format = number_format


def attachment(name: str, plain_name: str) -> dict[str, str]:
    """The headers under which a file is saved by its name (RFC 5987), or by a plain one where that fails."""
    in_full = "" if name == plain_name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return {
        "Content-Disposition": f'attachment; filename="{plain_name}"{in_full}',
        "Cache-Control": "private, no-store",
    }
