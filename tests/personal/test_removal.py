"""A person becomes a number: who they were goes, what they did stays."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.factories import (
    PASSWORD,
    make_county,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tests.mailing.conftest import make_message
from tracker.accounts.models import User
from tracker.accounts.names import spoken
from tracker.accounts.roles import Role
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.inspections.models import Inspection
from tracker.mailing.actions import compose
from tracker.mailing.models import Attachment, Message
from tracker.personal.actions import MayNotRemove, may_remove, remove_personal_data
from tracker.summaries.models import MonthlySummary

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 11, 2))
PEOPLE = reverse("admin:tracker_user_changelist")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def administrator() -> User:
    return make_official(Role.SECURITY_ADMINISTRATOR, is_staff=True, language="en")


def as_(person: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def remove(person: User, by: User | None = None) -> bool:
    return remove_personal_data(person, by=by, why="asked for", at=NOW)


def test_nothing_that_tells_who_it_was_stays(administrator: User):
    person = make_official(email="li@county.test", name="李明")
    as_(person)
    EmailAddress.objects.create(user=person, email=person.email)
    message = make_message(person, sent_at=NOW, text="Hello 李明", html="<p>李明</p>", subject="For 李明")
    Attachment.objects.create(message=message, filename="a", content_type="text/plain", content=b"x")
    waiting = make_message(person)
    people = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=administrator,
        content_type=people,
        object_id=str(person.pk),
        object_repr="李明",
        action_flag=CHANGE,
    )
    project = make_project(inspector=person, responsible_name="李明")
    password = person.password
    assert remove(person, administrator)
    now = User.objects.get(pk=person.pk)
    assert (now.email, now.is_active, now.is_staff) == (f"removed-{person.pk}@removed.invalid", False, False)
    assert not now.has_usable_password()
    assert (now.removed_at, now.switched_off_at) == (NOW, NOW)
    assert not Session.objects.exists()
    assert not EmailAddress.objects.exists()
    assert not Attachment.objects.exists()
    message.refresh_from_db()
    waiting.refresh_from_db()
    assert (message.subject, message.text, message.html, message.address) == ("", "", "", "")
    assert (message.kind, message.sent_at) == ("test", NOW)
    assert waiting.withdrawn_at == NOW
    project.refresh_from_db()
    assert project.responsible_name == ""
    for rows in (User, Message, LogEntry, AuditEntry):
        text = str(list(rows._base_manager.values()))
        assert "李明" not in text, rows
        assert "li@county.test" not in text, rows
        assert password not in text, rows


def test_what_they_did_stays_under_the_number(administrator: User):
    person = make_official(name="李明")
    project = make_project(inspector=person)
    inspection = make_inspection(project, by=person)
    entry = record(AuditEntry.Act.CHANGED, project, actor=person)
    before = (Inspection.objects.count(), Award.objects.count())
    remove(person, administrator)
    inspection.refresh_from_db()
    entry.refresh_from_db()
    assert (Inspection.objects.count(), Award.objects.count()) == before
    assert inspection.inspector_id == entry.actor_id == person.pk
    html = (
        as_(make_official(Role.TEAM_LEAD)).get(reverse("office:project", args=[project.pk])).content.decode()
    )
    assert f"Removed person {person.pk}" in html


@pytest.mark.parametrize("has_namesake", [False, True])
def test_the_frozen_months_name_the_number_and_a_namesake_keeps_theirs(
    administrator: User, has_namesake: bool
):
    person = make_official(name="李明")
    county, gone = make_county(), [make_project(inspector=person), make_project(inspector=person)]
    other = make_official(name="李明" if has_namesake else "王芳")
    lines = [{"id": project.pk, "inspector": "李明"} for project in gone]
    others = {"id": make_project(inspector=other).pk, "inspector": other.name}
    figures = {
        "projects": [*lines, others],
        "notes": {"rows": [{"id": gone[0].pk, "inspector": "李明"}]},
        "n": 3,
    }
    summary = MonthlySummary.objects.create(county=county, month_start=date(2026, 9, 1), figures=figures)
    remove(person, administrator)
    summary.refresh_from_db()
    told = [line["inspector"] for line in summary.figures["projects"]]
    assert told == [f"Removed person {person.pk}"] * 2 + [other.name]
    assert summary.figures["notes"]["rows"][0]["inspector"] == f"Removed person {person.pk}"
    assert summary.figures["n"] == 3
    with translation.override("en"):
        assert spoken(told[0]) == f"Removed person {person.pk}"


def test_the_neutral_name_is_said_in_the_readers_language_and_kept_as_it_is(monkeypatch: pytest.MonkeyPatch):
    person = make_official()
    remove(person)
    spoken = {"Removed person %(number)s": "已移除人员 %(number)s"}
    monkeypatch.setattr(
        "tracker.accounts.names.gettext",
        lambda text: spoken[text] if translation.get_language() == "zh-hans" else text,
    )
    with translation.override("zh-hans"):
        read = User.objects.get(pk=person.pk)
        assert str(read) == read.name == f"已移除人员 {person.pk}"
        assert User.objects.filter(pk=person.pk).values_list("name", flat=True)[0] == read.name
        read.save()
    with translation.override("en"):
        assert User.objects.get(pk=person.pk).name == f"Removed person {person.pk}"
        assert User.objects.filter(name=f"Removed person {person.pk}").exists()


def test_it_is_recorded_with_its_reason_and_done_once(administrator: User):
    person = make_official()
    assert remove(person, administrator)
    assert not remove(person, administrator)
    [entry] = AuditEntry.objects.filter(act=AuditEntry.Act.REMOVED)
    assert (entry.actor, entry.table, entry.row, entry.why) == (
        administrator,
        "user",
        str(person.pk),
        "asked for",
    )


def test_nobody_signs_in_or_is_written_to_as_a_removed_person():
    person = make_official()
    client = as_(person)
    remove(person)
    assert client.get(reverse("office:today")).status_code == 302
    person.refresh_from_db()
    assert not Client().login(email=person.email, password=PASSWORD)
    assert compose("k", "test", person, "removal_request", {}, not_before=NOW) is None


def test_two_are_removed_without_getting_in_each_others_way():
    remove(make_official())
    remove(make_official())
    assert User.objects.exclude(removed_at=None).count() == 2


def test_a_contact_of_the_enterprise_of_the_same_name_goes_too():
    enterprise = make_enterprise(contact_name="李四", contact_phone="13812348000")
    same = make_project(enterprise, contact_name="李四", contact_phone="13812348000")
    other = make_project(enterprise, contact_name="张三", contact_phone="13700001111")
    remove(make_enterprise_user(enterprise, name="李四"))
    for row in (enterprise, same, other):
        row.refresh_from_db()
    assert (enterprise.contact_phone, same.contact_phone, other.contact_phone) == ("", "", "13700001111")


@pytest.mark.parametrize(
    ("role", "place", "may"),
    [
        (Role.SECURITY_ADMINISTRATOR, "county", True),
        (Role.SECURITY_ADMINISTRATOR, "city", True),
        (Role.SECURITY_ADMINISTRATOR, "elsewhere", False),
        (Role.SYSTEM_ADMINISTRATOR, "county", False),
        (Role.TEAM_LEAD, "county", False),
        (Role.AUDITOR, "county", False),
    ],
)
def test_only_a_security_administrator_within_reach_removes(role: str, place: str, may: bool):
    county = make_county()
    places = {"county": county, "city": county.parent, "elsewhere": make_county("371525")}
    by, person = make_official(role, division=places[place]), make_official()
    assert may_remove(by, person) == may
    assert may_remove(by, make_enterprise_user()) == may
    if not may:
        with pytest.raises(MayNotRemove):
            remove(person, by)
        assert User.objects.get(pk=person.pk).removed_at is None


def test_nobody_removes_themselves_and_only_those_above_all_remove_one_of_them(administrator: User):
    root = User.objects.create_superuser("root@county.test", PASSWORD)
    other = User.objects.create_superuser("other@county.test", PASSWORD)
    assert not may_remove(administrator, administrator)
    assert not may_remove(administrator, root)
    assert may_remove(other, root)
    assert not may_remove(root, root)


# --- in the administration ---


def asked(by: User, *people: User, **facts: Any) -> Any:
    chosen = {"action": "remove_personal_data", "_selected_action": [person.pk for person in people]}
    return as_(by).post(PEOPLE, {**chosen, **facts})


def test_the_action_asks_for_a_reason_first(administrator: User):
    person = make_official(name="李明")
    answer = asked(administrator, person)
    assert answer.status_code == 200
    assert "李明" in answer.content.decode()
    assert asked(administrator, person, confirmed="yes", why="").status_code == 200
    assert User.objects.get(pk=person.pk).removed_at is None
    assert asked(administrator, person, confirmed="yes", why="asked for in writing").status_code == 302
    assert User.objects.get(pk=person.pk).removed_at == NOW
    assert AuditEntry.objects.get(act=AuditEntry.Act.REMOVED).why == "asked for in writing"


def test_the_action_leaves_alone_who_is_out_of_reach(administrator: User):
    elsewhere = make_official(division=make_county("371525"))
    for person in (elsewhere, administrator):
        assert asked(administrator, person, confirmed="yes", why="x").status_code == 302
        assert User.objects.get(pk=person.pk).removed_at is None


def test_a_system_administrator_has_no_such_action():
    person = make_official()
    answer = asked(make_official(Role.SYSTEM_ADMINISTRATOR, is_staff=True), person, confirmed="yes", why="x")
    assert answer.status_code in (302, 403)
    assert User.objects.get(pk=person.pk).removed_at is None


def test_who_was_removed_cannot_be_switched_on_again(administrator: User):
    person = make_official()
    remove(person, administrator)
    address = reverse("admin:tracker_user_change", args=[person.pk])
    answer = as_(administrator).post(
        address, {"email": "back@county.test", "name": "李明", "is_active": "on"}
    )
    assert answer.status_code == 403
    assert not User.objects.get(pk=person.pk).is_active
