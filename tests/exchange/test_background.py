"""Large tables are read and taken by a worker that may be killed at any moment: all or nothing, and once."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.exchange.workbooks import NAME, row, table
from tests.factories import make_county, make_official, moment
from tests.services.celery import database_url
from tests.services.waiting import wait_until
from tracker.accounts.models import User
from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.exchange import actions, tasks
from tracker.exchange.actions import CLAIM_LAPSES_AFTER, MOST_ATTEMPTS, confirm, due, hand_in, work
from tracker.exchange.models import ImportBatch, ImportEffect
from tracker.inspections.actions import close_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import Enterprise, Project

AT = moment(date(2026, 11, 2))
LATER = AT + CLAIM_LAPSES_AFTER + timedelta(seconds=1)


def at(now: datetime) -> Callable[[], datetime]:
    return lambda: now


@pytest.fixture
def lead(db: None) -> User:
    return make_official("team_lead", language="en")


@pytest.fixture
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "READ_AT_ONCE", 10)
    monkeypatch.setattr(actions, "JUDGED_AT_ONCE", 2)


def queued(lead: User, content: bytes | None = None) -> ImportBatch:
    content = content or table(*[row(number) for number in range(1, 6)])
    return hand_in(make_county(), NAME, content, chosen=None, by=lead, at=AT)


def confirmed(lead: User) -> ImportBatch:
    batch = queued(lead)
    work(batch.pk, at(AT))
    assert confirm(batch, by=lead)
    batch.refresh_from_db()
    return batch


def state(batch: ImportBatch) -> str:
    batch.refresh_from_db()
    return batch.state


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_everything_is_large")]


def test_a_large_table_is_read_taken_and_judged_by_a_worker(lead: User):
    batch = queued(lead)
    assert (batch.state, batch.cycle_start) == ("queued", None)
    work(batch.pk, at(AT))
    assert (state(batch), batch.total, batch.cycle_start) == ("uploaded", 5, date(2026, 10, 16))
    assert confirm(batch, by=lead)
    work(batch.pk, at(AT))
    assert state(batch) == "taken"
    assert (batch.done, batch.total, batch.counts["created"]) == (5, 5, 15)
    assert [Project.objects.count(), Award.objects.standing().count()] == [5, 5]
    # The trail names who confirmed it, not the worker.
    assert AuditEntry.objects.filter(table="project", act="created", actor=lead).count() == 5
    assert ImportEffect.objects.filter(batch=batch, table="award").count() == 5


def test_it_is_confirmed_once(lead: User):
    batch = confirmed(lead)
    assert not confirm(batch, by=lead)


def test_what_one_worker_has_in_hand_another_leaves_alone_until_the_claim_lapses(lead: User):
    batch = confirmed(lead)
    ImportBatch.objects.filter(pk=batch.pk).update(claimed_at=AT)
    assert due(AT) == []
    work(batch.pk, at(AT))
    assert state(batch) == "taking"
    assert due(LATER) == [batch.pk]
    work(batch.pk, at(LATER))
    assert state(batch) == "taken"


def test_a_table_that_cannot_be_read_says_why_on_its_page(lead: User, client: Client):
    batch = queued(lead, table(row(), above=[["单位：百万元"]], head=["序号"]))
    work(batch.pk, at(AT))
    assert state(batch) == "refused"
    client.force_login(lead)
    assert (
        "No sheet has a half-monthly table"
        in client.get(reverse("office:import", args=[batch.pk])).content.decode()
    )


def test_a_half_month_that_closes_meanwhile_leaves_it_waiting_with_the_reason(lead: User, client: Client):
    first = confirmed(lead)
    work(first.pk, at(AT))
    batch = queued(lead, table(row(1, progress=60)))
    work(batch.pk, at(AT))
    confirm(batch, by=lead)
    close_cycle(Cycle.objects.get(start=first.cycle_start), by=lead, at=AT)
    work(batch.pk, at(AT))
    # The row is refused as the plan is made: nothing is changed, and the page says so.
    assert state(batch) == "taken"
    assert batch.counts == {"created": 0, "changed": 0, "unchanged": 0, "refused": 1}


def test_work_that_never_ends_is_given_up_and_says_so(lead: User, client: Client):
    batch = confirmed(lead)
    ImportBatch.objects.filter(pk=batch.pk).update(attempts=MOST_ATTEMPTS)
    work(batch.pk, at(AT))
    assert state(batch) == "failed"
    client.force_login(lead)
    assert "never finished" in client.get(reverse("office:import", args=[batch.pk])).content.decode()
    assert Project.objects.count() == 0


def fails(*_args: Any, **_facts: Any) -> None:
    raise RuntimeError


def test_trouble_amid_the_writing_leaves_nothing_and_the_next_sweep_takes_all(
    lead: User, monkeypatch: pytest.MonkeyPatch
):
    batch = confirmed(lead)
    with monkeypatch.context() as broken:
        broken.setattr(actions, "record_from_table", fails)
        tasks.work(batch.pk)
    assert [Project.objects.count(), Enterprise.objects.count(), ImportEffect.objects.count()] == [0, 0, 0]
    ImportBatch.objects.update(claimed_at=AT)
    work(batch.pk, at(LATER))
    assert (state(batch), Project.objects.count()) == ("taken", 5)


def test_trouble_amid_the_judging_goes_on_where_it_stopped(lead: User, monkeypatch: pytest.MonkeyPatch):
    batch = confirmed(lead)
    judged: list[int] = []
    real = actions.assess

    def fails_the_second_time(projects: Any, *args: Any, **facts: Any) -> Any:
        judged.append(projects.count())
        if len(judged) == 2:
            raise RuntimeError
        return real(projects, *args, **facts)

    monkeypatch.setattr(actions, "assess", fails_the_second_time)
    tasks.work(batch.pk)
    assert (state(batch), batch.done) == ("judging", 2)
    assert [Inspection.objects.count(), Award.objects.count()] == [5, 2]
    ImportBatch.objects.update(claimed_at=AT)
    work(batch.pk, at(LATER))
    assert (state(batch), batch.done) == ("taken", 5)
    assert judged == [2, 2, 2, 1]
    assert sorted(Award.objects.values_list("version", flat=True)) == [1] * 5


def test_a_large_table_is_undone_by_a_worker(lead: User):
    batch = confirmed(lead)
    work(batch.pk, at(AT))
    batch.refresh_from_db()
    assert actions.ask_to_undo(batch, by=lead)
    assert not actions.ask_to_undo(batch, by=lead)
    work(batch.pk, at(AT))
    assert (state(batch), Project.objects.count(), Award.objects.count()) == ("undone", 0, 0)


def test_what_was_touched_meanwhile_is_not_undone_and_the_page_says_so(lead: User, client: Client):
    batch = confirmed(lead)
    work(batch.pk, at(AT))
    batch.refresh_from_db()
    actions.ask_to_undo(batch, by=lead)
    Inspection.objects.update(remark="改过")
    work(batch.pk, at(AT))
    assert (state(batch), Project.objects.count()) == ("taken", 5)
    client.force_login(lead)
    assert "It was not undone" in client.get(reverse("office:import", args=[batch.pk])).content.decode()


def test_the_page_shows_how_far_it_is_and_asks_again_until_it_is_done(lead: User, client: Client):
    batch = queued(lead)
    client.force_login(lead)
    address = reverse("office:import", args=[batch.pk])
    page = client.get(address).content.decode()
    assert "Waiting to be read" in page
    assert 'hx-trigger="every 2s"' in page
    assert '<noscript><meta http-equiv="refresh" content="2">' in page
    ImportBatch.objects.update(state="judging", done=200, total=1000)
    part = client.get(address, {"state": ""}).content.decode()
    assert 'max="1000" value="200"' in part
    assert "<html" not in part
    ImportBatch.objects.update(state="queued")
    work(batch.pk, at(AT))
    answer = client.get(address, {"state": ""})
    assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")
    assert "Take this table" in client.get(address).content.decode()


# --- killed ---

KILLED_AT_WORK = """
import sys, time
import django
django.setup()
from contextlib import nullcontext
from django.utils import timezone
from tracker.exchange import actions

def hang(*args, **facts):
    print("amid the work", flush=True)
    time.sleep(60)

actions.record_from_table = hang
if "without" in sys.argv:
    actions.transaction.atomic = lambda *args, **facts: nullcontext()
actions.work(int(sys.argv[1]), timezone.now)
"""


def killed_amid_the_work(batch: ImportBatch, log: Path, *words: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "JIGAI_ENV": "test",
        "DATABASE_URL": database_url(),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED_AT_WORK, str(batch.pk), *words],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: b"amid the work" in log.read_bytes(), 30, what="it is amid the work")
        finally:
            process.kill()
            process.wait()


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_amid_the_writing_leaves_nothing_and_the_sweep_takes_all(lead: User, tmp_path: Path):
    batch = confirmed(lead)
    killed_amid_the_work(batch, tmp_path / "log")
    assert [Project.objects.count(), Enterprise.objects.count()] == [0, 0]
    assert state(batch) == "taking"
    ImportBatch.objects.update(claimed_at=AT)
    for pk in due(LATER):
        work(pk, at(LATER))
    assert (state(batch), Project.objects.count(), Award.objects.count()) == ("taken", 5, 5)


# PostgreSQL gives no lock outside of a transaction: there the worker would not even begin.
@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_control_without_the_transaction_the_killed_worker_leaves_half(lead: User, tmp_path: Path):
    batch = confirmed(lead)
    killed_amid_the_work(batch, tmp_path / "log", "without")
    assert [Project.objects.count(), Inspection.objects.count()] == [5, 0]
