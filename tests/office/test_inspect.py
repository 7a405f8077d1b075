"""Inspecting a project: scope, figures, no change, conflicts, and the second pair of eyes."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import (
    PASSWORD,
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
from tracker.badges.models import Award
from tracker.inspections.actions import accept_inspection, close_cycle, submit_inspection
from tracker.inspections.models import Inspection
from tracker.library.models import Project

pytestmark = pytest.mark.django_db

# The window of the second half of October 2026 is open: it opens on the 31st and is due on 4 November.
TODAY = date(2026, 11, 2)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


@pytest.fixture
def inspector() -> User:
    return make_official()


def signed_in(person: User, language: str = "en") -> Client:
    client = Client()
    assert client.login(email=person.email, password=PASSWORD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def inspected_before(project: Project, **facts: object) -> Inspection:
    return make_inspection(
        project,
        make_cycle(project.county, "2026-10-H1"),
        **{"cumulative_investment": Decimal("471.59"), "ytd_investment": Decimal("321.07"), **facts},
    )


def figures(**other: str) -> dict[str, str]:
    return {
        "cycle": "2026-10-H2",
        "edition": "",
        "cumulative_investment": "1000",
        "ytd_investment": "1000",
        "progress_percent": "84",
        "stage": "building",
        "remark": "",
        **other,
    }


def address(project: Project) -> str:
    return reverse("office:inspect", args=[project.pk])


def text_of(answer: object) -> str:
    return answer.content.decode()


def test_the_form_shows_last_times_figures_beside_each_field(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    inspected_before(project, progress_percent=Decimal(60))
    page = text_of(signed_in(inspector).get(address(project)))
    assert "last time 471.59" in page
    assert "last time 321.07" in page
    assert "last time 60.0%" in page
    assert 'value="471.59"' in page
    assert page.count('inputmode="decimal"') == 3


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Save and go to the next"), ("zh-hans", 'lang="zh-Hans"')]
)
def test_the_form_speaks_the_readers_language(inspector: User, language: str, word: str):
    project = make_project(inspector=inspector)
    make_cycle()
    assert word in text_of(signed_in(inspector, language).get(address(project)))


def test_saving_gives_the_badge_and_leads_to_the_next_project_due(inspector: User):
    first, second = make_project(inspector=inspector), make_project(inspector=inspector)
    make_cycle()
    inspected_before(first, cumulative_investment=Decimal(900), ytd_investment=Decimal(900))
    answer = signed_in(inspector).post(address(first), figures(), follow=True)
    assert answer.redirect_chain[0][0] == address(second)
    inspection = Inspection.objects.get(project=first, cycle_start=date(2026, 10, 16))
    assert (inspection.state, inspection.inspector) == ("accepted", inspector)
    award = Award.objects.standing().get(project=first, cycle_start=date(2026, 10, 16))
    assert award.badge == "blue"
    assert "Badge: ● Blue." in text_of(answer)


def test_after_the_last_one_the_inspector_is_told_that_nothing_is_left(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    answer = signed_in(inspector).post(address(project), figures(), follow=True)
    assert answer.redirect_chain[0][0] == reverse("office:today")
    assert "Nothing is left to inspect" in text_of(answer)


def test_no_change_is_one_tap_that_takes_over_last_times_figures(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    inspected_before(project)
    client = signed_in(inspector)
    assert 'name="unchanged"' in text_of(client.get(address(project)))
    client.post(address(project), {"cycle": "2026-10-H2", "edition": "", "unchanged": "1"})
    inspection = Inspection.objects.get(project=project, cycle_start=date(2026, 10, 16))
    assert inspection.is_unchanged
    assert (inspection.cumulative_investment, inspection.ytd_investment) == (
        Decimal("471.59"),
        Decimal("321.07"),
    )


def test_no_change_keeps_what_the_liaison_has_said_meanwhile(inspector: User):
    project = make_project(inspector=inspector, inclusion_state="submitted", included_on=None)
    make_cycle()
    inspected_before(project)
    Project.objects.filter(pk=project.pk).update(inclusion_state="included", included_on=date(2026, 10, 20))
    signed_in(inspector).post(address(project), {"cycle": "2026-10-H2", "edition": "", "unchanged": "1"})
    project.refresh_from_db()
    assert (project.inclusion_state, project.included_on) == ("included", date(2026, 10, 20))


def test_there_is_no_no_change_without_an_inspection_before(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    assert 'name="unchanged"' not in text_of(client.get(address(project)))
    answer = client.post(address(project), {"cycle": "2026-10-H2", "edition": "", "unchanged": "1"})
    assert answer.status_code == 422
    assert not Inspection.objects.exists()


def test_there_is_no_no_change_across_the_new_year(inspector: User):
    project = make_project(inspector=inspector)
    make_inspection(project, make_cycle(code="2026-12-H2"))
    make_cycle(code="2027-01-H1")
    with time_machine.travel(moment(date(2027, 1, 18)), tick=False):
        page = text_of(signed_in(inspector).get(address(project)))
    assert 'name="unchanged"' not in page
    assert "A new year: it begins again at 0." in page


def test_figures_are_taken_as_people_type_them(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    typed = figures(cumulative_investment="1,234.50 万元", ytd_investment="１０００", progress_percent="84%")
    signed_in(inspector).post(address(project), typed)
    inspection = Inspection.objects.get(project=project)
    assert inspection.cumulative_investment == Decimal("1234.50")
    assert inspection.ytd_investment == Decimal(1000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cumulative_investment": ""},
        {"cumulative_investment": "many"},
        {"ytd_investment": "-1"},
        {"progress_percent": "101"},
        {"stage": "finished"},
        {"cumulative_investment": "9" * 40},
        {"edition": "x"},
    ],
)
def test_what_is_no_figure_is_asked_for_again(inspector: User, wrong: dict[str, str]):
    project = make_project(inspector=inspector)
    make_cycle()
    answer = signed_in(inspector).post(address(project), figures(**wrong))
    assert answer.status_code == 422
    assert "There is a problem" in text_of(answer)
    assert not Inspection.objects.exists()


def test_more_this_year_than_since_the_start_is_refused_with_the_remedy(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    answer = signed_in(inspector).post(address(project), figures(ytd_investment="1000.01"))
    assert "part of the investment since the start" in text_of(answer)
    assert not Inspection.objects.exists()


def test_odd_figures_are_taken_once_a_sentence_explains_them(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    inspected_before(project, cumulative_investment=Decimal(1200), ytd_investment=Decimal(900))
    client = signed_in(inspector)
    answer = client.post(address(project), figures())
    assert "the investment since the start is lower than last time" in text_of(answer)
    assert Inspection.objects.count() == 1
    client.post(address(project), figures(remark="Invoices were counted twice"))
    assert Inspection.objects.get(cycle_start=date(2026, 10, 16)).remark == "Invoices were counted twice"


def test_three_taps_make_one_inspection_and_no_error(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    answers = [client.post(address(project), figures()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 302]
    assert Inspection.objects.get(project=project).edition == 1


def test_three_taps_of_no_change_make_one_inspection(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    inspected_before(project)
    client = signed_in(inspector)
    tap = {"cycle": "2026-10-H2", "edition": "", "unchanged": "1"}
    assert [client.post(address(project), tap).status_code for _ in range(3)] == [302, 302, 302]
    assert Inspection.objects.filter(cycle_start=date(2026, 10, 16)).count() == 1


def test_what_somebody_else_has_accepted_is_shown_instead_of_overwritten(inspector: User):
    make_county(needs_second_person=True)
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    client.post(address(project), figures())
    accept_inspection(Inspection.objects.get(), by=make_official(Role.TEAM_LEAD), at=moment(TODAY))
    answer = client.post(address(project), figures(cumulative_investment="1500"))
    assert answer.status_code == 409
    assert "What you entered now was not saved." in text_of(answer)
    assert "1,000.00" in text_of(answer)
    assert "1,500.00" in text_of(answer)
    shown = text_of(client.get(address(project)))
    assert "Accepted for the" in shown
    assert "Correct what was entered" not in shown
    assert Inspection.objects.get().cumulative_investment == 1000


def test_where_one_person_is_enough_a_slip_can_be_corrected_and_both_badges_stay_readable(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    client.post(address(project), figures(cumulative_investment="100", ytd_investment="100"))
    assert "Correct what was entered" in text_of(client.get(address(project)))
    shown = client.get(f"{address(project)}?correct=1")
    assert "These figures count already" in text_of(shown)
    client.post(f"{address(project)}?correct=1", figures(edition="1"))
    inspection = Inspection.objects.get()
    assert (inspection.cumulative_investment, inspection.edition) == (1000, 2)
    before, after = project.awards.order_by("version")
    assert (before.badge, before.state, after.badge) == ("red", Award.State.SUPERSEDED, "blue")


def test_who_saves_later_sees_both_values_and_chooses(inspector: User):
    make_county(needs_second_person=True)
    lead = make_official(Role.TEAM_LEAD)
    project = make_project(inspector=inspector)
    cycle = make_cycle()
    submit_inspection(
        project, cycle, make_findings(project, cumulative_investment=Decimal(1100)), by=lead, at=moment(TODAY)
    )
    client = signed_in(inspector)
    answer = client.post(address(project), figures(cumulative_investment="1200"))
    assert answer.status_code == 409
    page = text_of(answer)
    assert "Somebody else has saved this inspection meanwhile" in page
    assert "1,100.00" in page
    assert "1,200.00" in page
    assert Inspection.objects.get().cumulative_investment == 1100
    assert 'name="edition" value="1"' in page
    client.post(address(project), figures(cumulative_investment="1200", edition="1"))
    assert Inspection.objects.get().cumulative_investment == 1200


def test_a_closed_half_month_takes_nothing_more(inspector: User):
    project = make_project(inspector=inspector)
    cycle = make_cycle()
    client = signed_in(inspector)
    client.get(address(project))
    close_cycle(cycle, by=None, at=moment(TODAY))
    answer = client.post(address(project), figures())
    assert answer.status_code == 409
    assert "is closed" in text_of(answer)
    assert "What you entered was not saved." in text_of(answer)
    assert not Inspection.objects.exists()


def test_between_two_windows_the_page_says_when_the_next_opens(inspector: User):
    project = make_project(inspector=inspector)
    page = text_of(signed_in(inspector).get(address(project)))
    assert "No half-month is open for inspection now." in page
    assert "15 November 2026" in page


def test_a_half_month_that_has_not_opened_takes_nothing(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle(code="2026-11-H1")
    client = signed_in(inspector)
    assert "cannot be inspected before 15 November 2026" in text_of(
        client.get(f"{address(project)}?cycle=2026-11-H1")
    )
    assert client.post(address(project), figures(cycle="2026-11-H1")).status_code == 409
    assert client.get(f"{address(project)}?cycle=2026-09-H1").status_code == 404
    assert client.get(f"{address(project)}?cycle=nonsense").status_code == 404


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.INSPECTOR, Role.TEAM_LEAD, Role.ENTERPRISE}))
def test_other_officials_do_not_inspect(role: str):
    project = make_project()
    assert signed_in(make_official(role)).get(address(project)).status_code == 403


def test_an_inspector_inspects_only_projects_in_their_name(inspector: User):
    make_cycle()
    client = signed_in(inspector)
    assert client.get(address(make_project())).status_code == 404
    assert client.post(address(make_project()), figures()).status_code == 404


def test_a_team_lead_inspects_every_project_of_the_county_and_no_other():
    make_cycle()
    client = signed_in(make_official(Role.TEAM_LEAD))
    assert client.get(address(make_project())).status_code == 200
    foreign = make_project(county=make_county("371525"))
    assert client.get(address(foreign)).status_code == 404


def test_only_the_liaison_says_that_a_project_is_included(inspector: User):
    project = make_project(inspector=inspector, inclusion_state="preparing", included_on=None)
    make_cycle()
    client = signed_in(inspector)
    assert "set by the statistics liaison" in text_of(client.get(address(project)))
    answer = client.post(address(project), figures(inclusion_state="included"))
    assert answer.status_code == 422
    client.post(address(project), figures(inclusion_state="submitted"))
    project.refresh_from_db()
    assert project.inclusion_state == "submitted"


def test_an_inspector_cannot_take_back_what_the_liaison_has_said(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    assert 'name="inclusion_state"' not in text_of(client.get(address(project)))
    client.post(address(project), figures(inclusion_state="preparing"))
    project.refresh_from_db()
    assert (project.inclusion_state, project.included_on) == ("included", date(2026, 1, 20))


def test_days_are_asked_only_while_the_project_has_none(inspector: User):
    project = make_project(inspector=inspector, started_on=None, stage="filed")
    make_cycle()
    client = signed_in(inspector)
    page = text_of(client.get(address(project)))
    assert 'name="started_on"' in page
    answer = client.post(address(project), figures(stage="filed", started_on="2026-10-01"))
    assert "The stage says that it has not started" in text_of(answer)
    answer = client.post(address(project), figures(stage="started", started_on="2026-11-03"))
    assert "This day has not come yet." in text_of(answer)
    client.post(address(project), figures(stage="started", started_on="2026-10-01"))
    project.refresh_from_db()
    assert project.started_on == date(2026, 10, 1)


def test_a_completion_before_the_start_is_refused_by_the_page(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    answer = client.post(address(project), figures(stage="completed", completed_on="2025-12-31"))
    assert "cannot be completed before it started" in text_of(answer)
    unstarted = make_project(inspector=inspector, started_on=None, stage="filed")
    answer = client.post(address(unstarted), figures(stage="completed", completed_on="2026-10-20"))
    assert "Say when it started" in text_of(answer)


def test_giving_a_project_up_needs_a_sentence(inspector: User):
    project = make_project(inspector=inspector)
    make_cycle()
    client = signed_in(inspector)
    assert client.post(address(project), figures(stage="suspended")).status_code == 422
    client.post(address(project), figures(stage="suspended", remark="The market is gone"))
    project.refresh_from_db()
    assert project.stage == "suspended"


# --- the second pair of eyes ---


@pytest.fixture
def submitted(inspector: User) -> Inspection:
    make_county(needs_second_person=True)
    project = make_project(inspector=inspector)
    cycle = make_cycle()
    return submit_inspection(project, cycle, make_findings(project), by=inspector, at=moment(TODAY))


def test_what_needs_a_second_person_gets_no_badge_yet(inspector: User):
    make_county(needs_second_person=True)
    project = make_project(inspector=inspector)
    make_cycle()
    answer = signed_in(inspector).post(address(project), figures(), follow=True)
    assert "It counts once somebody else has accepted it." in text_of(answer)
    assert not Award.objects.exists()


def test_a_team_lead_accepts_and_the_badge_follows(submitted: Inspection):
    lead = make_official(Role.TEAM_LEAD)
    client = signed_in(lead)
    page = text_of(client.get(reverse("office:accept_inspection", args=[submitted.pk])))
    assert "1,000.00" in page
    answer = client.post(
        reverse("office:accept_inspection", args=[submitted.pk]), {"next": "/office/cycle/2026-10-H2/"}
    )
    assert answer["Location"] == "/office/cycle/2026-10-H2/"
    submitted.refresh_from_db()
    assert (submitted.state, submitted.reviewer) == ("accepted", lead)
    assert Award.objects.standing().get().badge == "blue"


def test_accepting_never_leads_to_a_foreign_site(submitted: Inspection):
    client = signed_in(make_official(Role.TEAM_LEAD))
    answer = client.post(
        reverse("office:accept_inspection", args=[submitted.pk]), {"next": "https://elsewhere.test/"}
    )
    assert answer["Location"] == reverse("office:today")


def test_returning_needs_a_reason_and_puts_it_on_top_of_the_form(submitted: Inspection, inspector: User):
    client = signed_in(make_official(Role.TEAM_LEAD))
    way = reverse("office:return_inspection", args=[submitted.pk])
    assert client.post(way, {"reason": " "}).status_code == 422
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
    client.post(way, {"reason": "The equipment is counted twice"})
    submitted.refresh_from_db()
    assert submitted.state == "returned"
    theirs = signed_in(inspector)
    page = text_of(theirs.get(address(submitted.project)))
    assert "The equipment is counted twice" in page
    assert theirs.post(address(submitted.project), figures(edition=str(submitted.edition))).status_code == 302
    submitted.refresh_from_db()
    assert (submitted.state, submitted.return_reason) == ("submitted", "")


def test_who_submitted_does_not_decide(submitted: Inspection):
    lead = make_official(Role.TEAM_LEAD)
    Inspection.objects.update(inspector=lead)
    client = signed_in(lead)
    for name in ("office:accept_inspection", "office:return_inspection"):
        answer = client.post(reverse(name, args=[submitted.pk]), {"reason": "mine"}, follow=True)
        assert "another team lead decides it" in text_of(answer)
    submitted.refresh_from_db()
    assert submitted.state == "submitted"


def test_deciding_twice_says_who_has_decided(submitted: Inspection):
    lead = make_official(Role.TEAM_LEAD, name="Li Lead")
    client = signed_in(lead)
    way = reverse("office:accept_inspection", args=[submitted.pk])
    client.post(way)
    assert "decided by Li Lead" in text_of(client.post(way, follow=True))
    assert "Nothing to decide any more" in text_of(client.get(way))


@pytest.mark.parametrize("name", ["office:accept_inspection", "office:return_inspection"])
def test_deciding_is_the_team_leads_and_within_the_county(submitted: Inspection, inspector: User, name: str):
    way = reverse(name, args=[submitted.pk])
    assert signed_in(inspector).post(way, {"reason": "x"}).status_code == 403
    foreign = make_official(Role.TEAM_LEAD, make_county("371525"))
    assert signed_in(foreign).get(way).status_code == 404
    assert signed_in(foreign).post(way, {"reason": "x"}).status_code == 404
    submitted.refresh_from_db()
    assert submitted.state == "submitted"
