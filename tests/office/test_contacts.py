"""Whom to call: masked for everybody, shown on the record to those who need it, forgotten when asked."""

import io
import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from tests.exchange.workbooks import NAME, credit_code, project_code, row, table
from tests.factories import (
    make_county,
    make_enterprise,
    make_enterprise_user,
    make_official,
    make_project,
    make_township,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.exchange.actions import hand_in, take_batch
from tracker.exchange.models import ImportBatch
from tracker.library.models import Enterprise, Project
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db

NUMBER, MASK = "13812348000", "138****8000"
FIRM_NUMBER, FIRM_MASK = "13998765432", "139****5432"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


@pytest.fixture
def inspector() -> User:
    return make_official(language="en")


@pytest.fixture
def project(inspector: User) -> Project:
    enterprise = make_enterprise(contact_name="李四", contact_phone=FIRM_NUMBER)
    return make_project(
        enterprise, inspector=inspector, contact_name="张三", contact_phone=NUMBER, responsible_name="王五"
    )


def as_(person: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def pages_of(project: Project) -> list[str]:
    return [
        reverse("office:project", args=[project.pk]),
        reverse("office:enterprise", args=[project.enterprise_id]),
        reverse("office:edit_project", args=[project.pk]),
        reverse("office:edit_enterprise", args=[project.enterprise_id]),
        reverse("office:projects"),
        reverse("office:enterprises"),
    ]


def show(project: Project) -> str:
    return reverse("office:show_project_phone", args=[project.pk])


def show_firm(project: Project) -> str:
    return reverse("office:show_enterprise_phone", args=[project.enterprise_id])


def test_no_page_and_no_form_has_a_number_in_plain(project: Project):
    for person in [project.inspector, *(make_official(role) for role in set(Role) - {Role.ENTERPRISE})]:
        client = as_(person)
        for address in pages_of(project):
            html = client.get(address).content.decode()
            assert NUMBER not in html, address
            assert FIRM_NUMBER not in html, address
    assert MASK in as_(project.inspector).get(pages_of(project)[0]).content.decode()
    assert FIRM_MASK in as_(project.inspector).get(pages_of(project)[1]).content.decode()


def test_a_number_is_shown_once_to_the_inspector_and_that_is_on_record(project: Project):
    client = as_(project.inspector)
    answer = client.post(show(project))
    assert answer.status_code == 200
    assert NUMBER in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    [entry] = AuditEntry.objects.filter(act=AuditEntry.Act.REVEALED)
    assert (entry.actor, entry.table, entry.row) == (project.inspector, "project", str(project.pk))
    assert NUMBER not in str([entry.before, entry.after, entry.why])
    assert NUMBER not in client.get(pages_of(project)[0]).content.decode(), "each time it is asked for anew"


def test_coming_back_to_the_address_shows_nothing(project: Project):
    answer = as_(project.inspector).get(show(project))
    assert (answer.status_code, answer["Location"]) == (302, pages_of(project)[0])
    assert not AuditEntry.objects.filter(act=AuditEntry.Act.REVEALED).exists()


@pytest.mark.parametrize(
    ("role", "place", "code", "may"),
    [
        (Role.TEAM_LEAD, "county", 200, True),
        (Role.INSPECTOR, "county", 403, False),
        (Role.TEAM_LEAD, "city", 403, False),
        (Role.TEAM_LEAD, "township", 404, False),
        (Role.TEAM_LEAD, "elsewhere", 404, False),
        (Role.LEADER, "county", 403, False),
        (Role.STATISTICS_LIAISON, "county", 403, False),
        (Role.AUDITOR, "county", 403, False),
        (Role.SYSTEM_ADMINISTRATOR, "county", 403, False),
        (Role.SECURITY_ADMINISTRATOR, "county", 403, False),
    ],
)
def test_only_the_inspector_and_the_countys_team_lead_may_have_it_shown(
    project: Project, role: str, place: str, code: int, may: bool
):
    county = project.county
    places: dict[str, Any] = {
        "county": county,
        "city": county.parent,
        "township": make_township(county),
        "elsewhere": make_county("371525"),
    }
    client = as_(make_official(role, division=places[place]))
    for address, number in ((show(project), NUMBER), (show_firm(project), FIRM_NUMBER)):
        answer = client.post(address)
        assert answer.status_code == code
        assert (number in answer.content.decode()) == may
    assert AuditEntry.objects.filter(act=AuditEntry.Act.REVEALED).count() == (2 if may else 0)
    html = client.get(pages_of(project)[0]).content.decode()
    assert (show(project) in html) == may, "the button is there for those who may"


def test_an_enterprise_sees_its_own_number_and_nobody_elses(project: Project):
    own, other = make_enterprise_user(project.enterprise), make_enterprise_user()
    address = reverse("portal:project", args=[project.pk])
    assert NUMBER in as_(own).get(address).content.decode()
    assert FIRM_NUMBER in as_(own).get(reverse("my_data")).content.decode()
    assert as_(other).get(address).status_code == 404
    assert as_(own).post(show(project)).status_code == 403


# --- editing ---


def sent_back(client: Client, address: str, **changes: Any) -> Any:
    """The form as the page has it, with these fields typed anew."""
    form = client.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return client.post(
        address, {name: "" if value is None else value for name, value in values.items()} | changes
    )


@pytest.mark.parametrize("which", [2, 3])
def test_sending_the_form_back_keeps_the_number(project: Project, which: int):
    assert sent_back(as_(project.inspector), pages_of(project)[which]).status_code == 302
    assert Project.objects.get().contact_phone == NUMBER
    assert Enterprise.objects.get().contact_phone == FIRM_NUMBER


@pytest.mark.parametrize("which", [2, 3])
@pytest.mark.parametrize(("typed", "kept"), [("0534-3221234", "0534-3221234"), ("", "")])
def test_a_new_number_replaces_it_and_an_empty_one_takes_it_out(
    project: Project, which: int, typed: str, kept: str
):
    assert sent_back(as_(project.inspector), pages_of(project)[which], contact_phone=typed).status_code == 302
    now = [Project.objects.get().contact_phone, Enterprise.objects.get().contact_phone]
    assert now[which - 2] == kept


@pytest.mark.parametrize("typed", ["138****8001", "***", "１３８＊＊＊＊"])
def test_another_mask_is_no_number(project: Project, typed: str):
    answer = sent_back(as_(project.inspector), pages_of(project)[2], contact_phone=typed)
    assert answer.status_code == 200
    assert f"Type the whole number. To keep the present one, write {MASK}." in answer.content.decode()
    assert NUMBER not in answer.content.decode()
    assert Project.objects.get().contact_phone == NUMBER


def test_a_number_written_beside_the_name_is_masked_and_kept_as_well(project: Project):
    beside = {"contact_name": f"张三 {NUMBER}", "responsible_name": f"王五{NUMBER}"}
    Project.objects.update(**beside, problem=f"请联系 {NUMBER}", contact_phone="")
    client = as_(project.inspector)
    for address in pages_of(project):
        assert NUMBER not in client.get(address).content.decode()
    assert sent_back(client, pages_of(project)[2]).status_code == 302
    assert Project.objects.filter(**beside).exists()


def test_a_mask_where_nothing_is_kept_is_refused(project: Project):
    Project.objects.update(contact_phone="")
    answer = sent_back(as_(project.inspector), pages_of(project)[2], contact_phone=MASK)
    assert "Type the whole number, without asterisks." in answer.content.decode()


# --- tables that are handed in ---


def handed_in(content: bytes, by: User) -> ImportBatch:
    return hand_in(make_county(), NAME, content, chosen=None, by=by, at=moment(date(2026, 11, 2)))


def test_a_tables_preview_and_its_remarks_have_no_number_in_plain():
    lead = make_official(Role.TEAM_LEAD)
    take_batch(handed_in(table(row(1), row(2)), lead), by=lead, at=moment(date(2026, 11, 2)))
    changed = table(
        row(1, phone=NUMBER, contact=f"张三 {FIRM_NUMBER}"),
        row(2, phone=NUMBER + "9" * 30),
        row(3, phone=NUMBER, total="坏"),
        [f"填报人：张三 联系电话：{NUMBER}"],
    )
    page = reverse("office:import", args=[handed_in(changed, lead).pk])
    client = as_(lead)
    html = client.get(page).content.decode()
    assert MASK in html
    book = load_workbook(io.BytesIO(client.get(f"{page}?remarks").content))
    remarks = "\n".join(str(cell.value) for line in book.active for cell in line)
    for text in (html, remarks):
        assert NUMBER not in text
        assert FIRM_NUMBER not in text


def test_a_masked_number_in_a_table_leaves_the_one_that_is_kept():
    lead, at = make_official(Role.TEAM_LEAD), moment(date(2026, 11, 2))
    take_batch(handed_in(table(row(1, phone=NUMBER)), lead), by=lead, at=at)
    take_batch(handed_in(table(row(1, phone=MASK), row(2, phone=MASK)), lead), by=lead, at=at)
    assert list(Project.objects.order_by("code").values_list("contact_phone", flat=True)) in (
        [NUMBER, ""],
        ["", NUMBER],
    )
    assert Project.objects.get(code=project_code(1)).contact_phone == NUMBER
    assert Enterprise.objects.get(credit_code=credit_code(2)).contact_phone == ""


# --- removal ---


def test_a_contact_is_removed_with_a_reason_and_nothing_of_it_stays(project: Project):
    client = as_(project.inspector)
    address = reverse("office:remove_project_contact", args=[project.pk])
    assert client.get(address).status_code == 200
    assert "This field is required" in client.post(address, {"why": " "}).content.decode()
    assert Project.objects.get().contact_phone == NUMBER
    assert client.post(address, {"why": "asked for by telephone"}).status_code == 302
    now = Project.objects.get()
    assert (now.contact_name, now.contact_phone, now.responsible_name) == ("", "", "王五")
    [entry] = AuditEntry.objects.filter(act=AuditEntry.Act.REMOVED)
    assert (entry.actor, entry.why, entry.row) == (
        project.inspector,
        "asked for by telephone",
        str(project.pk),
    )
    assert not {"张三", NUMBER} & set(map(str, [*entry.before.values(), *entry.after.values()]))


def test_the_responsible_persons_name_goes_when_that_is_ticked(project: Project):
    address = reverse("office:remove_project_contact", args=[project.pk])
    as_(project.inspector).post(address, {"why": "left", "with_responsible": "on"})
    assert Project.objects.get().responsible_name == ""


def test_an_enterprises_contact_is_removed_without_that_of_its_projects(project: Project):
    address = reverse("office:remove_enterprise_contact", args=[project.enterprise_id])
    assert as_(make_official(Role.TEAM_LEAD)).post(address, {"why": "left"}).status_code == 302
    assert Enterprise.objects.get().contact_phone == ""
    assert Project.objects.get().contact_phone == NUMBER


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.STATISTICS_LIAISON])
def test_only_those_who_keep_the_library_remove_contacts(project: Project, role: str):
    client = as_(make_official(role))
    address = reverse("office:remove_project_contact", args=[project.pk])
    assert {client.get(address).status_code, client.post(address, {"why": "x"}).status_code} == {403}
    elsewhere = as_(make_official(Role.TEAM_LEAD, division=make_county("371525")))
    assert elsewhere.post(address, {"why": "x"}).status_code == 404
    assert Project.objects.get().contact_phone == NUMBER


def test_no_number_comes_into_a_mail_or_a_log(project: Project, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        client = as_(project.inspector)
        client.post(show(project))
        sent_back(client, pages_of(project)[2], contact_phone="13700001111")
    assert NUMBER not in caplog.text
    assert "13700001111" not in caplog.text
    assert not Message.objects.exists()
