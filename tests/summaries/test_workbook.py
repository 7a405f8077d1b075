"""The project table, opened again."""

import io
from datetime import datetime

import pytest
from django.utils import translation
from openpyxl import load_workbook

from tracker.summaries.workbook import filename, project_table

PROJECT = {
    "id": 1, "name": "产线改造", "enterprise": "虚构电气有限公司", "township_zh": "虚构镇", "township_en": "",
    "inspector": "李调度", "code": "2101-371591-04-01-436244", "credit_code": "913714230000000016",
    "industry_code": "3542", "badge": "red", "before": None, "reason_zh": "落后", "reason_en": "Behind",
    "to_improve_zh": "", "to_improve_en": "", "problem": "", "is_carried_forward": False,
    "has_reason_applied": False, "rated_in": "2026-10-H2", "stage": "building", "planned_total": "2000.00",
    "annual_plan": "1200.50", "planned_to_date": "999.45", "done": "600.00", "gap": "33.3",
    "progress_percent": "40.00", "planned_start": "2026-01-01", "actual_start": "2026-01-05",
    "planned_completion": "2026-12-31", "actual_completion": None, "inclusion_state": "included",
    "included_on": "2026-01-20",
}  # fmt: skip


def figures(*projects):
    return {
        "county": {"code": "371423", "name_zh": "庆云县", "name_en": "Qingyun"},
        "month": "2026-10", "cut_off": "2026-10-31", "as_of": "2026-11-16", "projects": list(projects),
    }  # fmt: skip


def opened(*projects, language="en"):
    with translation.override(language):
        return load_workbook(io.BytesIO(project_table(figures(*projects)))).active


def cells(sheet, row=4):
    heads = [cell.value for cell in sheet[3]]
    return dict(zip(heads, sheet[row], strict=True))


def test_its_name_says_county_and_month():
    assert filename(figures()) == "jigai-371423-2026-10.xlsx"


def test_numbers_are_numbers_dates_are_dates_and_codes_are_text():
    row = cells(opened(PROJECT))
    assert row["Annual plan (万元)"].value == 1200.5
    assert row["Annual plan (万元)"].data_type == "n"
    assert row["Investment behind plan (points)"].value == 33.3
    assert row["Started on"].value == datetime(2026, 1, 5)  # noqa: DTZ001  a civil date
    assert row["Started on"].is_date
    assert row["Completed on"].value is None
    for head, value in [
        ("Project code", PROJECT["code"]),
        ("Unified social credit code", "913714230000000016"),
    ]:
        assert (row[head].value, row[head].data_type) == (value, "s")
    assert row["Industry"].value == "3542"
    assert row["Badge"].value == "Red"


@pytest.mark.parametrize("text", ["=1+1", "+86 123", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x.test")'])
def test_text_that_looks_like_a_formula_stays_text(text):
    sheet = opened({**PROJECT, "name": text, "enterprise": text, "problem": text, "code": text})
    row = cells(sheet)
    for head in ("Project", "Enterprise", "Open problem", "Project code"):
        assert row[head].value == text
        assert row[head].data_type == "s"
        assert row[head].quotePrefix


def test_there_is_no_live_formula_anywhere():
    sheet = opened({**PROJECT, "name": "=1+1"}, PROJECT)
    assert [cell.coordinate for line in sheet.iter_rows() for cell in line if cell.data_type == "f"] == []


def test_signs_that_no_workbook_may_hold_are_dropped():
    assert cells(opened({**PROJECT, "name": "产线\x00\x0b改造"}))["Project"].value == "产线改造"


def test_head_stays_in_sight_and_filters():
    sheet = opened(PROJECT, PROJECT)
    assert sheet.title == "2026-10"
    assert sheet.freeze_panes == "D4"
    assert sheet.auto_filter.ref == "A3:Z5"
    assert sheet.print_title_rows == "$3:$3"
    assert all(sheet.column_dimensions[letter].width > 5 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize(
    ("language", "title", "reason"),
    [("en", "Qingyun: projects in October 2026", "Behind"), ("zh-hans", "庆云县", "落后")],
)
def test_it_speaks_the_readers_language(language, title, reason):
    sheet = opened(PROJECT, language=language)
    assert sheet["A1"].value.startswith(title)
    assert sheet["J4"].value == reason


def test_a_county_without_projects_gets_a_table_with_a_head_only():
    sheet = opened()
    assert sheet.max_row == 3
    assert sheet["A3"].value == "No."
