"""Complete months are frozen once, and each leader of the county is written to once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.factories import make_county, make_cycle, make_official, make_project, moment
from tests.summaries.months import close, inspect
from tracker.accounts.roles import Role
from tracker.calendars.periods import Month
from tracker.inspections.actions import reassess_cycle
from tracker.inspections.models import Inspection
from tracker.library.models import Division
from tracker.mailing.models import Message
from tracker.summaries import actions
from tracker.summaries.actions import freeze_month, summarise
from tracker.summaries.models import MonthlySummary

pytestmark = pytest.mark.django_db

OCTOBER = Month(2026, 10)
NOW = moment(date(2026, 11, 16))


def complete_october(county: Division | None = None, badge: str = "red"):
    county = county or make_county()
    project = make_project(county=county)
    inspect(project, "2026-10-H2", badge)
    close("2026-10-H2", county=county)
    return project


def make_leader(county: Division | None = None, **facts):
    return make_official(Role.LEADER, county or make_county(), **facts)


def written_to():
    return sorted(Message.objects.values_list("recipient__email", flat=True))


def test_a_complete_month_is_frozen_and_the_countys_leaders_are_written_to():
    complete_october()
    leader = make_leader()
    summarise(NOW)
    summary = MonthlySummary.objects.get()
    assert (summary.county.code, summary.month_start) == ("371423", date(2026, 10, 1))
    message = Message.objects.get()
    assert message.key == f"summary/371423/2026-10/{leader.pk}"
    assert (message.kind, message.recipient) == ("monthly_summary", leader)


def test_a_month_with_an_open_half_is_not_summarised():
    make_leader()
    inspect(make_project(), "2026-10-H1")
    close("2026-10-H1")
    make_cycle(code="2026-10-H2")
    summarise(NOW)
    assert not MonthlySummary.objects.exists()
    assert not Message.objects.exists()


def test_however_often_it_runs_each_leader_gets_one_mail():
    complete_october()
    make_leader(email="a@county.test")
    make_leader(email="b@county.test")
    for _ in range(3):
        summarise(NOW)
    assert MonthlySummary.objects.count() == 1
    assert written_to() == ["a@county.test", "b@county.test"]


@pytest.fixture
def stops_at_the_second_mail(monkeypatch):
    """The worker dies while it writes the second mail, once."""
    written = []
    compose = actions.compose

    def dies(*args, **facts):
        written.append(args)
        if len(written) == 2:
            raise ConnectionAbortedError
        return compose(*args, **facts)

    monkeypatch.setattr(actions, "compose", dies)


@pytest.mark.usefixtures("stops_at_the_second_mail")
def test_a_run_that_stopped_half_way_is_finished_by_the_next_one():
    complete_october()
    for name in "abc":
        make_leader(email=f"{name}@county.test")
    with pytest.raises(ConnectionAbortedError):
        summarise(NOW)
    assert written_to() == ["a@county.test"]
    summarise(NOW)
    assert written_to() == ["a@county.test", "b@county.test", "c@county.test"]


@pytest.mark.usefixtures("stops_at_the_second_mail")
def test_one_countys_trouble_does_not_keep_the_others_waiting():
    guanxian = make_county("371525")
    complete_october()
    complete_october(guanxian)
    make_leader(email="a@county.test")
    make_leader(email="b@county.test")
    make_leader(guanxian, email="elsewhere@county.test")
    with pytest.raises(ConnectionAbortedError):
        summarise(NOW)
    assert written_to() == ["a@county.test", "elsewhere@county.test"]


def test_a_mail_that_was_sent_is_not_written_again():
    complete_october()
    make_leader()
    summarise(NOW)
    Message.objects.update(sent_at=NOW)
    summarise(NOW)
    assert Message.objects.count() == 1


def test_a_late_run_is_late_and_loses_nothing():
    complete_october()
    make_leader()
    summarise(moment(date(2026, 12, 14)))
    assert MonthlySummary.objects.count() == Message.objects.count() == 1


def test_a_month_that_ended_too_long_ago_is_kept_but_nobody_is_written_to():
    complete_october()
    make_leader()
    summarise(moment(date(2026, 12, 20)))
    assert MonthlySummary.objects.count() == 1
    assert not Message.objects.exists()


def test_frozen_figures_stay_when_inspections_change_afterwards():
    project = complete_october(badge="red")
    frozen = freeze_month(make_county(), OCTOBER, NOW)
    assert frozen.figures["counts"]["red"] == 1
    Inspection.objects.update(ytd_investment=Decimal(1100), cumulative_investment=Decimal(1100))
    reassess_cycle(make_cycle(code="2026-10-H2"), at=NOW)
    project.refresh_from_db()
    assert project.badge == "blue"
    again = freeze_month(make_county(), OCTOBER, NOW)
    assert again.pk == frozen.pk
    assert again.figures == frozen.figures


def test_two_workers_freeze_one_month_once_with_the_same_figures(monkeypatch):
    complete_october()
    asked = actions.figures

    def beaten_to_it(county, month, today):
        monkeypatch.setattr(actions, "figures", asked)
        freeze_month(county, month, NOW)
        return {**asked(county, month, today), "rated": "the slower worker's"}

    monkeypatch.setattr(actions, "figures", beaten_to_it)
    summary = freeze_month(make_county(), OCTOBER, NOW)
    assert MonthlySummary.objects.count() == 1
    assert summary.figures["rated"] == 1


def test_without_looking_first_the_table_itself_refuses_a_second_summary_of_a_month():
    complete_october()
    summary = freeze_month(make_county(), OCTOBER, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthlySummary.objects.create(county=summary.county, month_start=summary.month_start, figures={})


def test_only_active_leaders_of_the_county_itself_are_written_to():
    county = make_county()
    complete_october(county)
    make_leader(email="leader@county.test")
    make_leader(email="gone@county.test", is_active=False)
    make_leader(make_county("371525"), email="elsewhere@county.test")
    make_leader(county.parent, email="city@city.test")
    make_official(Role.TEAM_LEAD, email="lead@county.test")
    summarise(NOW)
    assert written_to() == ["leader@county.test"]


def test_december_is_summarised_in_january():
    project = make_project(year=2026)
    inspect(
        project,
        "2026-12-H2",
        ytd_investment=Decimal(1200),
        cumulative_investment=Decimal(1200),
        progress_percent=Decimal(100),
    )
    close("2026-12-H2")
    make_leader()
    summarise(moment(date(2027, 1, 15)))
    assert MonthlySummary.objects.get().month_start == date(2026, 12, 1)
    assert Message.objects.get().key.startswith("summary/371423/2026-12/")


def test_a_quiet_run_costs_few_queries(django_assert_max_num_queries):
    complete_october()
    make_leader()
    summarise(NOW)
    with django_assert_max_num_queries(6):
        summarise(NOW)
