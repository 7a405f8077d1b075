"""What may have been sent after the backup was made is not sent again once it is restored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command

from tests.factories import make_cycle, make_inspection, make_official, make_project, moment
from tests.operations.conftest import back_up, empty_database, put_back
from tests.summaries.months import close
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.inspections.actions import keep_cycles
from tracker.inspections.models import Cycle
from tracker.mailing.actions import deliver_waiting
from tracker.mailing.models import Message
from tracker.management import settling
from tracker.management.settling import Settled, settle
from tracker.reminders.actions import record_due, remind
from tracker.reminders.models import Reminder
from tracker.summaries.actions import summarise

BACKED_UP = moment(date(2026, 11, 2), 3)
DUE, DAY_AFTER_CLOSING = date(2026, 11, 4), date(2026, 11, 12)
NEXT_OPENS = date(2026, 11, 15)

pytestmark = pytest.mark.django_db(transaction=True)


def ring(now: datetime) -> int:
    """What beat does, in the order in which it suits worst; how many mails went out."""
    keep_cycles(now)
    remind(now)
    summarise(now)
    return deliver_waiting(now)


def ring_until(first: datetime, last: datetime) -> int:
    """Beat rings every few hours; how many mails went out."""
    sent = 0
    while first <= last:
        sent += ring(first)
        first += timedelta(hours=4)
    return sent


def a_county_at_work() -> None:
    """Two half-months of October, one closed; an inspector with a project left, a lead and a leader."""
    project = make_project(inspector=make_official())
    make_official(Role.TEAM_LEAD)
    make_official(Role.LEADER)
    make_inspection(project, make_cycle(code="2026-10-H1"))
    close("2026-10-H1")
    make_cycle(code="2026-10-H2")
    ring_until(moment(date(2026, 10, 31), 8), BACKED_UP - timedelta(hours=3))


@contextmanager
def by_mail() -> Iterator[list[Any]]:
    before = len(mail.outbox)
    sent: list[Any] = []
    yield sent
    sent += mail.outbox[before:]


def restored(path: Path, at: datetime, *, is_settled: bool) -> Settled:
    empty_database()
    return put_back(path, lambda found: settle(at) if is_settled else Settled())


@pytest.mark.parametrize("is_settled", [True, False], ids=["settled", "control"])
def test_reminders_sent_after_the_backup_are_not_sent_again(folder: Path, is_settled: bool):
    a_county_at_work()
    path, at = back_up(folder, BACKED_UP), moment(DUE, 12)
    assert ring_until(BACKED_UP, at) == 2  # the day before it is due, and the day
    settled = restored(path, at, is_settled=is_settled)
    again = ring_until(at, moment(DUE, 23))
    if is_settled:
        assert (again, settled.reminders) == (0, 1)
    else:
        assert again == 1


@pytest.mark.parametrize("is_settled", [True, False], ids=["settled", "control"])
def test_the_month_s_mail_is_not_sent_again_and_half_months_go_on(folder: Path, is_settled: bool):
    a_county_at_work()
    path, at = back_up(folder, BACKED_UP), moment(DAY_AFTER_CLOSING, 12)
    with by_mail() as sent:
        ring_until(BACKED_UP, at)
    # Two to the inspector, one to the lead on the third working day, one to the leader about the month.
    assert len(sent) == 4
    settled = restored(path, at, is_settled=is_settled)
    again = ring_until(at, moment(DAY_AFTER_CLOSING + timedelta(days=2), 23))
    if is_settled:
        assert (again, settled.summaries, settled.troubles) == (0, 1, [])
        assert Cycle.objects.get(start=date(2026, 10, 16)).state == Cycle.State.CLOSED
        withdrawn = Message.objects.get(kind="monthly_summary")
        assert withdrawn.withdrawn_at == at
        assert "2026-11-12 12:00" in withdrawn.last_error
    else:
        assert again == 1


def test_the_next_half_month_s_reminders_come(folder: Path):
    a_county_at_work()
    path, at = back_up(folder, BACKED_UP), moment(DAY_AFTER_CLOSING, 12)
    restored(path, at, is_settled=True)
    assert ring_until(at, moment(NEXT_OPENS - timedelta(days=1), 23)) == 0
    assert ring_until(moment(NEXT_OPENS, 0), moment(NEXT_OPENS, 23)) == 2  # to the inspector and the lead


@pytest.mark.parametrize("is_settled", [True, False], ids=["settled", "control"])
def test_half_months_that_opened_after_the_backup_are_known_of(folder: Path, is_settled: bool):
    """A backup that is weeks old does not even have the half-month that people were reminded of."""
    a_county_at_work()
    Cycle.objects.filter(start__gte=date(2026, 11, 1)).delete()
    path, at = back_up(folder, BACKED_UP), moment(NEXT_OPENS + timedelta(days=1), 12)
    assert ring_until(moment(NEXT_OPENS), at) > 0
    restored(path, at, is_settled=is_settled)
    assert (ring_until(at, moment(NEXT_OPENS + timedelta(days=1), 23)) == 0) is is_settled


@pytest.mark.parametrize("is_settled", [True, False], ids=["settled", "control"])
def test_mails_that_waited_when_the_backup_was_made_are_withdrawn(folder: Path, is_settled: bool):
    a_county_at_work()
    at = moment(date(2026, 11, 3), 9)
    remind(at)
    waiting = Message.objects.unsent().get()
    Message.objects.filter(pk=waiting.pk).update(claimed_at=at, attempts=1)
    path = back_up(folder, at)
    settled = restored(path, at, is_settled=is_settled)
    assert ring_until(at + timedelta(minutes=5), moment(date(2026, 11, 3), 23)) == (0 if is_settled else 1)
    if is_settled:
        assert settled.withdrawn == 1
        assert Message.objects.get(pk=waiting.pk).last_error


def test_restored_before_the_day_begins_the_day_s_reminders_still_go_out(folder: Path):
    """Nothing of today can have been sent at six in the morning: who is reminded at eight still is."""
    a_county_at_work()
    record_due(moment(DUE, 1))
    path = back_up(folder, moment(DUE, 2))
    restored(path, moment(DUE, 6), is_settled=True)
    assert ring_until(moment(DUE, 7), moment(DUE, 23)) == 1


def test_the_command_says_how_many(folder: Path, capsys: pytest.CaptureFixture[str]):
    a_county_at_work()
    path = back_up(folder, BACKED_UP)
    empty_database()
    call_command("restore", str(path))
    told = capsys.readouterr().out
    assert "not sent again: mails withdrawn 0, reminders settled" in told
    assert not Reminder.objects.waiting().exists()
    assert not Message.objects.unsent().exists()


def test_after_another_kind_of_restore_it_can_be_settled_alone(capsys: pytest.CaptureFixture[str]):
    a_county_at_work()
    remind(moment(date(2026, 11, 3), 9))
    assert Message.objects.unsent().count() == 1
    call_command("restore", settle=True)
    assert "mails withdrawn 1" in capsys.readouterr().out
    assert AuditEntry.objects.get(act=AuditEntry.Act.RESTORED).after["withdrawn"] == 1
    assert not Message.objects.unsent().exists()


def test_one_county_s_trouble_does_not_keep_the_data_from_being_restored(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    a_county_at_work()
    path = back_up(folder, BACKED_UP)
    empty_database()

    def odd(now: datetime) -> None:
        raise ValueError("odd data")

    monkeypatch.setattr(settling, "record_due", odd)
    call_command("restore", str(path))
    assert "a mail of it may come again: ValueError: odd data" in capsys.readouterr().err
    assert Cycle.objects.exists()
