"""What an enterprise sees of its projects, and of nobody else's."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.roles import Role
from tracker.badges.models import Award
from tracker.inspections.actions import assess, close_cycle
from tracker.library.models import Enterprise, Project

pytestmark = pytest.mark.django_db

HOME = "/my/"


@pytest.fixture
def enterprise() -> Enterprise:
    return make_enterprise(name="庆云虚构储能有限公司")


@pytest.fixture
def reader(enterprise: Enterprise) -> Client:
    """Somebody of the enterprise, who reads English."""
    client = Client()
    client.force_login(make_enterprise_user(enterprise, language="en"))
    return client


def behind(enterprise: Enterprise, **facts: Any) -> Project:
    """A project that is yellow for its investment."""
    project = make_project(enterprise, **facts)
    make_inspection(project, ytd_investment=Decimal(800))
    return project


def page_of(project: Project, query: str = "") -> str:
    return reverse("portal:project", args=[project.pk]) + query


def text(client: Client, page: str) -> str:
    answer = client.get(page)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@time_machine.travel(moment(date(2026, 11, 2)), tick=False)
def test_home_says_which_badge_why_and_what_would_raise_it(reader: Client, enterprise: Enterprise):
    project = behind(enterprise)
    award = Award.objects.get(project=project)
    shown = text(reader, HOME)
    assert award.badge == "yellow"
    assert "▲ Yellow" in shown
    assert award.reason_en in shown.replace("&#x27;", "'")
    assert "points behind plan" in award.reason_en
    assert re.search(r"[\d.,]+ 万元 more by 15 November 2026 reaches blue", award.to_improve_en)
    assert award.to_improve_en in shown
    with time_machine.travel(moment(date(2026, 11, 16)), tick=False):
        assert award.to_improve_en not in text(reader, HOME)


def test_home_shows_the_figures_beside_the_plan(reader: Client, enterprise: Enterprise):
    behind(enterprise, planned_total=Decimal("2345.67"))
    shown = text(reader, HOME)
    assert re.search(r"Investment since the start \(万元\) 1,000\.00 2,345\.67", shown)
    assert re.search(r"Investment in 2026 \(万元\) 800\.00 1,200\.00", shown)
    assert "Under construction" in shown


def test_home_names_the_team_lead_of_the_county(reader: Client, enterprise: Enterprise):
    behind(enterprise)
    make_official(Role.TEAM_LEAD, name="王组长", email="lead@county.test")
    make_official(Role.TEAM_LEAD, name="前组长", email="gone@county.test", is_active=False)
    make_official(Role.INSPECTOR, name="李专员", email="inspector@county.test")
    page = reader.get(HOME).content.decode()
    assert 'href="mailto:lead@county.test?subject=' in page
    assert "gone@county.test" not in page
    assert "inspector@county.test" not in page


def test_home_without_projects_says_why_it_is_empty(reader: Client):
    assert "has no project of yours yet" in text(reader, HOME)


def test_a_project_that_nobody_has_inspected_yet_has_no_badge(reader: Client, enterprise: Enterprise):
    project = make_project(enterprise)
    for page in (HOME, page_of(project)):
        assert "A badge follows from the first inspection that counts" in text(reader, page)


def test_several_projects_stand_worst_first(reader: Client, enterprise: Enterprise):
    fine = make_project(enterprise, name="A fine one")
    make_inspection(fine)
    make_project(enterprise, name="B not rated")
    behind(enterprise, name="C behind")
    shown = text(reader, HOME)
    places = [shown.index(name) for name in ("C behind", "A fine one", "B not rated")]
    assert places == sorted(places)


def test_a_submitted_inspection_is_not_shown_before_it_counts(reader: Client, enterprise: Enterprise):
    make_county(needs_second_person=True)
    project = make_project(enterprise)
    make_inspection(project, by=make_official(), ytd_investment=Decimal("777.77"))
    for page in (HOME, page_of(project)):
        assert "777.77" not in text(reader, page)


def test_what_officials_remark_among_themselves_is_not_shown(reader: Client, enterprise: Enterprise):
    project = make_project(enterprise)
    make_inspection(project, remark="给领导的话")
    for page in (HOME, page_of(project)):
        assert "给领导的话" not in text(reader, page)


def test_a_project_of_another_enterprise_does_not_exist(reader: Client):
    other = behind(make_enterprise(name="别家虚构企业"))
    assert reader.get(page_of(other)).status_code == 404
    assert "别家虚构企业" not in text(reader, HOME)
    assert other.name not in text(reader, HOME)


def test_the_project_page_explains_light_by_light(reader: Client, enterprise: Enterprise):
    shown = text(reader, page_of(behind(enterprise)))
    for light in ("Start", "Progress", "Investment this year", "Inclusion in statistics", "Inspections"):
        assert light in shown
    assert "decides" in shown


def test_an_earlier_badge_can_be_read_with_the_figures_of_its_time(reader: Client, enterprise: Enterprise):
    project = make_project(enterprise)
    make_inspection(project, make_cycle(code="2026-09-H2"), ytd_investment=Decimal("500.05"))
    make_inspection(project, make_cycle(code="2026-10-H1"), ytd_investment=Decimal("1000"))
    earlier = text(reader, page_of(project, "?cycle=2026-09-H2"))
    assert "You are looking at the second half of September 2026" in earlier
    assert "Badge for the second half of September 2026" in earlier
    assert re.search(r"Investment in 2026 \(万元\) 500\.05", earlier)
    latest = text(reader, page_of(project))
    assert "Badge for the first half of October 2026" in latest
    assert "You are looking at" not in latest


@pytest.mark.parametrize("cycle", ["2026-09-H1", "2026-13-H1", "soon", "%00", "2026-10-H2'--", "9" * 30])
def test_a_half_month_without_a_badge_does_not_exist(reader: Client, enterprise: Enterprise, cycle: str):
    assert reader.get(page_of(behind(enterprise), f"?cycle={cycle}")).status_code == 404


def test_a_badge_that_was_judged_anew_shows_what_it_was_before(reader: Client, enterprise: Enterprise):
    project = behind(enterprise)
    inspection = project.inspections.get()
    type(inspection).objects.filter(pk=inspection.pk).update(ytd_investment=Decimal(1000))
    cycle = make_cycle()
    assess(Project.objects.filter(pk=project.pk), cycle.county, cycle.half_month, at=moment(cycle.due_on))
    first, second = Award.objects.filter(project=project).order_by("version")
    assert (first.badge, second.badge) == ("yellow", "blue")
    shown = text(reader, page_of(project))
    assert "Earlier judgements of this half-month" in shown
    assert first.reason_en in shown


def test_a_half_month_without_inspection_is_carried_forward(reader: Client, enterprise: Enterprise):
    project = make_project(enterprise)
    make_inspection(project, make_cycle(code="2026-10-H1"))
    cycle = make_cycle(code="2026-10-H2")
    close_cycle(cycle, by=None, at=moment(cycle.closes_on))
    shown = text(reader, page_of(project))
    assert "carried forward" in shown
    assert "not inspected; earlier figures were carried forward" in shown


def test_what_an_enterprise_is_called_cannot_break_the_page(enterprise: Enterprise, reader: Client):
    project = behind(enterprise, name='<script>alert("1")</script>&?subject=x')
    for page in (HOME, page_of(project)):
        assert "<script>" not in reader.get(page).content.decode().replace("<script src=", "")


def test_home_asks_the_database_as_little_for_fifty_projects_as_for_one(
    reader: Client, enterprise: Enterprise, django_assert_max_num_queries: Any
):
    def projects(number: int) -> None:
        for _ in range(number):
            behind(enterprise)

    projects(2)
    with CaptureQueriesContext(connection) as few:
        reader.get(HOME)
    projects(48)
    with django_assert_max_num_queries(len(few)):
        assert reader.get(HOME).content.decode().count("<article") == 50
    assert len(few) <= 14


def test_the_project_page_asks_the_same_for_a_long_history(
    reader: Client, enterprise: Enterprise, django_assert_max_num_queries: Any
):
    project = behind(enterprise)
    with CaptureQueriesContext(connection) as short:
        reader.get(page_of(project))
    for month in range(1, 10):
        make_inspection(project, make_cycle(code=f"2026-{month:02}-H1"), ytd_investment=Decimal(100 * month))
    with django_assert_max_num_queries(len(short) + 1):
        reader.get(page_of(project))
