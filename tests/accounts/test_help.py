"""The help page keeps to what the rule really does."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from tests.factories import make_enterprise_user, make_official
from tracker.accounts.roles import Role
from tracker.badges.policy import DEFAULT_POINTS, WUHAN_RATIO, Policy
from tracker.badges.rules import Badge, Dimension, InclusionState, Reading, Stage, judge


def light(day: date, share_of_plan: Decimal, policy: Policy = DEFAULT_POINTS) -> Badge:
    """The investment light of a project that keeps to a share of an even plan for the year."""
    days_in_year = (date(day.year, 12, 31) - date(day.year, 1, 1)).days + 1
    due = Decimal(1000) * ((day - date(day.year, 1, 1)).days + 1) / days_in_year
    reading = Reading(
        cut_off=day,
        stage=Stage.BUILDING,
        actual_start=date(day.year, 1, 1),
        annual_plan=Decimal(1000),
        ytd_investment=due * share_of_plan,
        inclusion_state=InclusionState.INCLUDED,
    )
    found = judge(reading, policy).light(Dimension.INVESTMENT)
    assert found is not None
    assert found.badge is not None
    return found.badge


@pytest.mark.parametrize(
    ("day", "badge"),
    [
        (date(2026, 2, 5), Badge.BLUE),
        (date(2026, 2, 6), Badge.YELLOW),
        (date(2026, 4, 19), Badge.YELLOW),
        (date(2026, 4, 20), Badge.RED),
        (date(2028, 2, 5), Badge.BLUE),
        (date(2028, 2, 6), Badge.YELLOW),
        (date(2028, 4, 18), Badge.YELLOW),
        (date(2028, 4, 19), Badge.RED),
    ],
)
def test_a_project_without_any_spending_turns_yellow_and_red_on_the_days_that_help_names(
    day: date, badge: Badge
):
    assert light(day, Decimal(0)) is badge


@pytest.mark.parametrize(
    ("share", "day", "points", "ratio"),
    [
        ("0.7", date(2026, 3, 31), Badge.BLUE, Badge.YELLOW),
        ("0.7", date(2026, 6, 30), Badge.YELLOW, Badge.YELLOW),
        ("0.5", date(2026, 3, 31), Badge.YELLOW, Badge.RED),
    ],
)
def test_the_examples_of_the_two_rules_are_true(share: str, day: date, points: Badge, ratio: Badge):
    assert light(day, Decimal(share)) is points
    assert light(day, Decimal(share), WUHAN_RATIO) is ratio


@pytest.mark.django_db
def test_help_is_for_strangers_too_and_names_nobody_to_them(client: Client):
    make_official(Role.TEAM_LEAD, name="王组长", email="lead@county.test")
    page = client.get("/help/").content.decode()
    assert "lead@county.test" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("reader", [make_enterprise_user, make_official])
def test_help_names_the_team_lead_to_the_people_of_the_county(client: Client, reader):
    make_official(Role.TEAM_LEAD, name="王组长", email="lead@county.test")
    client.force_login(reader())
    assert "mailto:lead@county.test" in client.get("/help/").content.decode()


@pytest.mark.django_db
def test_help_shows_every_badge_by_shape_and_word(client: Client):
    page = client.get("/help/", headers={"accept-language": "en"}).content.decode()
    for shape, word in (("★", "Gold"), ("●", "Blue"), ("▲", "Yellow"), ("■", "Red"), ("○", "Not rated")):
        assert f"{shape}</span> {word}</span>" in page
