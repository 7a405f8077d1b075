"""What contradicts in the county, on one page, for a fixed number of queries."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

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
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tracker.accounts.roles import Role
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Project
from tracker.library.records import AnsweredWarning, EnterpriseYear

pytestmark = pytest.mark.django_db
PAGE = reverse("office:data_quality")
HOSTILE = ["\x00", "'", "9" * 30, "-1", "../..", "<script>", "%", "nan", "x" * 500]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def as_(person) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def records_in(html: str) -> list[str]:
    return re.findall(r'<div><a href="/office/(?:projects|enterprises)/\d+/">([^<]+)</a>', html)


def odd_project(name: str, **facts) -> Project:
    return make_project(name=name, funds_in_place=Decimal(9999), **facts)


def test_errors_come_before_warnings_each_with_the_way_to_mend_it():
    warned = odd_project("有警示")
    wrong = make_project(name="有错误", started_on=None, included_on=None)
    make_project(name="无矛盾")
    html = page(as_(make_official(Role.TEAM_LEAD)))
    assert records_in(html) == ["有错误", "有警示"]
    assert f"{reverse('office:edit_project', args=[wrong.pk])}#id_started_on" in html
    assert f"{reverse('office:edit_project', args=[warned.pk])}#id_funds_in_place" in html
    assert reverse("office:project_warnings", args=[warned.pk]) in html
    # An error is mended, not explained.
    assert reverse("office:project_warnings", args=[wrong.pk]) not in html
    assert re.search(r"<strong>1</strong><span>errors", html)
    assert re.search(r"<strong>1</strong><span>warnings", html)


def test_each_contradiction_leads_to_where_its_field_is_written():
    lead = as_(make_official(Role.TEAM_LEAD))
    cycle = make_cycle(code="2026-10-H2")
    merged = make_project(name="合并", stage="merged")
    planned = make_project(name="计划", plan=Decimal(3000))
    fell = make_project(name="下降")
    make_inspection(fell, make_cycle(code="2026-10-H1"), cumulative_investment=Decimal(1200))
    make_inspection(fell, cycle, cumulative_investment=Decimal(1100), remark="更正")
    Inspection.objects.filter(project=fell).update(remark="")
    year = EnterpriseYear.objects.create(enterprise=make_enterprise(), year=2025, staff=5, rd_staff=6)
    html = page(lead)
    for name, row in (("change_stage", merged), ("plan_project", planned), ("inspect", fell)):
        assert reverse(f"office:{name}", args=[row.pk]) in html
    years = reverse("office:enterprise_years", args=[year.enterprise_id])
    assert f"{years}?year=2025#id_rd_staff" in html


def test_who_may_not_mend_sees_what_contradicts_without_buttons():
    inspector = make_official()
    own, others = odd_project("自己的", inspector=inspector), odd_project("别人的")
    html = page(as_(inspector))
    assert records_in(html) == ["自己的", "别人的"] or records_in(html) == ["别人的", "自己的"]
    assert reverse("office:edit_project", args=[own.pk]) in html
    assert reverse("office:edit_project", args=[others.pk]) not in html
    assert reverse("office:edit_project", args=[own.pk]) not in page(as_(make_official(Role.LEADER)))
    liaison = make_official(Role.STATISTICS_LIAISON)
    early = make_project(name="早纳统", included_on=date(2026, 1, 1))
    html = page(as_(liaison))
    assert reverse("office:set_inclusion", args=[early.pk]) in html


def test_another_county_is_not_counted():
    make_project(make_enterprise(make_county("371525")), funds_in_place=Decimal(9999))
    html = page(as_(make_official(Role.TEAM_LEAD)))
    assert records_in(html) == []
    assert "Nothing contradicts itself" in html


def test_it_is_narrowed_down_by_township_person_and_kind():
    town, li = make_township(), make_official(name="李调度")
    odd_project("这里", township=town, inspector=li)
    make_project(name="那里", filed_on=date(2026, 2, 1))
    enterprise = make_enterprise(township=town, name="企业")
    EnterpriseYear.objects.create(enterprise=enterprise, year=2025, staff=5, rd_staff=6)
    client = as_(make_official(Role.TEAM_LEAD))
    assert records_in(page(client, f"?township={town.pk}")) == ["企业", "这里"]
    assert records_in(page(client, f"?person={li.pk}")) == ["这里"]
    assert records_in(page(client, "?person=null")) == ["企业", "那里"]
    assert records_in(page(client, "?kind=start_before_filing")) == ["那里"]
    assert records_in(page(client, f"?kind=start_before_filing&person={li.pk}")) == []


@pytest.mark.parametrize("value", HOSTILE)
def test_what_cannot_be_asked_for_is_ignored(value: str):
    odd_project("甲")
    client = as_(make_official(Role.TEAM_LEAD))
    for name in ("township", "person", "kind", "page"):
        answer = client.get(PAGE, {name: value})
        assert answer.status_code == 200
        assert "甲" in answer.content.decode()


def many(count: int) -> None:
    """Projects with two inspections, a plan, an answer and an enterprise with two years each; all odd."""
    county, official = make_county(), make_official()
    cycles = [make_cycle(code=code).start for code in ("2026-10-H1", "2026-10-H2")]
    firsts = [make_enterprise(township=None) for _ in range(count)]
    projects = Project.objects.bulk_create(
        Project(
            enterprise=enterprise,
            county=county,
            name=f"项目{enterprise.pk}",
            stage="building",
            planned_total=2000,
            started_on=date(2026, 1, 5),
            funds_in_place=9999,
            inspector=official,
        )
        for enterprise in firsts
    )
    Inspection.objects.bulk_create(
        Inspection(
            project=project,
            cycle_start=start,
            cumulative_investment=1000 - number,
            ytd_investment=1000 - number,
            progress_percent=50,
            stage="building",
            inclusion_state="included",
            state="accepted",
            submitted_at=moment(start),
        )
        for project in projects
        for number, start in enumerate(cycles)
    )
    AnnualPlan.objects.bulk_create(
        AnnualPlan(project=project, year=2026, amount=2001) for project in projects
    )
    EnterpriseYear.objects.bulk_create(
        EnterpriseYear(enterprise=enterprise, year=year, staff=5, rd_staff=6)
        for enterprise in firsts
        for year in (2024, 2025)
    )


def test_five_hundred_projects_cost_as_many_queries_as_one():
    lead, inspector = as_(make_official(Role.TEAM_LEAD)), as_(make_official())
    many(1)
    for client in (lead, inspector):
        page(client)
    with CaptureQueriesContext(connection) as one:
        page(lead)
    many(499)
    with CaptureQueriesContext(connection) as five_hundred:
        html = page(lead)
    with CaptureQueriesContext(connection) as of_inspector:
        page(inspector)
    assert re.search(r"<strong>1000</strong><span>errors", html)
    assert re.search(r"<strong>2000</strong><span>warnings", html)
    assert len(records_in(html)) == 50
    assert len(five_hundred) == len(one) == len(of_inspector)
    assert len(five_hundred) == 14
    assert len(html.encode()) < 60_000


def test_what_was_explained_is_not_listed():
    project = odd_project("甲")
    client = as_(make_official(Role.TEAM_LEAD))
    form = client.get(reverse("office:project_warnings", args=[project.pk])).context["form"]
    client.post(
        reverse("office:project_warnings", args=[project.pk]), {next(iter(form.fields)): "含流动资金"}
    )
    assert AnsweredWarning.objects.count() == 1
    assert records_in(page(client)) == []
