"""Each reminder exists once, leads to at most one mail a day for each person, and is dropped when done."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from tests.factories import make_county, make_cycle, make_official, make_project, moment
from tests.reminders.conftest import (
    AFTER_DUE,
    BEFORE_DUE,
    DUE,
    LONG_AFTER_DUE,
    ONE_DAY,
    OPENS,
    a_day,
    give,
    inspect,
    ring,
)
from tests.services.smtp import SmtpCatcher
from tracker.accounts.roles import Role
from tracker.inspections.actions import close_cycle, keep_cycles, return_inspection, skip_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.mailing.actions import deliver_waiting
from tracker.mailing.models import Message
from tracker.reminders import actions
from tracker.reminders.models import Reminder


def receivers() -> list[str]:
    return [sent.to[0] for sent in mail.outbox]


def kinds(person: Any, *, settled: bool | None = None) -> list[str]:
    rows = Reminder.objects.filter(recipient=person).order_by("due_on", "pk")
    if settled is not None:
        rows = rows.filter(settled_at__isnull=not settled)
    return list(rows.values_list("kind", flat=True))


def test_an_inspector_is_reminded_when_the_window_opens_before_it_is_due_and_on_the_day(cycle: Cycle):
    li = make_official()
    give(li, 3)
    sent_on = []
    day = OPENS - ONE_DAY
    while day <= cycle.closes_on + ONE_DAY:
        sent_on += [day] * a_day(day, range(0, 24, 3))
        day += ONE_DAY
    assert sent_on == [OPENS, BEFORE_DUE, DUE]
    assert receivers() == [li.email] * 3


def test_a_liaison_hears_of_it_the_day_after_and_a_lead_on_the_third(cycle: Cycle):
    give(make_official(), 1)
    liaison, lead = make_official(Role.STATISTICS_LIAISON), make_official(Role.TEAM_LEAD)
    by_day = {}
    for day in (OPENS, BEFORE_DUE, DUE, AFTER_DUE, LONG_AFTER_DUE):
        mail.outbox.clear()
        a_day(day, range(8, 20, 4))
        by_day[day] = {person.role for person in (liaison, lead) if person.email in receivers()}
    assert by_day == {
        OPENS: {Role.TEAM_LEAD},
        BEFORE_DUE: set(),
        DUE: set(),
        AFTER_DUE: {Role.STATISTICS_LIAISON},
        LONG_AFTER_DUE: {Role.TEAM_LEAD},
    }


def test_however_often_the_job_runs_there_is_one_mail(cycle: Cycle):
    give(make_official(), 2)
    assert [ring(moment(DUE)) for _ in range(3)] == [1, 0, 0]
    assert Message.objects.count() == 1


def test_one_mail_covers_everything_of_the_day(cycle: Cycle):
    lead = make_official(Role.TEAM_LEAD)
    give(lead, 2)
    make_project()
    a_day(LONG_AFTER_DUE)
    (sent,) = mail.outbox
    assert sent.to == [lead.email]
    assert kinds(lead, settled=False) == ["due", "due_plus_3"]


def test_nobody_else_is_reminded(cycle: Cycle):
    inspector = make_official()
    give(inspector)
    busy_elsewhere = make_official()
    for role in (Role.LEADER, Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR):
        make_official(role)
    make_official(Role.TEAM_LEAD, make_county("371525"))
    give(make_official(is_active=False))
    a_day(OPENS)
    assert receivers() == [inspector.email]
    assert not Reminder.objects.filter(recipient=busy_elsewhere).exists()


@pytest.mark.parametrize("stage", ["suspended", "terminated", "merged"])
def test_projects_that_are_not_followed_remind_nobody(cycle: Cycle, stage: str):
    give(make_official(), stage=stage)
    assert a_day(DUE) == 0


def test_who_has_done_all_is_not_reminded_of_the_rest(cycle: Cycle):
    done, busy = make_official(), make_official()
    (project,) = give(done)
    give(busy)
    ring(moment(OPENS))
    inspect(project, cycle, done)
    mail.outbox.clear()
    a_day(BEFORE_DUE)
    assert receivers() == [busy.email]
    assert kinds(done) == ["open"]


def test_what_is_done_between_the_recording_at_night_and_the_morning_is_settled_without_a_mail(cycle: Cycle):
    li = make_official()
    (project,) = give(li)
    ring(moment(DUE, 1))
    assert kinds(li, settled=False) == ["due"]
    inspect(project, cycle, li)
    assert a_day(DUE) == 0
    assert kinds(li, settled=False) == []


def test_control_what_is_not_done_is_reminded_in_the_morning(cycle: Cycle):
    give(make_official())
    assert [hour for hour in range(24) if ring(moment(DUE, hour))] == [8]


def test_what_is_done_while_the_mail_server_is_away_is_taken_back(
    cycle: Cycle, settings: Any, smtp_catcher: SmtpCatcher
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_catcher.port
    done, busy = make_official(), make_official()
    (project,) = give(done)
    give(busy)
    smtp_catcher.stop()
    assert ring(moment(DUE, 9)) == 0
    inspect(project, cycle, done)
    assert ring(moment(DUE, 12)) == 0
    smtp_catcher.start()
    assert ring(moment(DUE, 15)) == 1
    assert [delivery.recipients for delivery in smtp_catcher.deliveries] == [(busy.email,)]
    assert Message.objects.get(recipient=done).withdrawn_at == moment(DUE, 12)


def test_control_without_taking_back_it_would_be_sent_though_it_is_done(
    cycle: Cycle, settings: Any, smtp_catcher: SmtpCatcher, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions, "withdraw_done", lambda now: 0)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_catcher.port
    done = make_official()
    (project,) = give(done)
    smtp_catcher.stop()
    ring(moment(DUE, 9))
    inspect(project, cycle, done)
    smtp_catcher.start()
    assert ring(moment(DUE, 15)) == 1


def test_a_mail_held_up_overnight_is_written_anew_with_todays_days(
    cycle: Cycle, settings: Any, smtp_catcher: SmtpCatcher
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_catcher.port
    li = make_official(language="en")
    give(li)
    smtp_catcher.stop()
    a_day(BEFORE_DUE, range(8, 24, 4))
    smtp_catcher.start()
    assert ring(moment(BEFORE_DUE, 23)) == 0
    assert a_day(DUE, range(0, 8, 2)) == 0
    assert a_day(DUE, range(8, 24, 4)) == 1
    (delivery,) = smtp_catcher.deliveries
    assert "due today" in delivery.text()
    assert set(kinds(li, settled=False)) == {"due_minus_1", "due"}


def test_nothing_is_written_at_night(cycle: Cycle):
    give(make_official())
    assert a_day(OPENS, range(8)) == 0
    assert Reminder.objects.waiting().exists()
    assert a_day(OPENS, range(20, 24)) == 0
    assert not Message.objects.exists()
    assert a_day(OPENS + ONE_DAY, range(8)) == 0
    assert ring(moment(OPENS + ONE_DAY, 8)) == 1


def test_a_beat_that_stood_still_means_late_and_once_not_lost_and_not_all_at_once(cycle: Cycle):
    li, lead = make_official(), make_official(Role.TEAM_LEAD)
    liaison = make_official(Role.STATISTICS_LIAISON)
    give(li, 2)
    assert a_day(LONG_AFTER_DUE) == 3
    assert sorted(receivers()) == sorted([li.email, lead.email, liaison.email])
    assert kinds(li, settled=True) == ["open", "due_minus_1"]
    assert kinds(li, settled=False) == ["due"]
    assert kinds(lead, settled=True) == ["open"]
    assert kinds(lead, settled=False) == ["due_plus_3"]
    assert kinds(liaison, settled=False) == ["due_plus_1"]
    assert a_day(LONG_AFTER_DUE + ONE_DAY) == 0


def test_a_beat_that_stood_still_for_three_days_over_the_border_of_two_half_months(cycle: Cycle):
    """It stops in the evening before the due day and is back when the next window would have opened."""
    li = make_official(language="en")
    give(li, 2)
    late = make_cycle(code="2026-11-H1", closes_on=date(2026, 11, 25))
    Cycle.objects.filter(pk=cycle.pk).update(
        due_on=date(2026, 11, 13), closes_on=date(2026, 11, 20)
    )  # a county that gives longer: both windows are open at once
    a_day(date(2026, 11, 12))
    mail.outbox.clear()
    back = late.opens_on + ONE_DAY
    assert back - date(2026, 11, 13) == timedelta(days=3)
    assert a_day(back) == 1
    (sent,) = mail.outbox
    assert "Second half of October 2026" in sent.body
    assert "First half of November 2026" in sent.body
    cycles = Reminder.objects.filter(recipient=li, message__sent_at__date=back)
    assert set(cycles.values_list("cycle_start", "kind")) == {(cycle.start, "due"), (late.start, "open")}


def test_what_can_no_longer_be_done_is_not_reminded(cycle: Cycle):
    give(make_official())
    assert a_day(cycle.closes_on + ONE_DAY) == 0
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("end", ["close", "skip"])
def test_a_half_month_that_is_closed_or_skipped_is_settled(cycle: Cycle, end: str):
    give(make_official())
    ring(moment(DUE, 1))
    if end == "close":
        close_cycle(cycle, by=None, at=moment(DUE, 2))
    else:
        skip_cycle(cycle, "春节")
    assert a_day(DUE) == 0
    assert not Reminder.objects.waiting().exists()


def test_an_inspection_given_back_is_to_do_again(cycle: Cycle):
    county = make_county(needs_second_person=True)
    li, lead = make_official(), make_official(Role.TEAM_LEAD)
    (project,) = give(li)
    inspect(project, cycle, li)
    assert county == cycle.county
    assert a_day(BEFORE_DUE) == 0
    return_inspection(Inspection.objects.get(), "累计投资请核对", by=lead, at=moment(BEFORE_DUE, 18))
    assert a_day(DUE) == 1 + 1  # to the inspector, and to the lead that the window is open
    assert li.email in receivers()


def test_two_beats_at_once_write_each_mail_once(cycle: Cycle, monkeypatch: pytest.MonkeyPatch):
    """Both have looked at what is known before either writes."""
    give(make_official())
    write = Reminder.objects.bulk_create

    def after_the_other(rows: list[Reminder], **options: Any) -> Any:
        write([type(row)(**{name: getattr(row, name) for name in FIELDS}) for row in rows])
        return write(rows, **options)

    monkeypatch.setattr(
        type(Reminder.objects), "bulk_create", lambda _, *args, **kw: after_the_other(*args, **kw)
    )
    actions.record_due(moment(OPENS))
    monkeypatch.undo()
    assert Reminder.objects.count() == 1
    assert ring(moment(OPENS)) == 1


FIELDS = ("recipient_id", "county_id", "cycle_start", "kind", "due_on", "recorded_at", "settled_at")


def test_a_person_whose_mail_cannot_be_written_keeps_nobody_else_from_being_reminded(
    cycle: Cycle, monkeypatch: pytest.MonkeyPatch
):
    odd, fine = make_official(), make_official()
    give(odd)
    give(fine)
    compose = actions.compose

    def breaks(key: str, kind: str, recipient: Any, *rest: Any, **options: Any) -> Any:
        if recipient == odd:
            raise ValueError(key)
        return compose(key, kind, recipient, *rest, **options)

    monkeypatch.setattr(actions, "compose", breaks)
    assert ring(moment(OPENS)) == 1
    assert receivers() == [fine.email]
    monkeypatch.undo()
    assert ring(moment(OPENS, 11)) == 1


def test_who_leaves_before_the_morning_is_not_written_to(cycle: Cycle):
    li = make_official()
    give(li)
    ring(moment(OPENS, 1))
    type(li).objects.filter(pk=li.pk).update(is_active=False)
    assert a_day(OPENS) == 0
    assert not Reminder.objects.waiting().exists()


def test_by_hand_without_a_broker(cycle: Cycle, time_machine: Any, capsys: pytest.CaptureFixture[str]):
    give(make_official(), 2)
    time_machine.move_to(moment(DUE), tick=True)
    call_command("send_due")
    call_command("send_due")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "reminders recorded: 3, mails written: 1, taken back: 0, delivered: 1"
    assert second == "reminders recorded: 0, mails written: 0, taken back: 0, delivered: 0"
    assert len(mail.outbox) == 1


def test_cycles_opened_by_the_clock_are_reminded_of(db: None):
    give(make_official())
    keep_cycles(moment(date(2026, 10, 20)))
    assert a_day(OPENS) == 1


def test_a_quiet_minute_costs_few_queries_however_many_people_there_are(
    cycle: Cycle, django_assert_max_num_queries: Any
):
    for _ in range(20):
        give(make_official())
    ring(moment(OPENS))
    with django_assert_max_num_queries(20):
        actions.remind(moment(OPENS, 11))


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_at_once_write_one_mail_to_each_person():
    cycle = make_cycle(code="2026-10-H2")
    people = [make_official() for _ in range(5)]
    for person in people:
        give(person)
    assert cycle.is_open
    start = threading.Barrier(20)

    def work() -> None:
        start.wait()
        try:
            actions.remind(moment(OPENS))
            deliver_waiting(moment(OPENS))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receivers()) == sorted(person.email for person in people)
    assert Reminder.objects.count() == 5
    assert not Reminder.objects.waiting().exists()
