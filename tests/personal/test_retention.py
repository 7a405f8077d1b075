"""What is forgotten when its time is over, and what stays."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as deployed
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.utils import translation

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tests.mailing.conftest import make_message
from tracker.accounts.models import User
from tracker.audit.models import AuditEntry
from tracker.exchange.models import ImportBatch
from tracker.inspections.models import Inspection
from tracker.library.inclusion.actions import PAPERS
from tracker.library.inclusion.models import BureauList
from tracker.library.models import Enterprise, Project
from tracker.mailing.models import Attachment, Message
from tracker.personal import retention
from tracker.personal.retention import forget
from tracker.personal.tasks import forget as task
from tracker.photos import files

pytestmark = pytest.mark.django_db
NOW = moment(date(2026, 11, 2))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.fixture(autouse=True)
def _today(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with time_machine.travel(NOW, tick=False):
        yield


def rows() -> dict[str, list[Any]]:
    """All that the job could change."""
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in (User, Message, Enterprise, Project, ImportBatch, AuditEntry)
    }


# --- people ---


def test_people_switched_off_long_ago_become_numbers_and_the_others_stay():
    gone = make_official(is_active=False, switched_off_at=ago(1096))
    stays = [
        make_official(name="不久前", is_active=False, switched_off_at=ago(1094)),
        make_official(name="在职", last_login=ago(2000)),
        make_official(name="回来过", is_active=False, switched_off_at=ago(1096), last_login=ago(100)),
    ]
    assert forget(NOW)["people"] == 1
    with translation.override("en"):
        gone.refresh_from_db()
        assert (gone.name, gone.removed_at) == (f"Removed person {gone.pk}", NOW)
    for person in stays:
        name = person.name
        person.refresh_from_db()
        assert (person.name, person.removed_at) == (name, None)
    [entry] = AuditEntry.objects.filter(act=AuditEntry.Act.REMOVED)
    assert (entry.actor, entry.row) == (None, str(gone.pk))


def test_since_when_somebody_is_off_is_noted_however_it_was_done_and_forgotten_of_who_is_back():
    person = make_official()
    User.objects.filter(pk=person.pk).update(is_active=False)
    forget(NOW)
    forget(NOW + timedelta(days=10))
    person.refresh_from_db()
    assert person.switched_off_at == NOW
    User.objects.filter(pk=person.pk).update(is_active=True)
    forget(NOW + timedelta(days=11))
    person.refresh_from_db()
    assert person.switched_off_at is None


# --- contacts ---

LONG_OVER = {
    "year": 2022,
    "stage": "in_production",
    "completed_on": date(2022, 12, 20),
    "added_at": moment(date(2022, 1, 1)),
    "contact_name": "张三",
    "contact_phone": "13812348000",
    "responsible_name": "王五",
}


def firm(**facts: Any) -> Enterprise:
    """An enterprise with a contact and a project that ended in 2022, unless told otherwise."""
    enterprise = make_enterprise(contact_name="李四", contact_phone="13912348000")
    make_project(enterprise, **{**LONG_OVER, **facts})
    return enterprise


def test_contacts_of_enterprises_whose_projects_ended_long_ago_go():
    enterprise = firm()
    assert forget(NOW)["contacts"] == 1
    enterprise.refresh_from_db()
    project = Project.objects.get()
    assert [enterprise.contact_name, enterprise.contact_phone] == ["", ""]
    assert [project.contact_name, project.contact_phone, project.responsible_name] == ["", "", "王五"]
    assert AuditEntry.objects.filter(act=AuditEntry.Act.REMOVED).count() == 2


@pytest.mark.parametrize("stage", ["terminated", "merged", "suspended", "outcome_verified", "completed"])
def test_a_project_ends_in_several_ways(stage: str):
    firm(stage=stage, completed_on=None)
    assert forget(NOW)["contacts"] == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"stage": "building"},
        {"completed_on": date(2024, 1, 1)},
        {"on_target_on": date(2024, 1, 1)},
        {"badge_cycle_start": date(2024, 1, 1)},
        {"stage": "terminated", "completed_on": None, "added_at": moment(date(2024, 1, 1))},
    ],
)
def test_contacts_of_whoever_was_heard_of_since_stay(facts: dict[str, Any]):
    enterprise = firm(**facts)
    assert forget(NOW)["contacts"] == 0
    enterprise.refresh_from_db()
    assert enterprise.contact_phone == "13912348000"
    assert Project.objects.get().contact_phone == "13812348000"


def test_one_project_that_goes_on_keeps_the_contacts_of_the_enterprise():
    enterprise = firm()
    make_project(enterprise)
    make_enterprise(contact_phone="13700001111")
    assert forget(NOW)["contacts"] == 0


def test_an_inspection_since_keeps_the_contact():
    enterprise = firm()
    make_inspection(enterprise.projects.get(), make_cycle(), by=None)
    Project.objects.update(
        **{**{name: LONG_OVER[name] for name in ("stage", "completed_on")}, "badge_cycle_start": None}
    )
    assert forget(NOW)["contacts"] == 0
    Inspection.objects.update(cycle_start=date(2022, 10, 16))
    assert forget(NOW)["contacts"] == 1


# --- mails ---


def test_texts_of_old_mails_go_and_key_kind_and_dates_stay():
    person = make_official()
    old = make_message(person, made_at=ago(366), sent_at=ago(366))
    Attachment.objects.create(message=old, filename="a.xlsx", content_type="x", content=b"x")
    parked = make_message(person, made_at=ago(366), parked_at=ago(360))
    young = make_message(person, made_at=ago(364), sent_at=ago(364))
    waiting = make_message(person, made_at=ago(400))
    assert forget(NOW)["mail texts"] == 2
    for message in (old, parked):
        key, kind, made_at = message.key, message.kind, message.made_at
        message.refresh_from_db()
        assert (message.subject, message.text, message.html, message.address) == ("", "", "", "")
        assert (message.key, message.kind, message.made_at) == (key, kind, made_at)
    assert not Attachment.objects.exists()
    for message in (young, waiting):
        message.refresh_from_db()
        assert message.text == "Some text"
    assert waiting.withdrawn_at is None


# --- sign-in ---


def test_ended_sessions_go_and_the_others_stay():
    for key, ends in (("old", ago(1)), ("new", NOW + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=ends)
    forget(NOW)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_old_rows_of_sign_in_attempts_go_in_whichever_table_they_are(monkeypatch: pytest.MonkeyPatch):
    """Shown on a table that is always there."""
    tables = dict.fromkeys(
        ("absent.Attempt", "tracker.Absent", "admin.LogEntry"), ("object_repr", "action_time")
    )
    monkeypatch.setattr(retention, "SIGN_IN_ATTEMPTS", tables)
    kind = ContentType.objects.get_for_model(User)
    for name, at in (("old", ago(366)), ("young", ago(364))):
        with time_machine.travel(at, tick=False):
            LogEntry.objects.create(
                user=make_official(), content_type=kind, object_id="1", object_repr=name, action_flag=CHANGE
            )
    assert forget(NOW)["sign-in attempts"] == 1
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["young"]


# --- files ---


def test_workbooks_handed_in_long_ago_are_emptied_and_the_others_stay():
    county = make_county()
    for name, at in (("old", ago(366)), ("young", ago(364))):
        ImportBatch.objects.create(
            county=county, filename=name, content=b"rows", cycle_start=date(2025, 10, 16), uploaded_at=at
        )
        BureauList.objects.create(
            county=county, filename=name, content=b"rows", year=2025, month=10, uploaded_at=at
        )
    assert forget(NOW)["import files"] == 2
    for table in (ImportBatch, BureauList):
        kept = {batch.filename: bytes(batch.content) for batch in table.objects.all()}
        assert kept == {"old": b"", "young": b"rows"}


def test_photos_without_a_row_go():
    name = files.write(b"large", b"small")
    for is_small in (False, True):
        os.utime(files.path_of(name, is_small=is_small), (ago(2).timestamp(),) * 2)
    files.write(b"just", b"now")
    assert forget(NOW)["photos without a row"] == 1


def test_papers_without_a_row_go():
    name = PAPERS.write({".pdf": b"left by a crash"})
    os.utime(PAPERS.path_of(name, ".pdf"), (ago(2).timestamp(),) * 2)
    assert forget(NOW)["papers without a row"] == 1
    assert not PAPERS.path_of(name, ".pdf").exists()


# --- the job ---


def everything_old() -> None:
    for _ in range(3):
        make_official(is_active=False, switched_off_at=ago(1096))
        firm()
        make_message(make_official(), made_at=ago(366), sent_at=ago(366))
        ImportBatch.objects.create(
            county=make_county(),
            filename="x",
            content=b"x",
            cycle_start=date(2025, 1, 1),
            uploaded_at=ago(366),
        )


def test_the_job_can_run_twice_and_late():
    everything_old()
    first = forget(NOW + timedelta(days=40))
    assert {first[kind] for kind in ("people", "contacts", "mail texts", "import files")} == {3}
    kept = rows()
    assert set(forget(NOW + timedelta(days=40)).values()) == {0}
    assert rows() == kept


def test_it_works_in_batches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    everything_old()
    assert forget(NOW)["mail texts"] == 3


def test_trouble_with_one_kind_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch, caplog: Any):
    everything_old()

    def trouble(now: datetime) -> int:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(retention, "KINDS", {**retention.KINDS, "people": trouble})
    done = forget(NOW)
    assert "people" not in done
    assert done["import files"] == 3
    assert "could not forget: people" in caplog.text


def test_beat_rings_it_and_the_clock_is_read_there():
    person = make_official(is_active=False, switched_off_at=ago(1096))
    task()
    person.refresh_from_db()
    assert person.removed_at == NOW


# --- how long ---


def started_with(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import config.settings as s; print(s.RETENTION_DAYS)"],
        cwd=deployed.BASE_DIR,
        env={**os.environ, "JIGAI_ENV": "test", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_time_of_keeping_can_be_set_and_has_a_lower_bound():
    assert "'people': 400" in started_with(KEEP_PEOPLE_DAYS="400").stdout
    refused = started_with(KEEP_SIGN_IN_ATTEMPTS_DAYS="182")
    assert refused.returncode != 0
    assert "KEEP_SIGN_IN_ATTEMPTS_DAYS is 182: use at least 183." in refused.stderr


def test_the_documents_name_every_setting_with_its_default_and_its_lower_bound():
    text = (deployed.BASE_DIR / "docs" / "personal-data.md").read_text(encoding="utf-8")
    for kind, days in deployed.RETENTION_DAYS.items():
        assert f"| `KEEP_{kind.upper()}_DAYS` | {days} |" in text
