"""Today: what each role has to do now."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.factories import (
    PASSWORD,
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_findings,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.inspections.actions import close_cycle, return_inspection, submit_inspection
from tracker.inspections.models import Inspection
from tracker.library.models import Division, Project

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 2)
BEHIND = {"cumulative_investment": Decimal(300), "ytd_investment": Decimal(300)}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


def signed_in(person: User, language: str = "en") -> Client:
    client = Client()
    assert client.login(email=person.email, password=PASSWORD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def today(person: User, query: str = "") -> str:
    answer = signed_in(person).get(reverse("office:today") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def make_many(number: int, **facts: Any) -> list[Project]:
    enterprise = make_enterprise()
    return [make_project(enterprise, **facts) for _ in range(number)]


def test_the_inspector_reads_how_many_are_left_and_how_long_there_is():
    inspector = make_official()
    done, *_ = make_many(3, inspector=inspector)
    make_project()
    make_inspection(done, make_cycle())
    page = today(inspector)
    assert "Second half of October 2026: 2 of 3 to inspect, 2 working days left" in page
    assert "due 4 November 2026" in page
    assert page.count("Inspect the next one") == 1


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 3), "1 working day left"),
        (date(2026, 11, 4), "due today"),
        (date(2026, 11, 5), "1 working day overdue"),
        (date(2026, 11, 9), "3 working days overdue"),
    ],
)
def test_the_time_left_is_said_in_words(day: date, words: str):
    inspector = make_official()
    make_project(inspector=inspector)
    make_cycle()
    with time_machine.travel(moment(day), tick=False):
        assert words in today(inspector)


def test_the_worst_badge_comes_first_and_is_one_tap_away():
    inspector = make_official()
    for badge in ("gold", "blue", "none", "yellow", "red"):
        Project.objects.filter(pk=make_project(inspector=inspector, name=f"is {badge}").pk).update(
            badge=badge
        )
    make_cycle()
    page = today(inspector)
    order = [page.index(f">is {badge}<") for badge in ("red", "yellow", "none", "blue", "gold")]
    assert order == sorted(order)
    red = Project.objects.get(badge="red")
    assert f'button--main" href="{reverse("office:inspect", args=[red.pk])}"' in page


def test_each_project_stands_with_its_last_figures():
    inspector = make_official()
    project = make_project(inspector=inspector)
    make_inspection(project, make_cycle(code="2026-10-H1"), cumulative_investment=Decimal("1471.59"))
    make_project(inspector=inspector)
    make_cycle()
    page = today(inspector)
    assert "last time 1,471.59 万元" in page
    assert "never inspected" in page


def test_what_was_returned_stands_on_top_with_the_reason():
    make_county(needs_second_person=True)
    inspector, lead = make_official(), make_official(Role.TEAM_LEAD)
    project, _ = make_many(2, inspector=inspector)
    inspection = submit_inspection(
        project, make_cycle(), make_findings(project), by=inspector, at=moment(TODAY)
    )
    assert "1 of yours waits for acceptance" in today(inspector)
    return_inspection(inspection, "Please count the press once", by=lead, at=moment(TODAY))
    page = today(inspector)
    assert "2 of 2 to inspect" in page
    assert page.index("Please count the press once") < page.index("To inspect, worst badge first")
    assert page.count(project.name) == 1


def test_with_nothing_due_the_inspector_reads_when_the_next_window_opens():
    inspector = make_official()
    project = make_project(inspector=inspector)
    assert "The next half-month opens on 15 November 2026." in today(inspector)
    make_inspection(project, make_cycle())
    page = today(inspector)
    assert "Everything is inspected." in page
    assert "The next half-month opens on 15 November 2026." in page
    make_cycle(code="2026-11-H1", state="skipped", skipped_because="Moving house")
    assert "The next half-month opens on 30 November 2026." in today(inspector)


def test_an_inspector_without_projects_is_told_who_gives_them():
    assert "A team lead says who inspects which project." in today(make_official())


def test_the_lead_sees_progress_what_to_accept_and_who_is_missing():
    make_county(needs_second_person=True)
    ann, bea = make_official(name="Ann"), make_official(name="Bea")
    submitted, *_ = make_many(2, inspector=ann)
    make_many(2, inspector=bea)
    cycle = make_cycle()
    submit_inspection(submitted, cycle, make_findings(submitted), by=ann, at=moment(TODAY))
    page = today(make_official(Role.TEAM_LEAD))
    assert "3 of 4 to inspect" in page
    assert "1 to accept" in page
    assert submitted.name in page
    assert page.index(">Ann</a> 1") < page.index(">Bea</a> 2")


def test_a_lead_is_not_offered_to_accept_their_own():
    make_county(needs_second_person=True)
    lead = make_official(Role.TEAM_LEAD)
    project = make_project()
    inspection = submit_inspection(project, make_cycle(), make_findings(project), by=lead, at=moment(TODAY))
    page = today(lead)
    assert "submitted by you: somebody else decides" in page
    assert f'action="{reverse("office:accept_inspection", args=[inspection.pk])}"' not in page


def test_new_reds_come_with_their_sentence_and_old_ones_do_not():
    old, new, good = make_many(3)
    before, cycle = make_cycle(code="2026-10-H1"), make_cycle()
    for project, figures in ((old, BEHIND), (new, {}), (good, {})):
        make_inspection(project, before, **figures)
    for project, figures in ((old, BEHIND), (new, BEHIND), (good, {})):
        make_inspection(project, cycle, **figures)
    for role in (Role.TEAM_LEAD, Role.LEADER):
        page = today(make_official(role))
        assert new.name in page
        assert "points behind plan" in page
        assert old.name not in page
        assert good.name not in page


def test_the_leader_sees_counts_with_movement_investment_and_inclusion():
    first, second = make_many(2)
    make_project(inclusion_state="preparing", included_on=None)
    before, cycle = make_cycle(code="2026-10-H1"), make_cycle()
    make_inspection(first, before)
    make_inspection(second, before)
    make_inspection(second, cycle, **BEHIND)
    make_inspection(first, cycle)
    answer = signed_in(make_official(Role.LEADER)).get(reverse("office:today"))
    counts = {colour.badge: (colour.number, colour.change) for colour in answer.context["colours"]}
    assert counts["red"] == (1, 1)
    assert counts["none"] == (1, 0)
    assert (answer.context["plan"], answer.context["done"]) == (Decimal(2400), Decimal(1300))
    page = answer.content.decode()
    assert "2 of 3 started projects are included." in page
    assert "change since the first half of October 2026" in page


def test_the_liaison_reads_how_many_are_not_in_statistics_and_by_when():
    make_many(2, inclusion_state="preparing", included_on=None)
    make_project()
    page = today(make_official(Role.STATISTICS_LIAISON))
    assert "2 started projects are not yet in statistics" in page
    assert "Papers are due by 10 November 2026." in page
    assert f"{reverse('office:inclusion')}?state=preparing" in page


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR])
def test_auditor_and_administrator_see_the_countys_state_and_the_ways_on(role: str):
    make_project()
    make_cycle()
    page = today(make_official(role))
    assert "1 of 1 to inspect" in page
    assert reverse("office:rules") in page


def test_whoever_answers_for_several_counties_sees_them_side_by_side():
    make_project()
    make_project(county=make_county("371425"))
    foreign = make_county("371525")
    make_project(county=foreign)
    make_cycle()
    city = make_official(Role.LEADER, Division.objects.get(code="371400"))
    page = today(city)
    assert 'href="?county=371423"' in page
    assert 'href="?county=371425"' in page
    assert "371525" not in page
    assert "second half of October 2026: 0 of 1 inspected" in page
    assert "1 project" in today(city, "?county=371423")
    assert signed_in(city).get(reverse("office:today") + "?county=371525").status_code == 404


def test_an_administrator_without_a_division_is_told_what_is_missing():
    User.objects.create_superuser("root@county.test", PASSWORD)
    assert "You do not answer for a county yet." in today(User.objects.get(email="root@county.test"))


def test_a_townships_inspector_stands_for_the_county_and_sees_the_township():
    township = make_township()
    inspector = make_official(division=township)
    make_project(make_enterprise(township=township), inspector=inspector)
    make_cycle()
    assert "1 of 1 to inspect" in today(inspector)


def test_an_enterprise_has_no_such_page():
    assert signed_in(make_enterprise_user()).get(reverse("office:today")).status_code == 403


def test_the_page_speaks_chinese_to_whoever_reads_chinese():
    page = signed_in(make_official(), "zh-hans").get(reverse("office:today")).content.decode()
    assert '<html lang="zh-Hans">' in page


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENTERPRISE}))
@pytest.mark.parametrize("number", [1, 200])
def test_the_page_costs_the_same_for_one_project_as_for_two_hundred(
    role: str, number: int, django_assert_max_num_queries: Any
):
    make_county(needs_second_person=True)
    person, other = make_official(role), make_official()
    before, cycle = make_cycle(code="2026-10-H1"), make_cycle()
    projects = make_many(number, plan=None, inspector=person, inclusion_state="preparing", included_on=None)
    figures = {"cumulative_investment": 1, "ytd_investment": 1, "progress_percent": 1}
    known = {"stage": "building", "inclusion_state": "preparing", "inspector": other, **figures}
    states = [{"state": "submitted"}, {"state": "returned", "return_reason": "why"}, {"state": "accepted"}]
    Inspection.objects.bulk_create(
        Inspection(project=project, cycle_start=before.start, state="accepted", **known)
        for project in projects
    )
    Inspection.objects.bulk_create(
        Inspection(project=project, cycle_start=cycle.start, **states[index % 3], **known)
        for index, project in enumerate(projects)
        if index % 2
    )
    close_cycle(before, by=None, at=moment(date(2026, 10, 20)))
    client = signed_in(person)
    with django_assert_max_num_queries(18):
        assert client.get(reverse("office:today")).status_code == 200
