"""Files of tables: typed, without a live formula, and in little memory however long."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tracker.spreadsheets.rules import guarded, starts_a_formula, unguarded
from tracker.spreadsheets.writing import Head, Kind, attachment, csv_lines, xlsx_file

HEADS = [Head("项目"), Head("代码"), Head("金额", Kind.MONEY), Head("开工", Kind.DAY)]
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "－1"]


def sheet_of(rows: list[list[object]]):
    with xlsx_file(HEADS, rows, sheet="项目") as file:
        return load_workbook(io.BytesIO(file.read())).active


def test_a_workbook_has_figures_as_figures_days_as_days_and_codes_as_text():
    sheet = sheet_of([["甲", "0012", Decimal("12.50"), date(2026, 3, 5)]])
    assert [cell.value for cell in sheet[1]] == ["项目", "代码", "金额", "开工"]
    _project, code, amount, day = sheet[2]
    assert [code.value, code.data_type, code.number_format] == ["0012", "s", "@"]
    assert [amount.value, amount.data_type, amount.number_format] == [12.5, "n", "#,##0.00"]
    assert [day.value.date(), day.number_format] == [date(2026, 3, 5), "yyyy-mm-dd"]
    assert [sheet.freeze_panes, sheet.auto_filter.ref] == ["B2", "A1:D2"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_live_formula(text: str):
    cell = sheet_of([[text, "1", Decimal(1), None]])["A2"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    row = list(csv.reader("".join(csv_lines(HEADS, [[text, "1", Decimal("-1.00"), None]])).splitlines(True)))[
        1
    ]
    assert row[0] == f"'{text}"
    assert row[2] == "-1.00"  # a figure is none


def test_a_table_without_rows_still_has_its_heads():
    assert [cell.value for cell in sheet_of([])[1]] == ["项目", "代码", "金额", "开工"]
    assert "".join(csv_lines(HEADS, [])) == "\ufeff项目,代码,金额,开工\r\n"


def test_a_csv_comes_in_blocks_and_begins_with_the_mark_of_utf_8():
    blocks = list(csv_lines(HEADS, [["甲" * 50, "1", Decimal(1), date(2026, 3, 5)]] * 3000))
    assert len(blocks) > 2
    assert blocks[0].startswith("\ufeff项目")
    assert max(len(block) for block in blocks) < 70_000


@given(st.text(alphabet="'=+-@＝a\t", max_size=6))
def test_whatever_is_guarded_is_read_as_it_was(text: str):
    assert unguarded(guarded(text)) == text
    assert not starts_a_formula(guarded(text))


def test_a_file_has_its_chinese_name_and_a_plain_one():
    header = attachment("项目-庆云县.xlsx", "projects-371423.xlsx")["Content-Disposition"]
    assert header == (
        'attachment; filename="projects-371423.xlsx"; '
        "filename*=UTF-8''%E9%A1%B9%E7%9B%AE-%E5%BA%86%E4%BA%91%E5%8E%BF.xlsx"
    )
    assert attachment("a.csv", "a.csv")["Content-Disposition"] == 'attachment; filename="a.csv"'
