"""What every list does: search, filters, order, pages, columns, all in the address and at a fixed cost."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape
from itertools import chain
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    make_county,
    make_enterprise,
    make_official,
    make_project,
    make_township,
    moment,
)
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.library.actions import township_of
from tracker.library.models import Enterprise, Project
from tracker.office.lists.choices import choices_for
from tracker.office.tables.enterprises import EnterpriseTable
from tracker.office.tables.projects import ProjectTable

pytestmark = pytest.mark.django_db
PROJECTS, ENTERPRISES = reverse("office:projects"), reverse("office:enterprises")
INCLUDED = ["included", "preparing", "returned"]
STATEMENTS, LIGHTEST = 8, 40_000


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def as_(person: User, **headers: str) -> Client:
    client = Client(headers={"accept-language": "en", **headers})
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def names_in(html: str) -> list[str]:
    return re.findall(r'<a href="/office/(?:projects|enterprises)/\d+/">([^<]+)</a>', html)


def link(html: str, rel: str) -> str:
    """Where the next or the previous page is; empty where there is none."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    return unescape(found[1]) if found else ""


def make_many(number: int) -> list[Project]:
    """Projects that differ in everything that they can be ordered by, with many equals."""
    towns = [township_of(make_county(), name) for name in ("甲镇", "乙镇")]
    people = [make_official(name=name) for name in ("王", "李")]
    firms = [
        make_enterprise(name=f"企业{n}", chain=f"链{n % 2}", township=[*towns, None][n % 3]) for n in range(4)
    ]
    facts = [
        {
            "enterprise": firms[n % 4],
            "county": firms[0].county,
            "name": f"{'宏图' if n % 2 else '数控'}{n % 7}线",
            "planned_total": Decimal(100 + n % 5),
            "planned_completion_on": date(2027, 1, 1 + n % 3) if n % 4 else None,
            "stage": ["filed", "building", "reserve"][n % 3],
            "inclusion_state": INCLUDED[n % 3],
            "badge": ["red", "none", "gold", "blue"][n % 4],
            "township": [*towns, None][n % 3],
            "inspector": [*people, None][n % 3],
        }
        for n in range(number)
    ]
    return Project.objects.bulk_create(Project(**each) for each in facts)


def walk(client: Client, address: str) -> tuple[list[str], list[str]]:
    """The rows of all pages from the first to the last, and back again from there to the first."""

    def ids(html: str) -> list[str]:
        return re.findall(r'<a href="/office/\w+/(\d+)/">', html[html.index("<tbody>") :])

    forth, html = [], page(client, address)
    while True:
        forth.append(ids(html))
        if not link(html, "next"):
            break
        html = page(client, address.split("?")[0] + link(html, "next"))
    back = [forth[-1]]
    while link(html, "prev"):
        html = page(client, address.split("?")[0] + link(html, "prev"))
        back.insert(0, ids(html))
    return list(chain.from_iterable(forth)), list(chain.from_iterable(back))


SORTABLE = [name for name, column in ProjectTable.offered().items() if column.keys]


@pytest.mark.parametrize("way", ["", "-"])
@pytest.mark.parametrize("sort", SORTABLE)
def test_pages_bring_every_row_once_in_every_order_there_and_back(
    monkeypatch: pytest.MonkeyPatch, sort: str, way: str
):
    monkeypatch.setattr("tracker.office.views.lists.ROWS_ON_A_PAGE", 7)
    projects = make_many(24)
    forth, back = walk(as_(make_official()), f"{PROJECTS}?sort={way}{sort}&columns=name")
    assert sorted(forth) == sorted(str(project.pk) for project in projects)
    assert back == forth
    whole = ProjectTable.offered()[sort].keys
    named = Project.objects.annotate(**{f"k{n}": key.expression for n, key in enumerate(whole)})
    order = [
        str(pk) for pk in named.order_by(*(f"k{n}" for n in range(len(whole)))).values_list("pk", flat=True)
    ]
    assert forth == (order[::-1] if way else order)


@pytest.mark.parametrize("sort", [name for name, column in EnterpriseTable.offered().items() if column.keys])
def test_enterprises_come_page_by_page_in_every_order(monkeypatch: pytest.MonkeyPatch, sort: str):
    monkeypatch.setattr("tracker.office.views.lists.ROWS_ON_A_PAGE", 3)
    make_many(4)
    make_enterprise(name="无项目", rung="high_tech", industry_id=None)
    for way in ("", "-"):
        forth, back = walk(as_(make_official()), f"{ENTERPRISES}?sort={way}{sort}&columns=name")
        assert sorted(forth) == sorted(str(pk) for pk in Enterprise.objects.values_list("pk", flat=True))
        assert back == forth


def test_a_row_that_is_added_meanwhile_moves_no_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.office.views.lists.ROWS_ON_A_PAGE", 2)
    for name in ("b", "c", "d", "e"):
        make_project(name=name)
    client = as_(make_official())
    after = link(page(client, f"{PROJECTS}?sort=name"), "next")
    make_project(name="a")
    assert names_in(page(client, PROJECTS + after))[::2] == ["d", "e"]


@pytest.mark.parametrize(
    "place",
    [
        *("[]", "[1]", "[1,2,3,4]", "null", "{}", '["x","y","z"]', "[1.5,1,1]", "[true,1,1]", "[-1,1,1]"),
        *("[1e999,1,1]", "[99999999999999999999,1,1]", "[" * 900, '[0,1,"\\u0000"]', "x" * 5000, "[NaN,1,1]"),
    ],
)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_place_that_cannot_be_is_the_first_page(name: str, place: str):
    make_project(name="一号线")
    assert "一号线" in page(as_(make_official()), f"{PROJECTS}?{name}={place}")
    answer = as_(make_official()).get(PROJECTS, {name: place, "sort": "planned_total"})
    assert "一号线" in answer.content.decode()


@pytest.mark.parametrize(
    ("sort", "place"),
    [
        ("planned_total", '["Infinity",1]'),
        ("planned_total", '["sNaN",1]'),
        ("planned_completion_on", '["2026-13-01",1]'),
        ("name", '["a\\u0000",1]'),
        ("name", f'["{"长" * 300}",1]'),
    ],
)
def test_a_place_of_the_wrong_kind_is_the_first_page(sort: str, place: str):
    make_project(name="一号线")
    answer = as_(make_official()).get(PROJECTS, {"after": place, "sort": sort})
    assert "一号线" in answer.content.decode()


def test_beyond_the_last_page_the_list_leads_back():
    make_project(name="一号线")
    html = page(as_(make_official()), f"{PROJECTS}?after=[5,999999,1]")
    assert "There is nothing further." in html
    assert "First page" in html


# --- search ---


def test_a_list_is_searched_by_names_initials_and_codes_of_project_and_enterprise():
    firm = make_enterprise(name="重庆宏图铸造", credit_code="91110108551385082Q")
    make_project(firm, name="数控一号线", code="2101-371591-04-01-436244")
    make_project(name="其他")
    client = as_(make_official())
    for text in (
        "数控",
        "skyhx",
        "HT",
        "cqht",
        "zqht",
        "宏图 一号",
        "436244",
        "21013715910401436244",
        "551385",
    ):
        answer = client.get(PROJECTS, {"q": text})
        assert names_in(answer.content.decode())[:1] == ["数控一号线"], text
    assert names_in(client.get(ENTERPRISES, {"q": "zqht"}).content.decode())[:1] == ["重庆宏图铸造"]
    assert "No project of the county fits" in client.get(PROJECTS, {"q": "宏图 二号"}).content.decode()


# --- filters ---


def test_filters_are_about_what_they_say():
    make_many(24)
    client = as_(make_official())
    inspector = User.objects.get(name="李")
    for query, expected in (
        ("badge=red", {"badge": "red"}),
        ("stage=building", {"stage": "building"}),
        ("inclusion=returned", {"inclusion_state": "returned"}),
        (f"inspector={inspector.pk}", {"inspector": inspector}),
        ("inspector=null", {"inspector": None}),
        ("chain=链1", {"enterprise__chain": "链1"}),
        ("industry=3542&badge=red", {"badge": "red"}),
    ):
        html = page(client, f"{PROJECTS}?{query}")
        assert f">{Project.objects.filter(**expected).count()} projects<" in html, query


def test_what_a_filter_names_and_is_gone_is_said_and_narrows_nothing():
    make_project(name="一号线")
    html = page(as_(make_official()), f"{PROJECTS}?township=999999&badge=pink&q=一号")
    assert "一号线" in html
    assert "What the filter “Township” names is no longer there" in html
    assert "What the filter “Badge” names is no longer there" in html


def test_choices_are_those_of_the_county():
    foreign = make_county("371525")
    make_enterprise(foreign, chain="外县链")
    make_township(foreign, name="外县镇")
    make_official(division=foreign, name="外县人")
    make_enterprise(chain="本县链", industry_id="3542")
    town, person = make_township(name="本县镇"), make_official(name="本县人")
    offered = choices_for(person, make_county(), "projects")
    assert offered.chain == [("本县链", "本县链")]
    assert (str(town.pk), "本县镇") in offered.township
    assert [code for code, _ in offered.industry] == ["3542"]
    assert offered.inspector == [(str(person.pk), "本县人")]


# --- columns ---


def test_columns_are_chosen_in_the_address_and_stay_when_the_list_is_sorted():
    make_project(name="一号线", code="2101-371591-04-01-436244")
    client = as_(make_official())
    assert "2101-371591" not in page(client, PROJECTS)
    html = page(client, f"{PROJECTS}?column=code&column=badge")
    assert "2101-371591" in html
    assert "Planned total" not in html[html.index("<thead") : html.index("</thead>")]
    assert "columns=code.badge" in html[html.index("<thead") : html.index("</thead>")]
    assert names_in(html) == ["一号线"], "what a row is called is always there"


@pytest.mark.parametrize("value", ["nonsense", ".", "\x00", "badge" * 500, "<script>"])
def test_columns_that_are_not_there_leave_those_at_first(value: str):
    make_project(name="一号线")
    html = as_(make_official()).get(PROJECTS, {"columns": value}).content.decode()
    assert "Planned total" in html


def test_what_people_type_never_becomes_markup():
    firm = make_enterprise(name="<b>企业</b>", chain="<i>链</i>")
    make_project(firm, name="<script>x</script>", problem='"><img src=x>', code=None)
    html = page(as_(make_official()), f"{PROJECTS}?columns=name.enterprise.chain.problem&chain=<i>链</i>")
    assert not re.search(r"<script>x|<b>企业|<i>链|<img", html)
    assert not re.search(r"<b>企业|<i>链", page(as_(make_official()), ENTERPRISES))


# --- cost ---


@pytest.mark.parametrize("address", [PROJECTS, f"{PROJECTS}?q=数控&stage=building&sort=-name", ENTERPRISES])
@pytest.mark.parametrize("who", ["lead", "city leader"])
def test_a_list_asks_the_database_eight_times_at_most_however_many_rows_there_are(address: str, who: str):
    county = make_county()
    person = make_official(Role.TEAM_LEAD) if who == "lead" else make_official(Role.LEADER, county.parent)
    client = as_(person)
    make_many(5)
    page(client, f"{PROJECTS}?county={county.code}")
    counts = []
    for more in (0, 120):
        make_many(more)
        with CaptureQueriesContext(connection) as asked:
            page(client, address)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= STATEMENTS
    assert not [query["sql"] for query in asked if "OFFSET" in query["sql"]]


def test_more_than_a_thousand_rows_are_not_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.office.lists.pages.COUNTED", 10)
    monkeypatch.setattr("tracker.office.views.projects.COUNTED", 10)
    monkeypatch.setattr("tracker.office.views.enterprises.COUNTED", 10)
    make_many(12)
    client = as_(make_official())
    assert ">more than 10 projects<" in page(client, PROJECTS)
    assert ">4 enterprises<" in page(client, ENTERPRISES)
    assert ">3 projects<" in page(client, f"{PROJECTS}?badge=red")


@pytest.mark.parametrize("address", [PROJECTS, ENTERPRISES])
def test_a_page_of_fifty_rows_weighs_forty_kilobytes_at_most(address: str):
    firms = [make_enterprise(name=f"山东虚构第{n}高端装备制造有限公司", chain="高端装备") for n in range(60)]
    Project.objects.bulk_create(
        Project(
            enterprise=firm,
            county=firm.county,
            name=f"年产十万套精密齿轮箱智能化改造项目{n}",
            planned_total=Decimal("12345.67"),
        )
        for n, firm in enumerate(firms)
    )
    client = Client()
    client.force_login(make_official(Role.TEAM_LEAD))
    assert len(client.get(address).content) <= LIGHTEST


# --- htmx ---


def test_htmx_gets_the_middle_of_the_page_alone_with_the_same_rows():
    make_project(name="一号线")
    person = make_official()
    whole, middle = page(as_(person), PROJECTS), page(as_(person, **{"hx-request": "true"}), PROJECTS)
    assert "<html" in whole
    assert "<html" not in middle
    assert names_in(middle) == names_in(whole)
    for place in ('id="list"', 'id="found" role="status"', 'id="kept"', 'id="narrowed"'):
        assert place in middle
    assert "HX-Request" in as_(person).get(PROJECTS)["Vary"]


def test_the_stock_template_draws_the_same_declaration():
    project = make_project(name="一号线", plan=Decimal(800))
    rows = Project.objects.annotate(**ProjectTable.figures(2026))
    html: Any = ProjectTable(rows, template_name="django_tables2/table.html").as_html(
        RequestFactory().get("/")
    )
    assert reverse("office:project", args=[project.pk]) in html
    assert "800.00" in html


def test_a_search_that_finds_too_many_shows_them_as_they_were_added(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.office.views.lists.COUNTED", 10)
    monkeypatch.setattr("tracker.office.views.projects.COUNTED", 10)
    monkeypatch.setattr("tracker.office.views.lists.ROWS_ON_A_PAGE", 5)
    projects = make_many(24)
    client = as_(make_official())
    html = page(client, f"{PROJECTS}?q=线&sort=-name")
    assert "too many to put in order" in html
    assert ">more than 10 projects<" in html
    forth, back = walk(client, f"{PROJECTS}?q=线&sort=-name&columns=name")
    assert forth == back == [str(project.pk) for project in projects]
    assert "too many" not in page(client, f"{PROJECTS}?q=宏图3线")
    assert len(names_in(page(client, f"{PROJECTS}?q=宏图3&badge=none&columns=name"))) == sum(
        project.badge == "none" and project.name == "宏图3线" for project in projects
    )
