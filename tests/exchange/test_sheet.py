"""Finding a table in a workbook, and surviving what is no workbook at all."""

import io
import time
import tracemalloc
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from tests.exchange import workbooks
from tests.exchange.workbooks import HEAD, NAME, NOTE, TITLE, part_of, row, table, with_part, workbook, zipped
from tracker.calendars.periods import HalfMonth
from tracker.exchange import archive, rules
from tracker.exchange.archive import UnreadableFile
from tracker.exchange.grids import OLE_SIGN
from tracker.exchange.rules import Field, ReadRow
from tracker.exchange.sheet import Table, read_table

SHEET = "xl/worksheets/sheet1.xml"


def read(content: bytes, name: str = NAME, year: int = 2026) -> list[ReadRow]:
    found = read_table(content, name)
    return rules.read_lines(found.lines, rules.columns_for(found.columns, year))


def only(content: bytes) -> rules.Row:
    (one,) = read(content)
    assert one.row is not None, one.errors
    return one.row


def errors(content: bytes) -> list[tuple[int, str, str]]:
    return [(note.row, note.letter, note.code) for one in read(content) for note in one.errors]


def refused(content: bytes, name: str = NAME) -> str:
    with pytest.raises(UnreadableFile) as refusal:
        read_table(content, name)
    return refusal.value.code


# --- the county's own table ---


@pytest.fixture(scope="module")
def real() -> Table:
    return read_table(workbooks.REAL.read_bytes(), workbooks.REAL.name)


def test_the_countys_table_is_read_to_the_last_row(real: Table):
    assert [len(real.lines), real.lines[0].number, real.lines[-1].number] == [97, 5, 101]
    assert real.half_month == HalfMonth.parse("2026-10-H2")
    assert {column.field for column in real.columns} == set(Field) - {Field.FILED, Field.REMARK}
    assert real.not_understood == ()


def test_its_total_and_its_note_are_told_not_taken(real: Table):
    assert [(one.row, one.kind) for one in real.left_out] == [(102, "total"), (103, "note")]


def test_its_figures_add_up_to_its_own_total(real: Table):
    rows = [one.row for one in rules.read_lines(real.lines, rules.columns_for(real.columns, 2026)) if one.row]
    assert sum(one.planned_total for one in rows) == Decimal(499330)
    assert sum(one.planned_equipment or 0 for one in rows) == Decimal("342340.96")
    assert sum(one.annual_plan or 0 for one in rows) == Decimal("315645.39")
    assert sum(one.cumulative_investment for one in rows) == Decimal("210862.77")
    assert sum(one.ytd_investment for one in rows) == Decimal("177496.68")


# --- where a table may stand ---


def test_a_table_is_found_without_title_and_note():
    assert only(table(row(), above=[])).project_name == "虚构产线1改造项目"


def test_a_table_is_found_below_and_to_the_right():
    shifted = [[None] * 3 + list(cells) for cells in ([], [], TITLE, [], NOTE, HEAD, row())]
    one = read_table(workbook({"表": shifted}), NAME)
    assert one.lines[0].number == 7
    assert one.columns[0].letter == "D"


def test_a_table_on_the_second_sheet_is_found():
    content = workbook({"封面": [["调度材料"]], "说明": [["填表说明"], ["1"]], "数据": [HEAD, row()]})
    assert read_table(content, NAME).sheet == "数据"


def test_of_two_tables_the_first_is_read_and_the_other_named():
    found = read_table(workbook({"上": [HEAD, row(1)], "下": [HEAD, row(2)]}), NAME)
    assert (found.sheet, found.other_sheets) == ("上", ("下",))


def test_a_head_of_three_rows_is_read():
    start = HEAD.index("计划开工时间")
    top: list[Any] = list(HEAD)
    top[start], top[start + 1] = "开工时间", None
    middle = [None] * len(HEAD)
    middle[start], middle[start + 1] = "计划", "实际"
    bottom = [None] * len(HEAD)
    bottom[start], bottom[start + 1] = "年月", "年月"
    letters = archive.column_letter(start), archive.column_letter(start + 1)
    content = workbook({"表": [top, middle, bottom, row()]}, merges=[f"{letters[0]}1:{letters[1]}1"])
    assert only(content).started == rules.Day(date(2026, 3, 5))


def test_columns_may_stand_in_any_order():
    turned = [list(reversed(cells)) for cells in (HEAD, row())]
    assert only(workbook({"表": turned})).cumulative_investment == Decimal(800)


def test_unknown_columns_are_named_and_left_out():
    found = read_table(workbook({"表": [[*HEAD, "亩均税收"], [*row(), 3]]}), NAME)
    assert [str(head) for head in found.not_understood] == ["AB 亩均税收"]


def test_the_unit_is_taken_from_the_head_or_from_the_note():
    in_yuan = [text.replace("万元", "元") for text in HEAD]
    bare = [text.replace("（万元）", "") for text in HEAD]
    note = ["单位：亿元"]
    assert only(table(row(cumulative=8_000_000, total=20_000_000, ytd=0), head=in_yuan)).planned_total == 2000
    assert (
        only(
            table(row(total=0.2, equipment=0, plan=0, cumulative=0, ytd=0), above=[note], head=bare)
        ).planned_total
        == 2000
    )


def test_of_several_years_the_half_months_own_is_read():
    head = [*HEAD, "2025年计划投资（万元）", "2025年累计完成投资（万元）"]
    content = workbook({"表": [head, [*row(), 111, 222]]})
    (this_year,), (last_year,) = read(content), read(content, year=2025)
    assert this_year.row is not None
    assert (this_year.row.annual_plan, this_year.row.ytd_investment) == (1000, 800)
    assert last_year.row is not None
    assert (last_year.row.annual_plan, last_year.row.ytd_investment) == (111, 222)


def test_totals_notes_headings_repeated_heads_and_empty_rows_are_no_projects():
    between = [
        ["一、机械产业链"],
        row(1),
        [],
        [None, "小计", *[None] * 8, 2000],
        HEAD,
        row(2),
        [3],
        ["合  计（2个）", *[None] * 9, 4000],
        ["注：1. 按月填报"],
        ["填报人：某某", None, "审核人：某某"],
    ]
    found = read_table(workbook({"表": [HEAD, *between]}), NAME)
    assert [line.number for line in found.lines] == [3, 7]
    kinds = ["section", "total", "head", "empty", "total", "note", "note"]
    assert [one.kind for one in found.left_out] == kinds


def test_what_is_merged_over_an_enterprises_rows_counts_for_each_of_them():
    second = row(1, enterprise=None, credit_code=None, project="虚构二期项目", code=workbooks.project_code(2))
    content = workbook({"表": [HEAD, row(1), second]}, merges=["B2:B3", "C2:C3"])
    one, two = (found.row for found in read(content))
    assert one is not None
    assert two is not None
    assert (one.enterprise_name, one.credit_code) == (two.enterprise_name, two.credit_code)


def test_a_figure_that_is_merged_over_two_rows_is_not_counted_twice():
    letter = archive.column_letter(workbooks.KEYS.index("cumulative"))
    content = workbook({"表": [HEAD, row(1), row(2, cumulative=None)]}, merges=[f"{letter}2:{letter}3"])
    assert errors(content) == [(3, letter, "missing")]


# --- what a cell may hold ---


def test_a_share_shown_as_a_percentage_is_a_percentage_whatever_the_column_holds():
    book = Workbook()
    sheet = book.active
    column = workbooks.KEYS.index("progress") + 1
    for cells in (
        HEAD,
        row(1, progress=0.45),
        row(2, progress=60),
        row(3, progress=1),
        row(4, progress="30%"),
    ):
        sheet.append(cells)
    sheet.cell(2, column).number_format = "0%"
    sheet.cell(4, column).number_format = "0.0%"
    found = read(workbooks.saved(book))
    assert [one.row.progress_percent for one in found if one.row] == [45, 60, 100, 30]
    assert not any(one.warnings for one in found)


def test_a_column_of_bare_shares_is_one_of_percentages():
    found = read(table(row(1, progress=0.45), row(2, progress=1), row(3, progress=0)))
    assert [one.row.progress_percent for one in found if one.row] == [45, 100, 0]


def test_a_bare_share_among_percentages_stands_but_is_asked_about():
    found = read(table(row(1, progress=45), row(2, progress=0.5)))
    assert [one.row.progress_percent for one in found if one.row] == [45, Decimal("0.50")]
    assert [note.code for one in found for note in one.warnings] == ["share_or_percentage"]


def test_codes_are_read_full_width_in_small_letters_and_without_hyphens():
    code, project = workbooks.credit_code(), workbooks.project_code()
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code.lower())
    found = only(table(row(credit_code=f" {wide} ", code=project.replace("-", ""))))
    assert (found.credit_code, found.project_code) == (code, project)


def test_text_that_looks_like_a_formula_stays_text_and_a_formula_is_never_computed():
    book = Workbook()
    sheet = book.active
    sheet.append(HEAD)
    sheet.append(row(1))
    sheet.append(row(2, project="=1+1"))
    column = workbooks.KEYS.index("project") + 1
    sheet.cell(2, column).value = "=1+1"
    sheet.cell(2, column).data_type = "s"
    text, formula = read(workbooks.saved(book))
    assert text.row is not None
    assert text.row.project_name == "=1+1"
    # Nothing here computes: a formula without a stored result says nothing.
    assert [(note.letter, note.code) for note in formula.errors] == [("H", "formula_without_value")]


def test_signs_that_nobody_sees_are_dropped():
    name = "虚构\u200b机械\u202e有限公司"
    assert only(table(row(enterprise=name))).enterprise_name == "虚构 机械 有限公司"


def test_a_nul_in_a_text_is_no_text_of_ours():
    assert rules.text_of("虚构\x00机械\x1f有限公司") == "虚构 机械 有限公司"


@pytest.mark.parametrize(
    ("facts", "key", "code"),
    [
        ({"enterprise": None}, "enterprise", "missing"),
        ({"enterprise": "长" * 121}, "enterprise", "too_long"),
        ({"credit_code": None}, "credit_code", "missing"),
        ({"project": None}, "project", "missing"),
        ({"code": "2603-37142"}, "code", "not_a_project_code"),
        ({"total": None}, "total", "missing"),
        ({"total": -2000}, "total", "negative_amount"),
        ({"cumulative": "约800"}, "cumulative", "not_an_amount"),
        ({"cumulative": None}, "cumulative", "missing"),
        ({"progress": 120}, "progress", "not_a_percentage"),
        ({"progress": "120%"}, "progress", "not_a_percentage"),
        ({"started": "去年"}, "started", "not_a_date"),
        ({"planned_end": 2026.1}, "planned_end", "january_or_october"),
        ({"nature": "重建"}, "nature", "unknown_nature"),
        ({"rung": "独角兽"}, "rung", "unknown_rung"),
        ({"inclusion": "大概"}, "inclusion", "unknown_inclusion"),
        ({"problem": "难" * 201}, "problem", "too_long"),
    ],
)
def test_each_error_names_its_row_and_column(facts: dict[str, Any], key: str, code: str):
    letter = archive.column_letter(workbooks.KEYS.index(key))
    assert errors(table(row(1), row(2, **facts))) == [(5, letter, code)]


def test_a_row_tells_all_its_errors_at_once():
    found = errors(table(row(enterprise=None, total=-1, progress=101)))
    assert [code for _, _, code in found] == ["missing", "negative_amount", "not_a_percentage"]


def test_empty_figures_are_nought_before_the_start_only():
    idle = row(started=None, cumulative=None, ytd="-", progress="", note="前期手续办理")
    found = only(table(idle))
    assert (found.cumulative_investment, found.ytd_investment, found.progress_percent) == (0, 0, 0)


def test_a_bad_industry_is_asked_about_and_left_as_it_is():
    (found,) = read(table(row(industry="造纸")))
    assert found.row is not None
    assert found.row.industry is None
    assert [note.code for note in found.warnings] == ["not_an_industry"]


def test_a_wrong_check_digit_is_asked_about_only():
    code = workbooks.project_code()
    (found,) = read(table(row(code=code[:-1] + str((int(code[-1]) + 1) % 10))))
    assert [note.code for note in found.warnings] == ["check_digit"]
    assert found.row is not None


# --- what is no table ---


def test_files_of_other_kinds_are_refused():
    assert refused(b"") == "file_empty"
    assert refused("企业名称,项目名称".encode("gb18030")) == "no_table"
    assert refused(b"%PDF-1.7 ...") == "is_pdf"
    assert refused(OLE_SIGN + bytes(2_000)) == "not_a_workbook"
    assert refused(OLE_SIGN + bytes(500) + "EncryptedPackage".encode("utf-16-le")) == "is_locked"
    assert refused(zipped(word__document=b"<w/>")) == "not_a_workbook"
    assert refused(zipped(**{"word/document.xml": b"<w/>"})) == "is_document"


def test_what_a_file_is_called_says_nothing():
    for name in ("表.xls", "表.csv", "表", "表.pdf"):
        assert len(read(table(row()), name)) == 1


def test_damaged_workbooks_are_refused():
    good = table(row())
    assert refused(good[: len(good) // 2]) == "file_broken"
    assert refused(b"PK\x03\x04" + bytes(500)) == "file_broken"
    assert refused(with_part(good, SHEET, b"<worksheet><sheetData>")) == "file_broken"
    assert refused(with_part(good, SHEET, b"\xff\xfe\x00\x00")) == "file_broken"
    assert refused(with_part(good, "xl/workbook.xml", b"<workbook/>")) in {"file_broken", "no_table"}
    assert refused(with_part(good, "xl/_rels/workbook.xml.rels", b"<Relationships/>")) in {
        "file_broken",
        "no_table",
    }


def test_a_reader_that_panics_over_odd_references_is_caught():
    sheet = part_of(table(row()), SHEET)
    for reference in (b"A0", b"", b"ZZZZZ9", b"A99999999", b"9A", "Ａ１".encode()):
        odd = sheet.replace(b'r="A1"', b'r="' + reference + b'"', 1)
        assert odd != sheet
        assert refused(with_part(table(row()), SHEET, odd)) == "file_broken"


def test_entities_are_never_expanded():
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b"<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"
    )
    assert refused(with_part(table(row()), SHEET, bomb)) == "file_broken"
    outside = b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]><worksheet>&a;</worksheet>'
    assert refused(with_part(table(row()), SHEET, outside)) == "file_broken"


def test_a_bomb_is_refused_before_it_is_unpacked():
    content = with_part(table(row()), "xl/sharedStrings.xml", b" " * 60 * archive.MEGABYTE)
    assert len(content) < archive.MEGABYTE
    tracemalloc.start()
    began = time.perf_counter()
    assert refused(content) == "unpacks_too_large"
    assert time.perf_counter() - began < 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * archive.MEGABYTE


def test_a_bomb_that_lies_about_its_size_is_refused():
    content = with_part(table(row()), "xl/sharedStrings.xml", b" " * 60 * archive.MEGABYTE)
    size = (60 * archive.MEGABYTE).to_bytes(4, "little")
    lie = content.replace(size, (1_000).to_bytes(4, "little"))
    assert lie != content
    assert refused(lie) == "file_broken"


def test_a_file_beyond_the_limit_is_refused():
    assert refused(table(row()) + bytes(archive.LARGEST_FILE)) == "file_too_large"


def test_a_zip_with_a_part_twice_or_very_many_parts_is_refused():
    twice = io.BytesIO(table(row()))
    with zipfile.ZipFile(twice, "a") as more, pytest.warns(UserWarning, match="Duplicate name"):
        more.writestr(SHEET, b"<worksheet/>")
    assert refused(twice.getvalue()) == "file_broken"
    many = zipped(**{f"part{number}": b"" for number in range(archive.MOST_PARTS + 1)})
    assert refused(many) == "unpacks_too_large"


def test_a_cell_at_the_far_corner_is_refused_instead_of_laid_out():
    sheet = part_of(table(row()), SHEET)
    for corner, code in ((b"A1048576", "too_many_rows"), (b"XFD1", "too_many_columns")):
        stray = b'<row r="1048576"><c r="' + corner + b'"><v>1</v></c></row></sheetData>'
        content = with_part(table(row()), SHEET, sheet.replace(b"</sheetData>", stray))
        assert refused(content) == code


def test_coloured_cells_without_content_below_the_table_do_no_harm():
    sheet = part_of(table(row()), SHEET)
    stray = b'<row r="1048576"><c r="A1048576" s="1"/></row></sheetData>'
    assert len(read(with_part(table(row()), SHEET, sheet.replace(b"</sheetData>", stray)))) == 1


def test_more_rows_than_a_table_has_are_refused():
    assert refused(workbooks.large(10_001)) == "too_many_rows"


def test_a_full_table_is_read_in_time():
    content = workbooks.large(10_000)
    began = time.process_time()
    assert sum(one.row is not None for one in read(content)) == 10_000
    assert time.process_time() - began < 5


def test_workbooks_without_the_table_are_refused():
    assert refused(workbook({"空": []})) == "no_table"
    assert refused(workbook({"名单": [["姓名", "电话"], ["张三", "1"]]})) == "no_table"
    assert refused(workbook({"表": [HEAD]})) == "no_rows"
    assert refused(table(["合计", *[None] * 9, 5])) == "no_rows"


def test_a_table_that_lacks_columns_says_which():
    with pytest.raises(UnreadableFile) as refusal:
        read_table(workbook({"表": [HEAD[:10], row()[:10]]}), NAME)
    assert refusal.value.code == "columns_missing"
    assert refusal.value.values_named["row"] == 1
    assert str(refusal.value.values_named["missing"]).split(",") == [
        *("planned_total", "cumulative_investment", "ytd_investment", "progress_percent")
    ]
