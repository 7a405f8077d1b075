"""The county's half-monthly table as a workbook, filled in with what is known and taken back again."""

import io
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from tracker.calendars.periods import HalfMonth
from tracker.exchange import shape
from tracker.exchange.rules import Field
from tracker.exchange.shape import Drawn
from tracker.exchange.sheet import MOST_ROWS
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Division, InclusionState, Project, ProjectQuerySet
from tracker.library.rules import masked_phone, with_masked_phones
from tracker.spreadsheets.rules import starts_a_formula
from tracker.spreadsheets.writing import put

# Rows below the last project for those that are new, with the same drop-downs.
EMPTY_ROWS = 20
LINE = Side(style="thin", color="808080")
BORDER = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
HEAD_FILL = PatternFill("solid", fgColor="E8EDF3")
PAPER_A3 = "8"
# What a share of one might be taken for is written with its sign.
DOUBTFUL_UP_TO = Decimal(1)


class TooManyRows(Exception):
    """More projects than a table may have rows."""


class NothingReported(Exception):
    """None of the projects has been inspected in the half-month."""


def template(projects: ProjectQuerySet, county: Division, half_month: HalfMonth) -> bytes:
    """The half-month's table to be filled in: with what was reported in it, else the last figures."""
    earlier = Inspection.objects.accepted().filter(
        project__in=projects.order_by(),
        cycle_start__lt=half_month.start,
        cycle_start__gte=half_month.plus(-24).start,
    )
    before = {row.project_id: row for row in earlier.order_by("cycle_start")}
    lines = _lines(projects, half_month, {**before, **_reported_in(projects, half_month)})
    return _drawn(lines, county, half_month)


def reported(projects: ProjectQuerySet, county: Division, half_month: HalfMonth) -> bytes:
    """The table as it was reported in the half-month; taken back unchanged, it changes nothing.

    A project whose last inspection is of another half-month is not in it: it would be given figures that
    nobody has reported, or would not take any more what is edited. How many these are stands below.
    """
    in_it = projects_reported_last_in(projects, half_month)
    lines = _lines(in_it, half_month, _reported_in(in_it, half_month))
    if not lines:
        raise NothingReported(half_month)
    return _drawn(lines, county, half_month, left_out=projects.count() - len(lines))


def projects_reported_last_in(projects: ProjectQuerySet, half_month: HalfMonth) -> ProjectQuerySet:
    """Those of the projects whose last inspection is of the half-month."""
    return projects.annotate(last_reported=_last_reported()).filter(last_reported=half_month.start)


def half_month_of_most(projects: ProjectQuerySet) -> HalfMonth | None:
    """The half-month of which most of the projects have their last inspection; the later one of two."""
    last = projects.order_by().annotate(last_reported=_last_reported()).exclude(last_reported=None)
    counted = last.values("last_reported").annotate(number=Count("pk"))
    most = counted.order_by("-number", "-last_reported").first()
    return HalfMonth.starting(most["last_reported"]) if most else None


def _last_reported() -> Subquery:
    own = Inspection.objects.filter(project=OuterRef("pk")).order_by("-cycle_start")
    return Subquery(own.values("cycle_start")[:1])


# --- what stands in the rows ---


def _reported_in(projects: ProjectQuerySet, half_month: HalfMonth) -> dict[int, Inspection]:
    inspections = Inspection.objects.filter(project__in=projects.order_by()).in_cycle(half_month.start)
    return {row.project_id: row for row in inspections}


def _lines(
    projects: ProjectQuerySet, half_month: HalfMonth, inspections: Mapping[int, Inspection]
) -> list[Mapping[Field, Any]]:
    year = half_month.start.year
    plans = AnnualPlan.objects.filter(project__in=projects.order_by(), year=year).order_by("version")
    amounts = {plan.project_id: plan.amount for plan in plans}
    ordered = projects.for_table().order_by("township__code", "township_id", "enterprise__name", "name", "pk")
    found = list(ordered[: MOST_ROWS + 1])
    if len(found) > MOST_ROWS:
        raise TooManyRows(MOST_ROWS)
    return [
        _line(
            number,
            project,
            inspections.get(project.pk),
            amounts.get(project.pk),
            half_month,
        )
        for number, project in enumerate(found, start=1)
    ]


def _line(
    number: int,
    project: Project,
    inspection: Inspection | None,
    plan: Decimal | None,
    half_month: HalfMonth,
) -> Mapping[Field, Any]:
    """A row of the table; a telephone number is masked, and taken back it leaves the number that is kept."""
    enterprise = project.enterprise
    is_of_it = inspection is not None and inspection.cycle_start == half_month.start
    is_same_year = inspection is not None and inspection.cycle_start.year == half_month.start.year
    state = inspection.inclusion_state if inspection and is_of_it else project.inclusion_state
    stage = inspection.stage if inspection and is_of_it else project.stage
    return {
        Field.NUMBER: number,
        Field.ENTERPRISE: enterprise.name,
        Field.CREDIT_CODE: enterprise.credit_code,
        Field.TOWNSHIP: project.township.name_zh if project.township else "",
        Field.CHAIN: enterprise.chain,
        Field.INDUSTRY: enterprise.industry_id or "",
        Field.RUNG: shape.RUNGS[enterprise.rung],
        Field.PROJECT: project.name,
        Field.PROJECT_CODE: project.code or "",
        Field.NATURE: shape.NATURES[project.nature],
        Field.PLANNED_TOTAL: project.planned_total,
        Field.PLANNED_EQUIPMENT: project.planned_equipment,
        Field.ANNUAL_PLAN: plan,
        **{
            field: _day(project, field.value)
            for field in (Field.PLANNED_START, Field.STARTED, Field.PLANNED_COMPLETION, Field.COMPLETED)
        },
        Field.CUMULATIVE: inspection.cumulative_investment if inspection else None,
        # At New Year it begins anew, and nobody may guess it.
        Field.YTD: inspection.ytd_investment if inspection and is_same_year else None,
        Field.PROGRESS: _percent(inspection.progress_percent) if inspection else None,
        Field.PROGRESS_NOTE: shape.progress_in_words(
            inspection.progress_note if inspection else "",
            stage,
            has_started=project.started_on is not None,
            has_completed=project.completed_on is not None,
        ),
        Field.INCLUSION: shape.INCLUSIONS[state],
        Field.INCLUDED: _included_on(project, inspection if is_of_it else None, state),
        Field.PROBLEM: with_masked_phones(project.problem),
        Field.RESPONSIBLE: with_masked_phones(project.responsible_name),
        Field.CONTACT: with_masked_phones(project.contact_name),
        Field.PHONE: masked_phone(project.contact_phone),
    }


def _day(project: Project, name: str) -> date | str | None:
    """A date, or the month in words where only that is known."""
    day: date | None = getattr(project, name)
    return f"{day.year}年{day.month}月" if day and name in project.month_only else day


def _percent(progress: Decimal) -> Decimal | str:
    return f"{progress.normalize():f}%" if 0 < progress <= DOUBTFUL_UP_TO else progress


def _included_on(project: Project, inspection: Inspection | None, state: str) -> date | None:
    if state != InclusionState.INCLUDED:
        return None
    return inspection.included_on if inspection else project.included_on


# --- how it is drawn ---


def _drawn(
    lines: list[Mapping[Field, Any]], county: Division, half_month: HalfMonth, left_out: int = 0
) -> bytes:
    book = Workbook()
    book.properties.creator = "Jigai"
    sheet: Worksheet = book.active
    sheet.title = shape.SHEET
    columns = shape.drawn(half_month.start.year)
    _draw_head(sheet, columns, county, half_month)
    last_row = shape.FIRST_ROW + len(lines) + EMPTY_ROWS - 1
    for at in range(shape.FIRST_ROW, last_row + 1):
        number = at - shape.FIRST_ROW
        _draw_row(sheet, at, columns, lines[number] if number < len(lines) else {})
    below = [shape.BELOW, *([shape.LEFT_OUT.format(number=left_out)] if left_out else [])]
    for at, text in enumerate(below, start=last_row + 1):
        _draw_below(sheet, at, len(columns), text)
    notes: Worksheet = book.create_sheet(shape.NOTES_SHEET)
    for at, text in enumerate(shape.NOTES, start=1):
        put(notes.cell(at, 1), text)
    notes.column_dimensions["A"].width = 60
    _offer_choices(sheet, columns, notes, last_row, _townships(county))
    sheet.freeze_panes = sheet.cell(shape.FIRST_ROW, 3)
    sheet.print_title_rows = f"{shape.HEAD_ROW}:{shape.SUB_HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", PAPER_A3
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = "第 &P 页 共 &N 页"
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def _townships(county: Division) -> list[str]:
    places = Division.objects.filter(parent=county, level=Division.Level.TOWNSHIP)
    return list(places.order_by("code", "pk").values_list("name_zh", flat=True))


def _draw_head(sheet: Worksheet, columns: tuple[Drawn, ...], county: Division, half_month: HalfMonth) -> None:
    last = len(columns)
    end = half_month.end
    title = shape.TITLE.format(county=county.name_zh) + (shape.INVENTED if county.is_invented else "")
    note = shape.ABOVE.format(year=end.year, month=end.month, day=end.day)
    for row, text, font, place in (
        (shape.TITLE_ROW, title, Font(bold=True, size=16), "center"),
        (shape.ABOVE_ROW, note, Font(size=11), "left"),
    ):
        put(sheet.cell(row, 1), text)
        sheet.cell(row, 1).font = font
        sheet.cell(row, 1).alignment = Alignment(horizontal=place, vertical="center")
        sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
    sheet.row_dimensions[shape.TITLE_ROW].height, sheet.row_dimensions[shape.ABOVE_ROW].height = 32, 22
    sheet.row_dimensions[shape.HEAD_ROW].height, sheet.row_dimensions[shape.SUB_HEAD_ROW].height = 30, 20
    begun = 1
    for at, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = column.width
        for row, text in ((shape.HEAD_ROW, column.head), (shape.SUB_HEAD_ROW, column.sub)):
            cell = sheet.cell(row, at)
            cell.border, cell.fill = BORDER, HEAD_FILL
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
            is_under_the_same = (
                row == shape.HEAD_ROW and at > begun and column.head == columns[begun - 1].head
            )
            if text and not is_under_the_same:
                put(cell, text)
        if column.head != columns[begun - 1].head:
            begun = at
        is_last_of_head = at == last or columns[at].head != column.head
        if not column.sub:
            sheet.merge_cells(
                start_row=shape.HEAD_ROW, start_column=at, end_row=shape.SUB_HEAD_ROW, end_column=at
            )
        elif is_last_of_head and begun < at:
            sheet.merge_cells(
                start_row=shape.HEAD_ROW, start_column=begun, end_row=shape.HEAD_ROW, end_column=at
            )


def _draw_row(sheet: Worksheet, at: int, columns: tuple[Drawn, ...], line: Mapping[Field, Any]) -> None:
    for number, column in enumerate(columns, start=1):
        cell: Cell = sheet.cell(at, number)
        value = line.get(column.field)
        cell.number_format = column.number_format
        if value not in (None, ""):
            put(cell, value, _format_of(column, value))
        cell.border = BORDER
        is_figure = isinstance(value, Decimal | int | date)
        cell.alignment = Alignment(
            wrap_text=column.width > 20, vertical="center", horizontal=None if is_figure else "left"
        )


def _format_of(column: Drawn, value: Any) -> str:
    """As the column is drawn; progress is a bare number beside texts like "36%"."""
    return "0.##" if column.field == Field.PROGRESS and isinstance(value, Decimal) else column.number_format


def _draw_below(sheet: Worksheet, at: int, last: int, text: str) -> None:
    put(sheet.cell(at, 1), text)
    sheet.cell(at, 1).alignment = Alignment(wrap_text=True, vertical="center")
    sheet.merge_cells(start_row=at, start_column=1, end_row=at, end_column=last)


def _offer_choices(
    sheet: Worksheet,
    columns: tuple[Drawn, ...],
    notes: Worksheet,
    last_row: int,
    townships: list[str],
) -> None:
    """Drop-downs whose words stand on the second sheet, so that they may be as many as there are."""
    offered: list[tuple[Field, str, Iterable[str]]] = [
        (Field.TOWNSHIP, "所属乡镇（园区）", townships),
        (Field.RUNG, "企业类别", shape.RUNGS.values()),
        (Field.NATURE, "建设性质", shape.NATURES.values()),
        (Field.INCLUSION, "是否入库", shape.INCLUSIONS.values()),
    ]
    numbers = {column.field: at for at, column in enumerate(columns, start=1)}
    for beside, (field, head, words) in enumerate(offered, start=3):
        words = [word for word in words if not starts_a_formula(word)]
        if not words:
            continue
        put(notes.cell(1, beside), head)
        notes.cell(1, beside).font = Font(bold=True)
        for at, word in enumerate(words, start=2):
            put(notes.cell(at, beside), word)
        letter = get_column_letter(beside)
        notes.column_dimensions[letter].width = 20
        choice = DataValidation(
            type="list",
            formula1=f"{shape.NOTES_SHEET}!${letter}$2:${letter}${1 + len(words)}",
            allow_blank=True,
        )
        # A township may be new; the other words are those that the import knows.
        choice.errorStyle = "warning" if field == Field.TOWNSHIP else "stop"
        choice.errorTitle, choice.error = head, "请从下拉列表中选择。"
        choice.showErrorMessage = True
        _over(sheet, choice, numbers[field], last_row)
    for field in (
        Field.PLANNED_TOTAL,
        Field.PLANNED_EQUIPMENT,
        Field.ANNUAL_PLAN,
        Field.CUMULATIVE,
        Field.YTD,
    ):
        amount = DataValidation(type="decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
        amount.errorTitle, amount.error, amount.showErrorMessage = (
            "金额",
            "请填写不小于0的数字，单位：万元。",
            True,
        )
        _over(sheet, amount, numbers[field], last_row)


def _over(sheet: Worksheet, rule: DataValidation, number: int, last_row: int) -> None:
    letter = get_column_letter(number)
    rule.add(f"{letter}{shape.FIRST_ROW}:{letter}{last_row}")
    sheet.add_data_validation(rule)
