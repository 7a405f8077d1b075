"""The overview and the months: who sees them, and what they cost."""

import io
from datetime import date

import pytest
import time_machine
from openpyxl import load_workbook

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_enterprise_user,
    make_official,
    make_project,
    make_township,
    moment,
)
from tests.summaries.months import close, inspect
from tracker.accounts.roles import OFFICIALS, Role
from tracker.badges.models import Award
from tracker.calendars.periods import Month
from tracker.inspections.actions import reassess_cycle
from tracker.inspections.models import Inspection
from tracker.summaries.actions import freeze_month

pytestmark = pytest.mark.django_db

OCTOBER = Month(2026, 10)
NOW = moment(date(2026, 11, 16))
OVERVIEW = "/office/overview/"
MONTH = f"{OVERVIEW}2026-10/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def frozen_october(county=None, name="十月项目"):
    county = county or make_county()
    project = make_project(make_enterprise(county), name=name)
    inspect(project, "2026-10-H2", "red")
    close("2026-10-H2", county=county)
    return freeze_month(county, OCTOBER, NOW)


def sign_in(client, role=Role.LEADER, division=None, **facts):
    person = make_official(role, division, language="en", **facts)
    client.force_login(person)
    return person


@pytest.mark.parametrize("role", sorted(OFFICIALS))
def test_every_official_of_the_county_sees_overview_and_month(client, role):
    frozen_october()
    sign_in(client, role)
    overview, month = client.get(OVERVIEW), client.get(MONTH)
    assert overview.status_code == month.status_code == 200
    assert b"October 2026" in overview.content
    assert "十月项目".encode() in month.content
    assert b"points behind plan" in month.content


def test_enterprises_see_neither(client):
    frozen_october()
    client.force_login(make_enterprise_user())
    assert client.get(OVERVIEW).status_code == client.get(MONTH).status_code == 403


@pytest.mark.parametrize("address", [OVERVIEW, MONTH, f"{MONTH}?format=xlsx"])
def test_strangers_are_led_to_the_sign_in_page(client, address):
    assert client.get(address).status_code == 302


def test_a_month_that_is_not_frozen_is_not_found(client):
    frozen_october()
    sign_in(client)
    assert client.get(f"{OVERVIEW}2026-09/").status_code == 404


@pytest.mark.parametrize("query", ["", "?format=xlsx"])
def test_another_countys_month_is_not_found(client, query):
    frozen_october(make_county("371525"), "别县项目")
    sign_in(client)
    assert client.get(MONTH + query).status_code == 404
    assert client.get(f"{MONTH}?county=371525").status_code == 404
    assert "别县项目".encode() not in client.get(OVERVIEW).content


def test_who_stands_above_counties_chooses_one(client):
    frozen_october(name="本县项目")
    frozen_october(make_county("371525"), "别县项目")
    province = make_county().parent.parent
    sign_in(client, division=province)
    assert "别县项目".encode() in client.get(f"{MONTH}?county=371525").content
    assert "本县项目".encode() in client.get(f"{MONTH}?county=371423").content


def test_a_townships_own_people_see_no_figures_of_the_whole_county(client):
    frozen_october()
    sign_in(client, Role.INSPECTOR, make_township())
    page = client.get(OVERVIEW)
    assert page.status_code == 200
    assert b"whole county" in page.content
    assert b"badge--red" not in page.content
    assert client.get(MONTH).status_code == 404


def test_the_overview_shows_the_running_month_as_it_stands(client):
    frozen_october()
    sign_in(client)
    inspect(make_project(), "2026-11-H1", "red")
    page = client.get(OVERVIEW)
    assert page.context["running"]["month"] == Month(2026, 11)
    assert page.context["running"]["counts"]["blue"] == 1
    assert b"November 2026 so far" in page.content


def test_the_overview_of_a_county_without_anything_says_so(client):
    sign_in(client)
    page = client.get(OVERVIEW)
    assert page.status_code == 200
    assert b"No month is complete yet" in page.content
    assert b"No badge has been given in November 2026 yet" in page.content


def test_the_month_can_be_taken_as_a_workbook(client):
    frozen_october()
    sign_in(client)
    answer = client.get(f"{MONTH}?format=xlsx")
    assert answer["Content-Disposition"] == 'attachment; filename="jigai-371423-2026-10.xlsx"'
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [row[2] for row in sheet.iter_rows(min_row=4, values_only=True)] == ["十月项目"]


def test_pages_are_in_the_readers_language(client):
    frozen_october()
    leader = make_official(Role.LEADER, language="zh-hans")
    client.force_login(leader)
    page = client.get(MONTH).content.decode()
    assert 'lang="zh-Hans"' in page
    assert "2026年10月" in page
    assert "落后序时进度" in page
    assert Award.objects.get().reason_en not in page


@pytest.mark.parametrize("number", [1, 200])
def test_pages_take_the_same_queries_for_one_project_and_for_two_hundred(
    client, number, django_assert_num_queries
):
    cycle, enterprise = make_cycle(code="2026-10-H2"), make_enterprise()
    made = [make_project(enterprise) for _ in range(number)]
    Inspection.objects.bulk_create(
        Inspection(
            project=project,
            cycle_start=cycle.start,
            cumulative_investment=600,
            ytd_investment=600,
            progress_percent=40,
            stage="building",
            inclusion_state="included",
            state="accepted",
        )
        for project in made
    )
    reassess_cycle(cycle, at=moment(cycle.opens_on))
    close("2026-10-H2")
    freeze_month(make_county(), OCTOBER, NOW)
    sign_in(client)
    client.get(OVERVIEW)
    with django_assert_num_queries(13):
        client.get(OVERVIEW)
    with django_assert_num_queries(5):
        client.get(MONTH)
