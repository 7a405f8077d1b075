"""A table given back with remarks beside its rows: the same workbook, and one more column."""

import io
import json
import subprocess
import sys
from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from tracker.exchange.archive import LAST_COLUMN, column_letter, opened
from tracker.exchange.grids import LONGEST_WAIT, Kind, Sheet, kind_of, sheets_of
from tracker.exchange.queries import Plan, PlannedRow
from tracker.exchange.rules import OUR_REMARKS, Cell, Field, masked, text_of
from tracker.exchange.sheet import Table
from tracker.exchange.words import remark
from tracker.spreadsheets.writing import put

REMARK_WIDTH = 60


def workbook_with_remarks(content: bytes, table: Table, plan: Plan) -> bytes:
    """The table as it was handed in, with what is wrong or odd about a row behind it.

    An .xlsx keeps its layout and formats; a table of another kind, or one too odd to be written again, comes
    back as a plain .xlsx. Telephone numbers are masked; handed in again, a masked one leaves the number
    that is kept. Nothing in it computes.
    """
    sheet = next(sheet for sheet in sheets_of(content) if sheet.name == table.sheet)
    column = _free_column(sheet, table)
    remarks = {row.number: _told(row) for row in plan.rows if row.errors or row.warnings}
    if kind_of(content) == Kind.XLSX and column < LAST_COLUMN:
        same = _same_workbook(content, table, column, remarks)
        if same is not None:
            return same
    return _plain_workbook(sheet, table, column, remarks)


def _free_column(sheet: Sheet, table: Table) -> int:
    """Behind the table; the column of an earlier time is written over."""
    head = sheet.grid[table.head_row - 1] if len(sheet.grid) >= table.head_row else []
    ours = [index for index, cell in enumerate(head) if text_of(cell).replace(" ", "") in OUR_REMARKS]
    if ours:
        return ours[0]
    rows = sheet.grid[table.head_row - 1 :]
    return max((len(row) for row in rows), default=0)


def _same_workbook(content: bytes, table: Table, column: int, remarks: Mapping[int, str]) -> bytes | None:
    """Written by a process of its own; none when that could not do it."""
    wish = {
        "sheet": table.sheet,
        "head_row": table.head_row,
        "head_height": table.head_height,
        "column": column,
        "head": _("Import remarks"),
        "phones": [one.index for one in table.columns if one.field == Field.PHONE],
        "figures": [one.index for one in table.columns if one.unit],
        "remarks": remarks,
    }
    line = json.dumps(wish, ensure_ascii=True).encode() + b"\n"
    try:
        done = subprocess.run(  # our own program; the file is only on its input
            [sys.executable, "-m", "tracker.exchange.annotating"],
            input=line + opened(content).content,
            capture_output=True,
            timeout=LONGEST_WAIT,
            check=False,
            cwd=settings.BASE_DIR,
            env={"PYTHONIOENCODING": "utf-8"},
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def _plain_workbook(sheet: Sheet, table: Table, column: int, remarks: Mapping[int, str]) -> bytes:
    fields = {one.index: one.field for one in table.columns}
    workbook = Workbook(write_only=True)
    written = workbook.create_sheet(sheet.name or _("Table"))
    written.column_dimensions[column_letter(column)].width = REMARK_WIDTH
    for number, row in enumerate(sheet.grid, start=1):
        is_head = table.head_row <= number < table.head_row + table.head_height
        is_data = number >= table.head_row + table.head_height
        cells = [
            _cell(written, _inert(cell, fields.get(index) if is_data else None), is_head=is_head)
            for index, cell in enumerate(row)
        ]
        told = _("Import remarks") if number == table.head_row else remarks.get(number, "")
        if told:
            cells = [*cells, *(_cell(written, "") for _missing in range(column - len(cells)))][:column]
            cells.append(_cell(written, told, is_head=is_head))
        written.append(cells)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _inert(cell: Cell, field: Field | None) -> Cell:
    """A figure or a day as it is; a text, and whatever may be a telephone number, as masked text."""
    if isinstance(cell, str) or field == Field.PHONE:
        return masked(field, text_of(cell)) if text_of(cell) else ""
    return cell


def _told(row: PlannedRow) -> str:
    notes = row.errors or row.warnings
    said = []
    for note in notes:
        place = f"{note.letter} {note.head}: " if note.letter else ""
        said.append(f"{place}{remark(note)}")
    told = "\n".join(said)
    return _("Wrong: %(what)s") % {"what": told} if row.errors else told


def _cell(sheet: object, value: Cell, *, is_head: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet)
    put(cell, value)
    if isinstance(value, str):
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if is_head:
        cell.font = Font(bold=True)
    return cell
