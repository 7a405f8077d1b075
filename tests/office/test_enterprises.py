"""The enterprises as officials see them: the list, one enterprise with its projects, what is kept by hand."""

import re
from collections.abc import Iterator
from datetime import date

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
    make_township,
    moment,
)
from tracker.accounts.roles import Role
from tracker.library.models import Enterprise, Project

pytestmark = pytest.mark.django_db
LIST = reverse("office:enterprises")
SOUND_CODE = "91110108551385082Q"
HOSTILE = ["\x00", "'", "9" * 30, "9" * 5000, "-1", "../..", "<script>", "%", "nan", "x" * 500]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def as_(person) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def names_in(html: str) -> list[str]:
    """The enterprises of the list in their order."""
    return re.findall(r'<a href="/office/enterprises/\d+/">([^<]+)</a>', html)


def page_of(enterprise: Enterprise) -> str:
    return reverse("office:enterprise", args=[enterprise.pk])


def with_badge(enterprise: Enterprise, badge: str) -> Project:
    project = make_project(enterprise, name=f"{badge}项目")
    Project.objects.filter(pk=project.pk).update(badge=badge)
    return project


@pytest.mark.parametrize("name", ["enterprise", "edit_enterprise"])
def test_an_enterprise_of_another_county_is_not_there(name: str):
    foreign = make_enterprise(make_county("371525"))
    client = as_(make_official(Role.TEAM_LEAD))
    assert client.get(reverse(f"office:{name}", args=[foreign.pk])).status_code == 404


def test_an_enterprise_does_not_open_the_officials_pages():
    enterprise = make_enterprise()
    client = as_(make_enterprise_user(enterprise))
    assert [client.get(address).status_code for address in (LIST, page_of(enterprise))] == [403, 403]


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.STATISTICS_LIAISON])
def test_only_those_who_keep_the_library_edit_it(role: str):
    client = as_(make_official(role))
    edit = reverse("office:edit_enterprise", args=[make_enterprise().pk])
    assert [client.get(address).status_code for address in (edit, reverse("office:add_enterprise"))] == [
        403,
        403,
    ]


def test_the_enterprise_with_the_worst_badge_comes_first_and_one_without_projects_last():
    for name, badges in (("good", ["gold"]), ("mixed", ["blue", "red"]), ("empty", []), ("slow", ["yellow"])):
        enterprise = make_enterprise(name=name)
        for badge in badges:
            with_badge(enterprise, badge)
    make_enterprise(make_county("371525"), name="别县企业")
    assert names_in(page(as_(make_official()), LIST)) == ["mixed", "slow", "good", "empty"]


def test_a_row_shows_the_worst_badge_and_each_projects_own():
    enterprise = make_enterprise()
    with_badge(enterprise, "blue")
    with_badge(enterprise, "red")
    html = page(as_(make_official()), LIST)
    row = html[html.index("<tbody>") : html.index("</tbody>")]
    assert re.findall(r"badge--(red|blue)", row) == ["red", "red", "blue"]


def test_the_list_is_searched_and_narrowed_down():
    town = make_township()
    facts = {"name": "宏图铸造", "credit_code": SOUND_CODE, "chain": "高端装备", "rung": "high_tech"}
    with_badge(make_enterprise(township=town, **facts), "red")
    make_enterprise(name="其他企业")
    client = as_(make_official())
    for query in (
        "q=宏图",
        "q=551385",
        f"township={town.pk}",
        "chain=高端装备",
        "rung=high_tech",
        "badge=red",
    ):
        assert names_in(page(client, f"{LIST}?{query}")) == ["宏图铸造"], query


@pytest.mark.parametrize("name", ["sort", "page", "per_page", "q", "badge", "township", "chain", "rung"])
@pytest.mark.parametrize("value", HOSTILE)
def test_what_cannot_be_asked_for_is_ignored(name: str, value: str):
    make_enterprise(name="一号企业")
    answer = as_(make_official()).get(LIST, {name: value})
    assert answer.status_code == 200
    if name != "q":
        assert "一号企业" in answer.content.decode()


@pytest.mark.parametrize("sort", ["worst", "name", "credit_code", "township", "industry", "chain", "rung"])
def test_every_column_that_offers_it_can_be_sorted_both_ways(sort: str):
    for name in ("a", "b", "c"):
        make_enterprise(name=name, chain=name, township=make_township())
    client = as_(make_official())
    up, down = (names_in(page(client, f"{LIST}?sort={way}{sort}")) for way in ("", "-"))
    assert set(up) == set(down) == {"a", "b", "c"}


def test_an_empty_library_names_the_next_act():
    html = page(as_(make_official(Role.TEAM_LEAD)), LIST)
    assert "There are no enterprises in the library yet." in html
    assert reverse("office:imports") in html


def test_the_list_costs_the_same_for_one_row_as_for_two_hundred(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.office.views.lists.ROWS_ON_A_PAGE", 500)
    client = as_(make_official())
    with_badge(make_enterprise(township=make_township()), "red")
    page(client, LIST)
    with CaptureQueriesContext(connection) as one:
        assert len(names_in(page(client, LIST))) == 1
    for _ in range(199):
        with_badge(make_enterprise(), "blue")
    with CaptureQueriesContext(connection) as many:
        assert len(names_in(page(client, LIST))) == 200
    assert len(many) == len(one)


# --- one enterprise ---


def test_the_page_shows_each_project_with_its_sentence_and_its_history():
    enterprise = make_enterprise()
    for code in ("2026-10-H1", "2026-10-H2"):
        for project in Project.objects.all() or [make_project(enterprise, name="一号线")]:
            make_inspection(project, make_cycle(code=code))
    html = page(as_(make_official()), page_of(enterprise))
    assert "一号线" in html
    assert html.count('<ol class="strip">') == 1
    assert "second half of October 2026: Blue" in html
    assert "On plan" in html


def test_the_page_costs_the_same_for_one_project_as_for_many():
    client, cycle = as_(make_official()), make_cycle()
    enterprise = make_enterprise()
    make_inspection(make_project(enterprise), cycle)
    page(client, page_of(enterprise))
    with CaptureQueriesContext(connection) as one:
        page(client, page_of(enterprise))
    for _ in range(9):
        make_inspection(make_project(enterprise), cycle)
    with CaptureQueriesContext(connection) as many:
        page(client, page_of(enterprise))
    assert len(many) == len(one)


def test_an_enterprise_without_projects_names_the_next_act():
    enterprise = make_enterprise()
    html = page(as_(make_official()), page_of(enterprise))
    assert f"{reverse('office:add_project')}?enterprise={enterprise.pk}" in html


# --- kept by hand ---


def test_an_enterprise_is_added_with_its_code_as_everybody_writes_it():
    entry = {"name": " 宏图　铸造 ", "credit_code": "９1110108 551385082q", "industry": "3542"}
    answer = as_(make_official()).post(reverse("office:add_enterprise"), entry)
    enterprise = Enterprise.objects.get()
    assert answer["Location"] == page_of(enterprise)
    assert (enterprise.name, enterprise.credit_code) == ("宏图 铸造", SOUND_CODE)
    assert (enterprise.county, enterprise.industry_id) == (make_county(), "3542")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"credit_code": "91110108551385082X"}, "is not a unified social credit code"),
        ({"credit_code": ""}, "This field is required."),
        ({"industry": "0000"}, "There is no such code in GB/T 4754-2017."),
        ({"name": "a\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_is_refused(changes: dict, why: str):
    entry = {"name": "宏图", "credit_code": SOUND_CODE, **changes}
    answer = as_(make_official()).post(reverse("office:add_enterprise"), entry)
    assert answer.status_code == 200
    assert why in answer.content.decode()
    assert not Enterprise.objects.exists()


def test_an_enterprise_is_in_the_library_once():
    make_enterprise(credit_code=SOUND_CODE)
    answer = as_(make_official()).post(
        reverse("office:add_enterprise"), {"name": "宏图", "credit_code": SOUND_CODE.lower()}
    )
    assert answer.status_code == 200
    assert Enterprise.objects.count() == 1


def test_editing_changes_the_facts_and_never_the_county():
    enterprise = make_enterprise()
    entry = {"name": "新名称", "credit_code": enterprise.credit_code, "county": make_county("371525").pk}
    as_(make_official()).post(reverse("office:edit_enterprise", args=[enterprise.pk]), entry)
    enterprise.refresh_from_db()
    assert (enterprise.name, enterprise.county) == ("新名称", make_county())
