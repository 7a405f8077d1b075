"""What a county calls its columns, and what is done about records that differ and rows that are wrong."""

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from openpyxl.styles import Font

from tests.exchange import oldfiles, workbooks
from tests.exchange.test_hostile import as_text
from tests.exchange.workbooks import HEAD, KEYS, NAME, NOTE, TITLE, project_code, row, table
from tests.factories import make_county, make_enterprise, make_official, make_project, moment
from tracker.accounts.models import User
from tracker.exchange.actions import Stopped, hand_in, learn_heads, meaning_in, preview, table_of, take_batch
from tracker.exchange.effects import undo_batch
from tracker.exchange.models import ColumnSynonym, ImportBatch
from tracker.exchange.remarks import workbook_with_remarks
from tracker.exchange.rules import Field
from tracker.exchange.sheet import read_table
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Division, Enterprise, Industry, Project

pytestmark = pytest.mark.django_db

AT = moment(date(2026, 11, 2))
ODD = [{"企业名称": "厂子", "计划总投资（万元）": "盘子（元）"}.get(text, text) for text in HEAD]


@pytest.fixture
def lead() -> User:
    return make_official("team_lead", language="en")


@pytest.fixture
def page(client: Client, lead: User) -> Client:
    client.force_login(lead)
    return client


def handed_in(content: bytes, lead: User, **how: Any) -> ImportBatch:
    return hand_in(make_county(), NAME, content, chosen=None, by=lead, at=AT, **how)


# --- names of columns ---


def test_heads_that_are_not_understood_are_asked_about_and_then_remembered(page: Client, lead: User):
    batch = handed_in(table(row(total=20_000_000), head=ODD), lead)
    address = reverse("office:import", args=[batch.pk])
    asked = page.get(address).content.decode()
    assert "B 厂子" in asked
    assert "K 盘子（元）" in asked
    assert "Take this table" not in asked
    page.post(address, {"act": "heads", "head_0": "enterprise", "head_1": "planned_total"})
    assert "Take this table" in page.get(address).content.decode()
    page.post(address)
    # The unit stands in the head, whoever understands the rest of it.
    assert Project.objects.get().planned_total == 2000
    assert ColumnSynonym.objects.learnt(make_county()) == {
        "厂子": Field.ENTERPRISE,
        "盘子": Field.PLANNED_TOTAL,
    }
    again = handed_in(table(row(2, total=20_000_000), head=ODD), lead)
    assert table_of(again).missing == ()


def test_another_county_has_not_learnt_it(lead: User):
    learn_heads(make_county(), [("厂子", Field.ENTERPRISE)])
    content = table(row(), head=ODD)
    other = make_county("371525")
    assert meaning_in(make_county())("厂子") is not None
    assert meaning_in(other)("厂子") is None
    assert content


def test_a_head_that_everybody_knows_keeps_its_meaning(page: Client):
    assert learn_heads(make_county(), [("项目名称", Field.ENTERPRISE), (" ( ) ", Field.REMARK)]) == 0
    ColumnSynonym.objects.create(county=make_county(), head="项目名称", field="enterprise")
    assert meaning_in(make_county())("项目名称").field == Field.PROJECT  # type: ignore[union-attr]
    answer = page.post(
        reverse("office:column_names"), {"head": "项目名称（全称）"[:4], "field": "enterprise"}
    )
    assert "understood everywhere" in answer.content.decode()


def test_names_are_added_changed_and_forgotten(page: Client):
    names = reverse("office:column_names")
    page.post(names, {"head": "厂 子（万元）", "field": "enterprise"})
    one = ColumnSynonym.objects.get()
    assert (one.head, one.field) == ("厂子", "enterprise")
    assert "厂子" in page.get(names).content.decode()
    assert page.post(names, {"head": "厂子", "field": "project"}).status_code == 200
    address = reverse("office:column_name", args=[one.pk])
    page.post(address, {"head": "厂子", "field": "township"})
    one.refresh_from_db()
    assert one.field == "township"
    page.post(address, {"act": "forget"})
    assert not ColumnSynonym.objects.exists()


def test_names_of_another_county_do_not_exist(page: Client):
    other = ColumnSynonym.objects.create(county=make_county("371525"), head="厂子", field="enterprise")
    assert page.get(reverse("office:column_name", args=[other.pk])).status_code == 404
    assert page.post(reverse("office:column_name", args=[other.pk]), {"act": "forget"}).status_code == 404
    assert ColumnSynonym.objects.exists()


# --- what is there already, and what is wrong ---


@pytest.fixture
def known() -> Project:
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1), name="旧名有限公司")
    return make_project(enterprise, code=project_code(1), planned_total=1500, problem="旧问题")


def test_records_that_differ_are_left_as_they_are_when_it_is_asked_for(
    page: Client, lead: User, known: Project
):
    batch = handed_in(table(row(1, problem="新问题"), row(2)), lead, existing="skip")
    shown = page.get(reverse("office:import", args=[batch.pk])).content.decode()
    assert 'id="left"' in shown
    assert 'id="changed"' not in shown
    take_batch(batch, by=lead, at=AT)
    known.refresh_from_db()
    assert (known.planned_total, known.problem, known.enterprise.name) == (1500, "旧问题", "旧名有限公司")
    assert [Project.objects.count(), Inspection.objects.count()] == [2, 2]
    take_batch(handed_in(table(row(1, cumulative=999)), lead, existing="skip"), by=lead, at=AT)
    assert Inspection.objects.get(project=known).cumulative_investment == 800


def test_nothing_is_taken_when_rows_differ_and_it_is_asked_for(page: Client, lead: User, known: Project):
    batch = handed_in(table(row(1), row(2)), lead, existing="stop")
    address = reverse("office:import", args=[batch.pk])
    shown = page.get(address).content.decode()
    assert "1 rows would change" in shown
    assert "Take this table" not in shown
    with pytest.raises(Stopped):
        take_batch(batch, by=lead, at=AT)
    assert Project.objects.count() == 1
    page.post(address, {"act": "choose", "existing": "update", "wrong": "leave_out"})
    page.post(address)
    assert Project.objects.count() == 2


def test_nothing_is_taken_when_rows_are_wrong_and_it_is_asked_for(page: Client, lead: User):
    batch = handed_in(table(row(1), row(2, total=-1)), lead, wrong="stop")
    address = reverse("office:import", args=[batch.pk])
    assert "1 rows are wrong" in page.get(address).content.decode()
    page.post(address)
    assert Project.objects.count() == 0
    assert ImportBatch.objects.get().state == "uploaded"


def test_a_table_without_words_and_dates_leaves_a_stage_as_it_is(lead: User):
    take_batch(handed_in(table(row(1)), lead), by=lead, at=AT)
    silent = {KEYS.index(key) for key in ("note", "started", "completed")}
    head, cells = (
        [cell for index, cell in enumerate(line) if index not in silent]
        for line in (HEAD, row(1, progress=50))
    )
    take_batch(handed_in(table(cells, head=head), lead), by=lead, at=AT)
    assert (Project.objects.get().stage, Inspection.objects.get().progress_percent) == ("building", 50)


# --- the table with remarks ---


def remarked(content: bytes, lead: User) -> tuple[Any, bytes]:
    batch = handed_in(content, lead)
    found = table_of(batch)
    given = workbook_with_remarks(content, found, preview(batch, found))
    return load_workbook(io.BytesIO(given)).worksheets[0], given


def styled() -> bytes:
    book = load_workbook(io.BytesIO(table(row(1), row(2, total=-5), row(3, problem="=1+1"))))
    sheet = book.active
    sheet.column_dimensions["B"].width = 33
    sheet["B3"].font = Font(bold=True)
    sheet["K4"].number_format = "#,##0.00"
    sheet["A1"].hyperlink = "https://example.test/"
    sheet["AF1"] = "=WEBSERVICE(A1)"
    sheet.merge_cells("A1:H1")
    sheet["X6"].data_type = "s"
    return workbooks.saved(book)


def test_the_same_workbook_comes_back_with_remarks_behind_its_rows(lead: User):
    sheet, _ = remarked(styled(), lead)
    column = sheet.max_column
    assert sheet.cell(3, column).value in {"Import remarks", "导入提示"}
    assert sheet.cell(4, column).value is None
    assert "K " in sheet.cell(5, column).value
    assert [sheet.column_dimensions["B"].width, sheet["B3"].font.bold] == [33, True]
    assert sheet["K4"].number_format == "#,##0.00"
    assert "A1:H1" in {str(one) for one in sheet.merged_cells.ranges}
    assert sheet["C4"].value == workbooks.credit_code(1)
    assert sheet["I4"].value == project_code(1)


def test_nothing_in_it_computes_or_leads_elsewhere_and_telephones_are_masked(lead: User):
    sheet, given = remarked(styled(), lead)
    cells = [cell for line in sheet.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"n", "s", "d", "inlineStr"}
    assert not any(cell.hyperlink for cell in cells)
    assert sheet["X6"].value == "=1+1"
    assert sheet["AA4"].value == "138****0000"
    assert b"13800000000" not in given


def test_handed_in_again_the_remarks_say_nothing_and_are_written_over(lead: User):
    first, given = remarked(styled(), lead)
    second, _ = remarked(given, lead)
    assert second.max_column == first.max_column
    found = read_table(given, NAME)
    assert found.not_understood == ()
    take_batch(handed_in(given, lead), by=lead, at=AT)
    assert Project.objects.count() == 2


@pytest.mark.parametrize("kind", ["csv", "xls"])
def test_a_table_of_another_kind_comes_back_as_xlsx(kind: str, lead: User):
    rows = [TITLE, NOTE, HEAD, row(1), row(2, total=-5), row(3, problem="=1+1")]
    content = as_text(rows).encode("gb18030") if kind == "csv" else oldfiles.xls(rows)
    sheet, given = remarked(content, lead)
    assert sheet.cell(3, len(KEYS) + 1).value in {"Import remarks", "导入提示"}
    assert sheet.cell(5, len(KEYS) + 1).value
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"n", "s", "d", "inlineStr"}
    assert b"13800000000" not in given
    assert len(read_table(given, NAME).lines) == 3


# --- exactly the edits, and exactly gone ---

LIBRARY = (Division, Industry, Enterprise, Project, AnnualPlan, Inspection)


def library() -> list[list[dict[str, Any]]]:
    return [list(model._base_manager.order_by("pk").values()) for model in LIBRARY]


def test_of_an_edited_workbook_exactly_the_edits_arrive_and_undone_they_are_exactly_gone(lead: User):
    content = workbooks.REAL.read_bytes()
    take_batch(handed_in(content, lead), by=lead, at=AT)
    before = library()
    book = load_workbook(io.BytesIO(content))
    sheet = book.active
    heads = {str(cell.value): cell.column for line in sheet["A1:AB4"] for cell in line if cell.value}
    problem = next(column for head, column in heads.items() if "问题" in head)
    sheet.cell(7, problem).value = "供电容量不足"
    sheet.cell(20, problem).value = "设备到货延迟"
    batch = handed_in(workbooks.saved(book), lead)
    plan = preview(batch, table_of(batch))
    changes = [(one.number, change.field, change.new) for one in plan.rows for change in one.changes]
    assert changes == [(7, "problem", "供电容量不足"), (20, "problem", "设备到货延迟")]
    take_batch(batch, by=lead, at=AT)
    after = library()
    assert [one for one in after[3] if one not in before[3]] == [
        one for one in after[3] if one["problem"] in {"供电容量不足", "设备到货延迟"}
    ]
    assert [after[index] for index in (0, 1, 2, 4, 5)] == [before[index] for index in (0, 1, 2, 4, 5)]
    batch.refresh_from_db()
    undo_batch(batch, by=lead, at=AT)
    assert library() == before
