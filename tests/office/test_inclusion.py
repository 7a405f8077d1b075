"""Inclusion in statistics: which started projects are missing, and what the liaison says."""

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
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.library.inclusion.actions import BelowThreshold, InFuture, NotTheLiaison, set_inclusion
from tracker.library.models import Project

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 2)
LIST = "office:inclusion"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


@pytest.fixture
def liaison() -> User:
    return make_official(Role.STATISTICS_LIAISON)


def signed_in(person: User, language: str = "en") -> Client:
    client = Client()
    assert client.login(email=person.email, password=PASSWORD)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def make_waiting(**facts: Any) -> Project:
    return make_project(**{"inclusion_state": "preparing", "included_on": None, **facts})


def listed(person: User, query: str = "") -> list[str]:
    answer = signed_in(person).get(reverse(LIST) + query)
    assert answer.status_code == 200
    return [row.record.name for row in answer.context["table"].rows]


def test_listed_is_what_has_started_is_large_enough_and_not_yet_included(liaison: User):
    make_waiting(name="missing")
    make_waiting(name="just large enough", planned_total=Decimal(500), started_on=date(2026, 2, 1))
    make_waiting(name="small", planned_total=Decimal("499.99"), inclusion_state="not_applicable")
    make_waiting(name="not started", stage="filed", started_on=None, inclusion_state="not_due")
    make_waiting(name="given up", stage="terminated")
    make_project(name="there")
    assert listed(liaison) == ["missing", "just large enough"]


def test_each_stands_with_days_state_and_light_and_the_deadline_above(liaison: User):
    make_county(inclusion_deadline_day=10)
    project = make_waiting(started_on=date(2026, 9, 23))
    make_inspection(project, make_cycle())
    page = signed_in(liaison).get(reverse(LIST)).content.decode()
    assert "Papers are due by 10 November 2026: 8 days left." in page
    assert "40 days ago" in page
    assert "10 October 2026" in page
    assert "23 days over" in page
    assert "Preparing papers" in page
    assert "badge--yellow" in page


def test_after_the_deadline_the_next_months_counts(liaison: User):
    make_county(inclusion_deadline_day=1)
    page = signed_in(liaison).get(reverse(LIST)).content.decode()
    assert "1 December 2026: 29 days left" in page


def test_the_list_is_filtered_by_state_and_sorted_by_its_columns(liaison: User):
    make_waiting(name="b", started_on=date(2026, 3, 1))
    make_waiting(name="a", inclusion_state="returned", started_on=date(2026, 2, 1))
    assert listed(liaison, "?state=returned") == ["a"]
    assert listed(liaison, "?state=nonsense") == ["a", "b"]
    assert listed(liaison, "?sort=-due") == ["b", "a"]
    assert listed(liaison, "?sort=-started_on") == ["b", "a"]
    assert listed(liaison, "?sort=county__name_zh") == ["a", "b"]


def test_an_empty_list_says_why(liaison: User):
    page = signed_in(liaison).get(reverse(LIST)).content.decode()
    assert "Every started project that belongs into statistics is there." in page


def test_others_read_the_list_and_only_the_liaison_sets_the_state(liaison: User):
    project = make_waiting()
    setting = reverse("office:set_inclusion", args=[project.pk])
    link = f'href="{setting}"'
    assert link in signed_in(liaison).get(reverse(LIST)).content.decode()
    for role in sorted(set(Role) - {Role.STATISTICS_LIAISON, Role.ENTERPRISE}):
        client = signed_in(make_official(role))
        assert link not in client.get(reverse(LIST)).content.decode()
        assert client.get(setting).status_code == 403
        assert client.post(setting, {"state": "included", "on": "2026-10-01"}).status_code == 403
    project.refresh_from_db()
    assert project.inclusion_state == "preparing"


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ("submitted", "inclusion_submitted_on"),
        ("included", "included_on"),
        ("returned", "inclusion_returned_on"),
        ("removed", "inclusion_removed_on"),
    ],
)
def test_the_liaison_records_the_state_with_its_day_and_reference(liaison: User, state: str, field: str):
    project = make_waiting()
    answer = signed_in(liaison).post(
        reverse("office:set_inclusion", args=[project.pk]),
        {"state": state, "on": "2026-10-20", "reference": "统字〔2026〕7号"},
        follow=True,
    )
    assert "since 20 October 2026" in answer.content.decode()
    project.refresh_from_db()
    assert (project.inclusion_state, project.inclusion_reference) == (state, "统字〔2026〕7号")
    assert getattr(project, field) == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"on": "2026-11-03"}, "This day has not come yet."),
        ({"on": ""}, "required"),
        ({"state": "nonsense"}, "Select a valid choice"),
        ({"reference": "x" * 61}, "at most 60"),
    ],
)
def test_what_cannot_be_is_refused_in_words(liaison: User, facts: dict[str, str], words: str):
    project = make_waiting()
    answer = signed_in(liaison).post(
        reverse("office:set_inclusion", args=[project.pk]),
        {"state": "included", "on": "2026-10-20", "reference": "", **facts},
    )
    assert answer.status_code == 422
    assert words in answer.content.decode()
    project.refresh_from_db()
    assert project.inclusion_state == "preparing"


def test_a_small_project_is_never_included(liaison: User):
    project = make_waiting(planned_total=Decimal("499.99"), inclusion_state="not_applicable")
    answer = signed_in(liaison).post(
        reverse("office:set_inclusion", args=[project.pk]), {"state": "included", "on": "2026-10-20"}
    )
    assert "Its planned total is under 500.00 万元" in answer.content.decode()


def test_another_countys_project_is_not_found(liaison: User):
    foreign = make_waiting(county=make_county("371525"))
    setting = reverse("office:set_inclusion", args=[foreign.pk])
    assert signed_in(liaison).get(setting).status_code == 404
    assert signed_in(liaison).post(setting, {"state": "included", "on": "2026-10-20"}).status_code == 404
    assert listed(liaison) == []


def test_the_action_itself_keeps_the_rules(liaison: User):
    project, small = make_waiting(), make_waiting(planned_total=Decimal(100))
    with pytest.raises(InFuture):
        set_inclusion(project, "included", date(2026, 11, 3), "", by=liaison, today=TODAY)
    with pytest.raises(BelowThreshold):
        set_inclusion(small, "included", TODAY, "", by=liaison, today=TODAY)
    with pytest.raises(NotTheLiaison):
        set_inclusion(project, "included", TODAY, "", by=make_official(), today=TODAY)
    set_inclusion(project, "included", TODAY, "", by=liaison, today=TODAY)
    project.refresh_from_db()
    assert project.included_on == TODAY


@pytest.mark.parametrize("number", [1, 200])
def test_the_list_costs_the_same_for_one_project_as_for_two_hundred(
    liaison: User, number: int, django_assert_max_num_queries: Any
):
    enterprise = make_enterprise()
    for _ in range(number):
        make_project(enterprise, plan=None, inclusion_state="preparing", included_on=None)
    client = signed_in(liaison)
    with django_assert_max_num_queries(12):
        assert client.get(reverse(LIST)).status_code == 200
