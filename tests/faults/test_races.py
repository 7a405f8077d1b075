"""Many hands at one thing at the same moment: one of them does it, the others are told, nothing is lost.

The hands are threads with connections of their own. Each race has a control without the protection, in which
the same hands do harm.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from tests.exchange import workbooks
from tests.factories import (
    make_county,
    make_cycle,
    make_findings,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import Award, AwardQuerySet
from tracker.exchange import actions as exchange
from tracker.exchange.actions import hand_in, take_batch
from tracker.exchange.models import ImportBatch, ImportBatchQuerySet
from tracker.inspections import actions
from tracker.inspections.models import Cycle, CycleQuerySet, Inspection
from tracker.library.actions import plan_year
from tracker.library.models import AnnualPlan, Project

HANDS = 20
# The window of the second half of October 2026 is open.
TODAY = date(2026, 11, 2)
NOW = moment(TODAY)
# How long somebody who holds a lock waits for others to run into it.
A_MOMENT = 0.5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each of these comes to, all begun at the same moment: its value, or the exception it ends with."""
    start, came_to = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        start.wait(30)
        try:
            came_to[number] = work()
        except Exception as error:  # whatever it is, it is what this hand came to
            came_to[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came_to


def kinds(came_to: list[Any]) -> list[str]:
    """By what the hands came to, sorted: values as they are, exceptions by name."""
    return sorted(type(one).__name__ if isinstance(one, Exception) else str(one) for one in came_to)


def take_off_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row is held for its reader, and SQLite lets several begin to write at once."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **options: self)
    monkeypatch.setattr(
        DatabaseWrapper, "_start_transaction_under_autocommit", lambda self: self.cursor().execute("BEGIN")
    )


def meet_before(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, hands: int = HANDS) -> None:
    """Nobody writes before all have looked: what happens with bad luck happens each time."""
    written, all_have_looked = getattr(owner, name), threading.Barrier(hands)

    def wait_and_write(self: Any, *args: Any, **facts: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            all_have_looked.wait(3)
        return written(self, *args, **facts)

    monkeypatch.setattr(owner, name, wait_and_write)


def look_before_update(monkeypatch: pytest.MonkeyPatch, rows: type[QuerySet]) -> None:
    """The conditional update off: who finds the row in its old state then writes it, come what may."""
    update, all_have_looked = QuerySet.update, threading.Barrier(HANDS)

    def look_and_leap(self: QuerySet, **facts: Any) -> int:
        ids = list(self.values_list("pk", flat=True))
        with suppress(threading.BrokenBarrierError):
            all_have_looked.wait(3)
        return update(self.model._base_manager.filter(pk__in=ids), **facts) if ids else 0

    monkeypatch.setattr(rows, "update", look_and_leap)


class Held:
    """Somebody stops in the middle, with what they have locked, until others have run into it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        self.is_there = threading.Event()
        goes_on = getattr(owner, name)

        def stop(*args: Any, **facts: Any) -> Any:
            if not self.is_there.is_set():
                self.is_there.set()
                time.sleep(A_MOMENT)
            return goes_on(*args, **facts)

        monkeypatch.setattr(owner, name, stop)

    def then(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Begin once the other one has stopped."""

        def wait_and_work() -> Any:
            assert self.is_there.wait(10)
            return work()

        return wait_and_work


# --- an inspection is entered ---


def form(**other: str) -> dict[str, str]:
    return {
        "cycle": "2026-10-H2",
        "edition": "",
        "cumulative_investment": "1000",
        "ytd_investment": "1000",
        "progress_percent": "84",
        "stage": "building",
        "remark": "设备按计划安装",
        **other,
    }


def sends(person: User, project: Project, **facts: str) -> Callable[[], int]:
    """Post the form from a browser of its own; with which status the page answers."""
    browser, address = Client(raise_request_exception=False), reverse("office:inspect", args=[project.pk])
    browser.force_login(person)
    return lambda: browser.post(address, form(**facts)).status_code


@pytest.fixture
def equal_posts() -> list[Callable[[], int]]:
    inspector = make_official()
    project = make_project(inspector=inspector)
    make_cycle()
    return [sends(inspector, project) for _ in range(HANDS)]


def test_twenty_equal_posts_are_one_inspection_and_twenty_good_answers(equal_posts: list[Any]):
    assert at_once(*equal_posts) == [302] * HANDS
    inspection = Inspection.objects.get()
    assert (inspection.edition, inspection.state) == (1, "accepted")
    assert Award.objects.get().version == 1


def test_control_without_the_lock_equal_posts_end_in_errors(
    equal_posts: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, Inspection, "save")
    assert {500, 503} & set(at_once(*equal_posts))


@pytest.fixture
def two_editors() -> list[Callable[[], int]]:
    inspector, lead = make_official(), make_official(Role.TEAM_LEAD)
    project = make_project(inspector=inspector)
    make_inspection(project, make_cycle(), by=inspector)
    return [
        sends(inspector, project, edition="1", progress_percent="70"),
        sends(lead, project, edition="1", progress_percent="60"),
    ]


def test_of_two_editors_one_is_told_what_the_other_has_saved(two_editors: list[Any]):
    answers = at_once(*two_editors)
    assert sorted(answers) == [302, 409]
    kept = Inspection.objects.get()
    assert kept.progress_percent == (70 if answers[0] == 302 else 60)
    assert kept.edition == 2
    award = Award.objects.standing().get()
    assert Decimal(award.inputs["progress_percent"]) == kept.progress_percent


def test_control_without_the_lock_neither_editor_is_told(
    two_editors: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, Inspection, "save", hands=2)
    assert sorted(at_once(*two_editors)) != [302, 409]


# --- an inspection is decided ---


@pytest.fixture
def ten_accept_and_ten_return() -> list[Callable[[], str]]:
    make_county(needs_second_person=True)
    inspection = make_inspection(by=make_official())
    leads = [make_official(Role.TEAM_LEAD) for _ in range(HANDS)]

    def accepts(lead: User) -> Callable[[], str]:
        return lambda: actions.accept_inspection(inspection, by=lead, at=NOW).state

    def returns(lead: User) -> Callable[[], str]:
        return lambda: actions.return_inspection(inspection, "请核对投资", by=lead, at=NOW).state

    return [*map(accepts, leads[: HANDS // 2]), *map(returns, leads[HANDS // 2 :])]


def test_of_those_who_accept_and_those_who_return_one_decides(ten_accept_and_ten_return: list[Any]):
    came_to = kinds(at_once(*ten_accept_and_ten_return))
    decided = Inspection.objects.get()
    assert came_to == sorted([decided.state, *["NotSubmitted"] * (HANDS - 1)])
    assert Award.objects.exists() == (decided.state == "accepted")


def test_control_without_the_lock_several_decide(
    ten_accept_and_ten_return: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, Inspection, "save")
    assert kinds(at_once(*ten_accept_and_ten_return)).count("NotSubmitted") != HANDS - 1


def test_who_accepts_and_who_corrects_do_not_wait_for_each_other_for_ever(
    monkeypatch: pytest.MonkeyPatch,
):
    make_county(needs_second_person=True)
    inspector, lead = make_official(), make_official(Role.TEAM_LEAD)
    project = make_project(inspector=inspector)
    cycle = make_cycle()
    inspection = make_inspection(project, cycle, by=inspector)
    findings = make_findings(project, progress_percent=Decimal(80))
    # The one who corrects holds the project when the other one comes for the inspection.
    corrector = Held(monkeypatch, actions.rules, "contradictions")
    came_to = at_once(
        lambda: actions.submit_inspection(project, cycle, findings, by=inspector, at=NOW, edition=1).state,
        corrector.then(lambda: actions.accept_inspection(inspection, by=lead, at=NOW).progress_percent),
    )
    # What is accepted is the correction.
    assert kinds(came_to) == ["80.00", "submitted"]


# --- a half-month closes ---


@pytest.fixture
def twenty_close() -> list[Callable[[], bool]]:
    cycle = make_cycle()
    make_inspection(make_project(), cycle, by=make_official())
    make_inspection(make_project(), make_cycle(code="2026-10-H1"), by=make_official())

    def closes(lead: User) -> Callable[[], bool]:
        mine = Cycle.objects.get(pk=cycle.pk)
        return lambda: actions.close_cycle(mine, by=lead, at=NOW)

    return [closes(make_official(Role.TEAM_LEAD)) for _ in range(HANDS)]


def test_a_half_month_that_twenty_close_is_closed_once(twenty_close: list[Any]):
    assert kinds(at_once(*twenty_close)) == ["False"] * (HANDS - 1) + ["True"]
    awards = Award.objects.in_cycle(date(2026, 10, 16))
    # The badge of the inspected one was given before; closing gave the other's, and confirmed both.
    assert sorted(awards.values_list("version", "state")) == [(1, "confirmed"), (1, "confirmed")]


def test_control_without_the_conditional_update_several_close_it(
    twenty_close: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    look_before_update(monkeypatch, CycleQuerySet)
    assert kinds(at_once(*twenty_close)) != ["False"] * (HANDS - 1) + ["True"]


@pytest.fixture
def while_it_closes(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """Somebody is in the middle of saving an inspection when the half-month is closed."""
    project, cycle = make_project(), make_cycle()
    make_inspection(project, make_cycle(code="2026-10-H1"), progress_percent=Decimal(40))
    saver = Held(monkeypatch, actions.rules, "contradictions")
    mine, theirs = Cycle.objects.get(pk=cycle.pk), Cycle.objects.get(pk=cycle.pk)
    findings = make_findings(project)
    return [
        lambda: actions.submit_inspection(project, mine, findings, by=None, at=NOW).state,
        saver.then(lambda: actions.close_cycle(theirs, by=None, at=NOW)),
    ]


def test_what_is_saved_while_the_half_month_closes_is_what_the_badge_rests_on(while_it_closes: list[Any]):
    assert kinds(at_once(*while_it_closes)) == ["True", "accepted"]
    award = Award.objects.standing().get(cycle_start=date(2026, 10, 16))
    assert (award.inputs["progress_percent"], award.is_stale, award.state) == ("84", False, "confirmed")
    assert award.version == 1


def test_control_without_the_lock_who_saves_and_who_closes_are_in_each_others_way(
    while_it_closes: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    came_to = kinds(at_once(*while_it_closes))
    award = Award.objects.standing().get(cycle_start=date(2026, 10, 16))
    assert came_to != ["True", "accepted"] or award.is_stale or award.version > 1


@pytest.fixture
def just_after_it_closed(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """Somebody saves an inspection in a form that was shown while the half-month was still open."""
    project, cycle = make_project(), make_cycle()
    make_inspection(project, make_cycle(code="2026-10-H1"))
    closer = Held(monkeypatch, actions, "confirm_cycle")
    mine, theirs = Cycle.objects.get(pk=cycle.pk), Cycle.objects.get(pk=cycle.pk)
    findings = make_findings(project)
    return [
        lambda: actions.close_cycle(theirs, by=None, at=NOW),
        closer.then(lambda: actions.submit_inspection(project, mine, findings, by=None, at=NOW).state),
    ]


def test_who_saves_when_the_half_month_has_just_been_closed_is_refused(just_after_it_closed: list[Any]):
    assert kinds(at_once(*just_after_it_closed)) == ["CycleIsClosed", "True"]
    assert not Inspection.objects.in_cycle(date(2026, 10, 16)).exists()
    assert Award.objects.standing().get(cycle_start=date(2026, 10, 16)).is_stale


def test_control_without_the_lock_the_late_one_is_not_refused(
    just_after_it_closed: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    assert kinds(at_once(*just_after_it_closed)) != ["CycleIsClosed", "True"]


# --- badges are given again ---


@pytest.fixture
def twenty_judge_again() -> list[Callable[[], int]]:
    inspection = make_inspection()
    cycle = Cycle.objects.get()
    # The plan is another one now, so that the badge has to be given anew.
    plan_year(inspection.project, 2026, Decimal(1500), by=None, reason="追加设备")
    return [lambda: actions.reassess_cycle(cycle, at=NOW).given] * HANDS


def test_twenty_who_judge_again_give_one_new_badge(twenty_judge_again: list[Any]):
    assert kinds(at_once(*twenty_judge_again)) == ["0"] * (HANDS - 1) + ["1"]
    versions = Award.objects.order_by("version").values_list("version", "state")
    assert list(versions) == [(1, "superseded"), (2, "provisional")]


def test_control_without_the_lock_several_give_a_badge(
    twenty_judge_again: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    meet_before(monkeypatch, AwardQuerySet, "bulk_create")
    assert kinds(at_once(*twenty_judge_again)) != ["0"] * (HANDS - 1) + ["1"]


# --- a table is taken ---


@pytest.fixture
def twenty_confirm() -> list[Callable[[], Any]]:
    lead = make_official(Role.TEAM_LEAD)
    content = workbooks.table(workbooks.row(1), workbooks.row(2))
    batch = hand_in(make_county(), workbooks.NAME, content, chosen=None, by=lead, at=NOW)
    address = reverse("office:import", args=[batch.pk])

    def confirms() -> Callable[[], str]:
        browser = Client(raise_request_exception=False)
        browser.force_login(lead)

        def confirm() -> str:
            answer = browser.post(address)
            if answer.status_code != 302:
                return str(answer.status_code)
            [told] = get_messages(answer.wsgi_request)
            return told.level_tag

        return confirm

    return [confirms() for _ in range(HANDS)]


def test_a_table_that_is_confirmed_twenty_times_is_taken_once(twenty_confirm: list[Any]):
    assert kinds(at_once(*twenty_confirm)) == ["info"] * (HANDS - 1) + ["success"]
    assert ImportBatch.objects.get().counts == {"created": 6, "changed": 0, "unchanged": 0, "refused": 0}
    assert sorted(Inspection.objects.values_list("edition", "state")) == [(1, "accepted")] * 2
    assert sorted(AnnualPlan.objects.values_list("version")) == [(1,)] * 2
    assert sorted(Award.objects.values_list("version")) == [(1,)] * 2


def test_control_without_the_conditional_update_it_is_taken_again_and_again(
    twenty_confirm: list[Any], monkeypatch: pytest.MonkeyPatch
):
    take_off_locks(monkeypatch)
    look_before_update(monkeypatch, ImportBatchQuerySet)
    assert kinds(at_once(*twenty_confirm)) != ["info"] * (HANDS - 1) + ["success"]


def test_a_table_that_comes_when_the_half_month_has_just_been_closed_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
):
    lead, cycle = make_official(Role.TEAM_LEAD, language="en"), make_cycle()
    content = workbooks.table(workbooks.row(1))
    take_batch(_handed_in(content, lead), by=lead, at=NOW)
    batch = _handed_in(workbooks.table(workbooks.row(1, progress=60)), lead)
    planned = exchange.plan_for

    def close_meanwhile(*args: Any) -> Any:
        plan = planned(*args)
        actions.close_cycle(cycle, by=lead, at=NOW)
        return plan

    monkeypatch.setattr(exchange, "plan_for", close_meanwhile)
    browser = Client()
    browser.force_login(lead)
    answer = browser.post(reverse("office:import", args=[batch.pk]))
    assert [message.level_tag for message in get_messages(answer.wsgi_request)] == ["error"]
    assert Inspection.objects.get().progress_percent == 45
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.UPLOADED


def _handed_in(content: bytes, by: User) -> ImportBatch:
    return hand_in(make_county(), workbooks.NAME, content, chosen=None, by=by, at=NOW)
