"""The rule in words, with the numbers in force for the county, and the way to the rarer pages."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories import make_county, make_official, moment
from tracker.accounts.roles import Role
from tracker.badges.models import BadgePolicy
from tracker.badges.policy import Policy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def seen_by(person, name: str) -> str:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    answer = client.get(reverse(name))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ENTERPRISE}))
def test_every_official_reads_the_rule(role: str):
    html = seen_by(make_official(role), "office:rules")
    assert "Yellow from 10 points behind, red above 30." in html
    assert "Yellow after 30 days, red after 60 days." in html
    assert "Yellow once the planned month has ended, red from 3 months." in html
    assert "Yellow from 2 half-months missing, red from 4." in html
    assert "at least 10 points ahead of plan" in html
    assert "4 yellow half-months running make a red." in html
    assert "10 points behind on 6 February and more than 30 on 20 April" in html


def test_a_county_reads_its_own_rule_once_it_is_in_force():
    own = Policy(code="own-1", kind="ratio", gold_ahead_by=Decimal(5), history_yellow_run=3)
    for code, start in (("own-1", date(2026, 9, 1)), ("own-2", date(2027, 1, 1))):
        BadgePolicy.objects.create(
            county=make_county(),
            code=code,
            effective_from=start,
            terms={**own.to_dict(), "code": code},
        )
    html = seen_by(make_official(), "office:rules")
    assert "Rule own-1, which" in html
    assert "Yellow below 80 % of the plan to date, red below 60 %." in html
    assert "at least 5 points ahead of plan" in html
    assert "3 yellow half-months running make a red." in html
    assert "Good to know" not in html
    assert "own-1" not in seen_by(make_official(division=make_county("371525")), "office:rules")


def test_more_offers_each_role_what_it_may_do():
    lead, leader = make_official(Role.TEAM_LEAD), make_official(Role.LEADER)
    administrator = make_official(Role.SYSTEM_ADMINISTRATOR, is_staff=True)
    offers = {
        person.role: [
            name for name in ("office:imports", "office:rules", "admin:index") if reverse(name) in html
        ]
        for person in (lead, leader, administrator)
        for html in [seen_by(person, "office:more")]
    }
    assert offers == {
        Role.TEAM_LEAD: ["office:imports", "office:rules"],
        Role.LEADER: ["office:rules"],
        Role.SYSTEM_ADMINISTRATOR: ["office:rules", "admin:index"],
    }
