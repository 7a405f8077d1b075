"""The county's project table of a month as a workbook."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from tracker.accounts.names import spoken
from tracker.calendars.periods import Month
from tracker.library.models import BadgeColour, InclusionState, Stage
from tracker.spreadsheets.writing import FORMATS, Kind, put
from tracker.summaries.presentation import in_words, month_in_words
from tracker.summaries.queries import Figures

TITLE_ROW, NOTE_ROW, HEAD_ROW = 1, 2, 3
FILLS = {
    BadgeColour.RED: ("FCE4E4", "9B1C1C"),
    BadgeColour.YELLOW: ("FFF1CC", "7A3E00"),
    BadgeColour.BLUE: ("DCEBFB", "0B4A8F"),
    BadgeColour.GOLD: ("3A2E07", "F3D77A"),
    BadgeColour.NONE: ("E9ECF1", "3F4A5A"),
}
LINE = Side(style="thin", color="D5DAE1")
MONEY, PER_CENT, POINTS = FORMATS[Kind.MONEY], FORMATS[Kind.PER_CENT], FORMATS[Kind.POINTS]
DAY, WHOLE = FORMATS[Kind.DAY], FORMATS[Kind.WHOLE]


def filename(figures: Figures) -> str:
    """Its name as a file: jigai-371423-2026-10.xlsx."""
    return f"jigai-{figures['county']['code']}-{figures['month']}.xlsx"


def project_table(figures: Figures) -> bytes:
    """Every project of the month in the reader's language: numbers, dates, and codes as text."""
    book = Workbook()
    book.properties.creator = "Jigai"
    sheet: Worksheet = book.active
    month = Month.parse(figures["month"])
    sheet.title = month.code
    head = [
        (_("No."), 6, WHOLE),
        (_("project code"), 27, None),
        (_("project"), 34, None),
        (_("enterprise"), 30, None),
        (_("unified social credit code"), 22, None),
        (_("township or park"), 16, None),
        (_("industry"), 8, None),
        (_("badge"), 11, None),
        (_("badge a month before"), 11, None),
        (_("why"), 60, None),
        (_("nearest way up"), 44, None),
        (_("stage"), 14, None),
        (_("planned total (万元)"), 14, MONEY),
        (_("annual plan (万元)"), 14, MONEY),
        (_("planned to date (万元)"), 14, MONEY),
        (_("done this year (万元)"), 14, MONEY),
        (_("investment behind plan (points)"), 14, POINTS),
        (_("progress (%)"), 10, PER_CENT),
        (_("planned start"), 12, DAY),
        (_("started on"), 12, DAY),
        (_("planned completion"), 12, DAY),
        (_("completed on"), 12, DAY),
        (_("inclusion in statistics"), 18, None),
        (_("included on"), 12, DAY),
        (_("open problem"), 30, None),
        (_("inspector"), 12, None),
    ]
    _write_head(sheet, figures, month, [(title, width) for title, width, _format in head])
    for number, row in enumerate(figures["projects"], start=1):
        at = HEAD_ROW + number
        for column, (value, (_title, _width, number_format)) in enumerate(
            zip(_values(number, row), head, strict=True), start=1
        ):
            _write(sheet.cell(at, column), value, number_format)
        _colour(sheet.cell(at, 8), row["badge"])
        _colour(sheet.cell(at, 9), row["before"])
    last = get_column_letter(len(head))
    sheet.freeze_panes = sheet.cell(HEAD_ROW + 1, 4)
    sheet.auto_filter.ref = f"A{HEAD_ROW}:{last}{HEAD_ROW + len(figures['projects'])}"
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _write_head(sheet: Worksheet, figures: Figures, month: Month, head: list[tuple[str, int]]) -> None:
    title = _("%(county)s: projects in %(month)s") % {
        "county": in_words(figures["county"], "name"),
        "month": month_in_words(month),
    }
    note = _("Money in 万元 (CNY 10,000). As at the cut-off of %(cut_off)s, made on %(made)s.") % {
        "cut_off": date_format(date.fromisoformat(figures["cut_off"]), "DATE_FORMAT"),
        "made": date_format(date.fromisoformat(figures["as_of"]), "DATE_FORMAT"),
    }
    _write(sheet.cell(TITLE_ROW, 1), title, None)
    sheet.cell(TITLE_ROW, 1).font = Font(bold=True, size=14)
    _write(sheet.cell(NOTE_ROW, 1), note, None)
    sheet.cell(NOTE_ROW, 1).font = Font(color="4A5565")
    for row in (TITLE_ROW, NOTE_ROW):
        sheet.cell(row, 1).alignment = Alignment(wrap_text=False, vertical="center")
        sheet.cell(row, 1).border = Border()
    sheet.row_dimensions[TITLE_ROW].height, sheet.row_dimensions[HEAD_ROW].height = 24, 34
    for column, (name, width) in enumerate(head, start=1):
        cell = sheet.cell(HEAD_ROW, column)
        _write(cell, name[:1].upper() + name[1:], None)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="F4F6F9")
        cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="center")
        sheet.column_dimensions[get_column_letter(column)].width = width


def _values(number: int, row: Figures) -> list[Any]:
    """A project's cells in the order of the head."""
    return [
        number,
        row["code"],
        row["name"],
        row["enterprise"],
        row["credit_code"],
        in_words(row, "township"),
        row["industry_code"],
        str(BadgeColour(row["badge"]).label),
        str(BadgeColour(row["before"]).label) if row["before"] else "",
        in_words(row, "reason"),
        in_words(row, "to_improve"),
        str(Stage(row["stage"]).label),
        _number(row["planned_total"]),
        _number(row["annual_plan"]),
        _number(row["planned_to_date"]),
        _number(row["done"]),
        _number(row["gap"]),
        _number(row["progress_percent"]),
        _day(row["planned_start"]),
        _day(row["actual_start"]),
        _day(row["planned_completion"]),
        _day(row["actual_completion"]),
        str(InclusionState(row["inclusion_state"]).label),
        _day(row["included_on"]),
        row["problem"],
        spoken(row["inspector"]),
    ]


def _write(cell: Cell, value: Any, number_format: str | None) -> None:
    """A value in its own type, under a line."""
    cell.border = Border(bottom=LINE)
    cell.alignment = Alignment(wrap_text=number_format is None, vertical="top")
    put(cell, value, number_format)


def _colour(cell: Cell, badge: str | None) -> None:
    if badge:
        ground, ink = FILLS[BadgeColour(badge)]
        cell.fill, cell.font = PatternFill("solid", fgColor=ground), Font(color=ink, bold=True)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
