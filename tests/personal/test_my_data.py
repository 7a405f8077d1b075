"""What is kept about somebody: seen, corrected, taken along, asked to be removed."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories import (
    PASSWORD,
    make_county,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tests.mailing.conftest import make_message
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.mailing.models import Message

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 11, 2))
PAGE, FILE, REMOVAL = reverse("my_data"), reverse("my_data_file"), reverse("ask_for_removal")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def as_(person: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


@pytest.mark.parametrize("role", sorted(Role))
def test_everybody_has_the_page_and_finds_it_under_their_name(role: str):
    person = make_enterprise_user() if role == Role.ENTERPRISE else make_official(role)
    client = as_(person)
    html = client.get(PAGE).content.decode()
    assert f'href="{PAGE}"' in html
    assert person.email in html


def test_somebody_above_all_divisions_has_it_as_well():
    person = User.objects.create_superuser("root@county.test", PASSWORD, name="安全管理员")
    assert as_(person).get(PAGE).status_code == 200
    assert as_(person).post(FILE).status_code == 200


def test_the_file_has_what_is_kept_about_the_reader_and_nothing_of_others():
    inspector, other = make_official(email="li@county.test", name="李明"), make_official(name="王芳")
    own, foreign = make_project(inspector=inspector), make_project(inspector=other)
    made = make_inspection(own, by=inspector)
    make_inspection(foreign, by=other)
    make_message(inspector, subject=f"about {other.name}", text=other.email)
    make_message(other)
    record(
        AuditEntry.Act.CHANGED,
        foreign,
        before={"name": other.name},
        why=f"told by {other.name}",
        actor=inspector,
    )
    record(AuditEntry.Act.CHANGED, inspector, actor=other)
    record(AuditEntry.Act.CHANGED, foreign, actor=other)
    client = as_(inspector)
    answer = client.post(FILE)
    assert answer["Content-Disposition"] == f'attachment; filename="my-data-{inspector.pk}-2026-11-02.json"'
    assert "no-store" in answer["Cache-Control"]
    told = json.loads(answer.content)
    assert told["person"]["name"] == "李明"
    assert told["person"]["address"] == "li@county.test"
    assert [row["id"] for row in told["inspections_made"]] == [made.pk]
    assert [row["id"] for row in told["projects_answered_for"]] == [own.pk]
    assert len(told["mails"]) == 1
    assert {row["by_yourself"] for row in told["trail"]} == {True, False}
    assert len(told["sign_ins_open"]) == 1
    text = answer.content.decode()
    inspector.refresh_from_db()
    for secret in (other.name, other.email, inspector.password, client.session.session_key):
        assert secret not in text
    assert AuditEntry.objects.filter(act=AuditEntry.Act.EXPORTED, actor=inspector).count() == 1


def test_the_file_of_an_enterprises_person_names_the_enterprise():
    person = make_enterprise_user()
    assert json.loads(as_(person).post(FILE).content)["person"]["enterprise"] == person.enterprise.name


@pytest.mark.parametrize("address", [FILE, REMOVAL])
def test_what_needs_a_button_does_nothing_when_it_is_only_looked_at(address: str):
    person = make_official()
    assert as_(person).get(address)["Location"] == PAGE
    person.refresh_from_db()
    assert person.removal_asked_at is None
    assert not AuditEntry.objects.filter(act=AuditEntry.Act.EXPORTED).exists()


# --- correcting ---


def test_name_and_language_are_corrected_and_nothing_else_is():
    person = make_official(name="李明")
    sent = {
        "name": " 李  鸣 ",
        "language": "en",
        "role": Role.TEAM_LEAD,
        "email": "other@county.test",
        "is_staff": "on",
        "division": make_county("371525").pk,
        "removed_at": "2020-01-01",
    }
    answer = as_(person).post(PAGE, sent)
    assert (answer.status_code, answer.cookies["django_language"].value) == (302, "en")
    now = User.objects.get(pk=person.pk)
    assert (now.name, now.language) == ("李 鸣", "en")
    assert (now.role, now.email, now.is_staff, now.division) == (
        person.role,
        person.email,
        False,
        person.division,
    )
    assert now.removed_at is None
    entry = AuditEntry.objects.get(act=AuditEntry.Act.CHANGED)
    assert entry.after == {"name": "李**", "language": "en"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "Removed person 7"])
def test_a_name_that_is_none_is_refused(name: str):
    person = make_official(name="李明")
    answer = as_(person).post(PAGE, {"name": name, "language": "zh-hans"})
    assert answer.status_code == 200
    assert "name" in answer.context["form"].errors
    assert User.objects.get(pk=person.pk).name == "李明"


def test_a_language_that_there_is_not_is_refused():
    assert as_(make_official()).post(PAGE, {"name": "李明", "language": "xx"}).status_code == 200


# --- asking for removal ---


def test_the_request_reaches_every_security_administrator_of_the_place_once_however_often_it_is_pressed():
    county = make_county()
    person = make_official(division=make_township(county))
    reached = [
        make_official(Role.SECURITY_ADMINISTRATOR, division=county),
        make_official(Role.SECURITY_ADMINISTRATOR, division=county.parent),
        User.objects.create_superuser("root@county.test", PASSWORD),
    ]
    make_official(Role.SECURITY_ADMINISTRATOR, division=make_county("371525"))
    make_official(Role.SECURITY_ADMINISTRATOR, division=county, is_active=False)
    make_official(Role.SYSTEM_ADMINISTRATOR, division=county)
    client = as_(person)
    for _ in range(3):
        assert client.post(REMOVAL)["Location"] == PAGE
    assert sorted(Message.objects.values_list("recipient", flat=True)) == sorted(one.pk for one in reached)
    message = Message.objects.filter(recipient=reached[0]).get()
    assert message.kind == "removal_request"
    assert person.name in message.text
    assert reverse("admin:tracker_user_change", args=[person.pk]) in message.text
    assert "You asked for it on" in client.get(PAGE).content.decode()


def test_a_request_can_be_taken_back_and_made_again_with_one_mail_a_day():
    person, administrator = make_official(), make_official(Role.SECURITY_ADMINISTRATOR)
    client = as_(person)
    for _ in range(3):
        client.post(REMOVAL)
        client.post(REMOVAL, {"take_back": "1"})
    assert administrator.messages.count() == 1
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        as_(person).post(REMOVAL)
    assert administrator.messages.count() == 2


def test_nobody_is_told_when_there_is_nobody_and_the_request_stands():
    person = make_official()
    as_(person).post(REMOVAL)
    assert User.objects.get(pk=person.pk).removal_asked_at == NOW
    assert not Message.objects.exists()


def test_a_security_administrator_sees_who_has_asked():
    person = make_official(name="李明")
    make_official(name="王芳")
    as_(person).post(REMOVAL)
    administrator = make_official(Role.SECURITY_ADMINISTRATOR, is_staff=True)
    asked = as_(administrator).get(
        reverse("admin:tracker_user_changelist"), {"removal_asked_at__isempty": "0"}
    )
    assert "李明" in asked.content.decode()
    assert "王芳" not in asked.content.decode()
