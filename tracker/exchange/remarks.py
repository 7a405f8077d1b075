"""The rows of a table that want a second look, given back as a workbook with remarks beside them."""

import io

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from tracker.exchange.queries import Plan, PlannedRow
from tracker.exchange.rules import masked, text_of
from tracker.exchange.sheet import Table
from tracker.exchange.words import remark
from tracker.spreadsheets.writing import put

REMARK_WIDTH = 70


def workbook_with_remarks(table: Table, plan: Plan) -> bytes:
    """The wrong rows first, then the odd ones: row number, what to do, and the row as it was handed in.

    Telephone numbers are masked; handed in again, a masked one leaves the number that is kept.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(_("Remarks"))
    sheet.freeze_panes = "C2"
    sheet.column_dimensions["B"].width = REMARK_WIDTH
    heads = [_("Row"), _("Remark"), *(column.head for column in table.columns)]
    sheet.append([_cell(sheet, head, is_head=True) for head in heads])
    lines = {line.number: line for line in table.lines}
    odd = [row for row in plan.rows if row.errors] + [row for row in plan.sound if row.warnings]
    for row in odd:
        cells = lines[row.number].cells
        written = [
            masked(column.field, text_of(cells[column.index])) if column.index < len(cells) else ""
            for column in table.columns
        ]
        sheet.append(
            [
                _cell(sheet, str(row.number)),
                _cell(sheet, _told(row)),
                *(_cell(sheet, text) for text in written),
            ]
        )
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _told(row: PlannedRow) -> str:
    notes = row.errors or row.warnings
    return "\n".join(
        f"{note.letter} {note.head}: {remark(note)}" if note.letter else remark(note) for note in notes
    )


def _cell(sheet: object, text: str, *, is_head: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet)
    put(cell, text)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if is_head:
        cell.font = Font(bold=True)
    return cell
