"""Handing in a table on the page: look, confirm, once."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.exchange import workbooks
from tests.exchange.workbooks import row, table
from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise_user,
    make_official,
    make_township,
    moment,
)
from tracker.accounts.models import User
from tracker.exchange.actions import AlreadyTaken, hand_in, take_batch
from tracker.exchange.models import ImportBatch
from tracker.inspections.actions import skip_cycle
from tracker.inspections.models import Inspection
from tracker.library.models import Enterprise, Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> User:
    return make_official("team_lead", language="en")


@pytest.fixture
def page(client: Client, lead: User) -> Client:
    client.force_login(lead)
    return client


def uploaded(page: Client, content: bytes, name: str = workbooks.NAME, **facts: Any) -> HttpResponse:
    return page.post(reverse("office:imports"), {"file": SimpleUploadedFile(name, content), **facts})


def handed_in(content: bytes, by: User, county: str = "371423") -> ImportBatch:
    return hand_in(
        make_county(county), workbooks.NAME, content, chosen=None, by=by, at=moment(date(2026, 11, 2))
    )


def test_from_the_file_to_the_library(page: Client):
    answer = uploaded(page, workbooks.REAL.read_bytes(), workbooks.REAL.name)
    batch = ImportBatch.objects.get()
    preview = reverse("office:import", args=[batch.pk])
    assert (answer.status_code, answer["Location"]) == (302, preview)
    assert Enterprise.objects.count() == 0

    shown = page.get(preview).content.decode()
    assert "Take this table" in shown
    assert "<strong>97</strong>" in shown
    assert "山东佳图体育用品有限公司" in shown

    taken = page.post(preview, follow=True).content.decode()
    assert "282 created, 0 changed, 0 unchanged, 0 rows refused" in taken
    assert reverse("office:cycle", args=["2026-10-H2"]) in taken
    assert [Enterprise.objects.count(), Project.objects.count(), Inspection.objects.count()] == [88, 97, 97]

    again = page.get(
        uploaded(page, workbooks.REAL.read_bytes(), workbooks.REAL.name)["Location"]
    ).content.decode()
    assert "there is nothing to take" in again
    assert "Take this table" not in again


def test_the_wrong_rows_come_first_with_row_column_and_remedy(page: Client):
    content = table(row(1), row(2, total=-5), row(3, enterprise="<b>=1+1</b>"))
    shown = page.get(uploaded(page, content)["Location"]).content.decode()
    assert "Take the other rows" in shown
    assert shown.index('id="wrong"') < shown.index('id="new"')
    assert "An amount cannot be negative" in shown
    assert "K 计划总投资（万元）" in shown
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in shown
    assert "<b>=1+1" not in shown


def test_changes_are_shown_with_their_old_and_their_new_value(page: Client, lead: User):
    take_batch(handed_in(table(row()), lead), by=lead, at=moment(date(2026, 11, 2)))
    shown = page.get(
        uploaded(page, table(row(cumulative=912.34, note="试生产", rung="科技领军企业")))["Location"]
    )
    text = shown.content.decode()
    assert "912.34" in text
    assert "Technological leading enterprise" in text
    assert 'id="changed"' in text


def test_the_remarks_come_as_a_workbook_in_which_nothing_is_a_formula(page: Client):
    content = table(row(1), row(2, enterprise="+1+1", total=-5), row(3, code=None))
    answer = page.get(uploaded(page, content)["Location"], {"remarks": ""})
    assert answer["Content-Disposition"].startswith("attachment")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    cells = [[cell.value for cell in cells] for cells in sheet.iter_rows()]
    assert [cells[2][-1], cells[3][-1]] == ["Import remarks", None]
    assert "An amount cannot be negative" in cells[4][-1]
    assert "recognised by its name alone" in cells[5][-1]
    assert "f" not in {cell.data_type for line in sheet.iter_rows() for cell in line}
    assert "+1+1" in cells[4]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.xlsx", "The file is empty"),
        (b"nothing", "a.xlsx", "No sheet has a half-monthly table"),
        (b"%PDF-1.7", "a.csv", "This is a PDF"),
        (b"PK\x03\x04" + bytes(100), "a.xlsx", "damaged"),
        (bytes(10 * 1024 * 1024 + 1), "a.xlsx", "larger than 10 MB"),
        (table(row(), above=[]), "a.xlsx", "does not say of which half-month"),
        (table(row(), above=[["调度时点：2062年10月31日"]]), "a.xlsx", "is not over"),
    ],
)
def test_a_file_that_cannot_be_taken_is_an_error_of_the_form(
    page: Client, content: bytes, name: str, said: str
):
    answer = uploaded(page, content, name)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert ImportBatch.objects.count() == 0


def test_no_file_and_a_made_up_half_month_are_errors_of_the_form(page: Client):
    assert page.post(reverse("office:imports"), {}).status_code == 200
    assert uploaded(page, table(row()), cycle="2026-99-H7").status_code == 200
    assert ImportBatch.objects.count() == 0


def test_the_half_month_can_be_chosen(page: Client):
    uploaded(page, table(row(), above=[]), cycle="2026-10-H1")
    assert ImportBatch.objects.get().cycle_start == date(2026, 10, 1)


def test_a_table_that_is_confirmed_twice_is_taken_once(page: Client, lead: User):
    batch = handed_in(table(row()), lead)
    address = reverse("office:import", args=[batch.pk])
    page.post(address)
    second = page.post(address, follow=True).content.decode()
    assert "taken already" in second
    assert Inspection.objects.get().edition == 1


def test_two_confirmations_at_the_same_moment_take_it_once(lead: User):
    batch = handed_in(table(row()), lead)
    other_tab = ImportBatch.objects.get(pk=batch.pk)
    take_batch(batch, by=lead, at=moment(date(2026, 11, 2)))
    assert other_tab.state == ImportBatch.State.UPLOADED
    with pytest.raises(AlreadyTaken):
        take_batch(other_tab, by=lead, at=moment(date(2026, 11, 2)))


def test_a_table_of_a_half_month_skipped_meanwhile_says_so(page: Client, lead: User):
    batch = handed_in(table(row()), lead)
    skip_cycle(make_cycle(), "春节")
    address = reverse("office:import", args=[batch.pk])
    assert "is skipped in this county" in page.get(address).content.decode()
    assert "is skipped in this county" in page.post(address, follow=True).content.decode()
    assert ImportBatch.objects.get().state == ImportBatch.State.UPLOADED


def test_hand_ins_of_another_county_do_not_exist(page: Client, lead: User):
    stranger = make_official("team_lead", make_county("371525"))
    batch = handed_in(table(row()), stranger, "371525")
    address = reverse("office:import", args=[batch.pk])
    assert page.get(address).status_code == 404
    assert page.post(address).status_code == 404
    assert page.get(reverse("office:imports"), {"county": "371525"}).status_code == 404
    assert Inspection.objects.count() == 0
    mine = page.get(reverse("office:imports")).content.decode()
    assert address not in mine


@pytest.mark.parametrize("role", ["inspector", "statistics_liaison", "leader", "auditor"])
def test_only_those_who_may_import_open_the_pages(client: Client, lead: User, role: str):
    batch = handed_in(table(row()), lead)
    client.force_login(make_official(role))
    for address in (reverse("office:imports"), reverse("office:import", args=[batch.pk])):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403


def test_enterprises_do_not_open_the_pages(client: Client):
    client.force_login(make_enterprise_user())
    assert client.get(reverse("office:imports")).status_code == 403


def test_somebody_of_a_township_does_not_write_for_the_whole_county(client: Client):
    client.force_login(make_official("team_lead", make_township()))
    assert client.get(reverse("office:imports")).status_code == 403
    assert uploaded(client, table(row())).status_code == 403


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_list_shows_what_was_handed_in(client: Client, language: str):
    lead = make_official("team_lead", language=language)
    client.force_login(lead)
    handed_in(table(row()), lead)
    taken = handed_in(table(row()), lead)
    take_batch(taken, by=lead, at=moment(date(2026, 11, 2)))
    answer = client.get(reverse("office:imports"))
    assert answer.status_code == 200
    assert reverse("office:import", args=[taken.pk]) in answer.content.decode()


def test_the_list_costs_the_same_however_much_was_handed_in(
    page: Client, lead: User, django_assert_max_num_queries: Any
):
    for _ in range(20):
        handed_in(table(row()), lead)
    with django_assert_max_num_queries(12):
        page.get(reverse("office:imports"))
