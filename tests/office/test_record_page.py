"""One project on one page: what it costs, what has happened to it, and what is wrong with it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    make_county,
    make_cycle,
    make_inspection,
    make_official,
    make_project,
    make_township,
    moment,
)
from tests.photos.pictures import photo
from tracker.accounts.models import User
from tracker.accounts.roles import OFFICIALS, Role
from tracker.calendars.periods import Month
from tracker.inspections.models import Cycle, Inspection
from tracker.library.actions import plan_year
from tracker.library.inclusion.actions import receive_paper, set_figure
from tracker.library.inclusion.rules import Amounts, PaperKind
from tracker.library.models import Project
from tracker.library.records import AnsweredWarning, StageChange, TotalChange
from tracker.photos.actions import add_photo

pytestmark = pytest.mark.django_db
STATEMENTS = 10
TODAY = date(2026, 11, 2)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


def as_(person: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def shown(person: User, project: Project, query: str = "", name: str = "project") -> str:
    answer = as_(person).get(reverse(f"office:{name}", args=[project.pk]) + query)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def statements(person: User, project: Project, query: str = "") -> list[str]:
    client = as_(person)
    address = reverse("office:project", args=[project.pk]) + query
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return [one["sql"] for one in asked]


def with_a_long_life(project: Project, lead: User, liaison: User) -> None:
    """Two years of everything that a page shows."""
    for year in (2025, 2026):
        for month in range(1, 13 if year == 2025 else 11):
            for half in ("H1", "H2"):
                cycle = make_cycle(project.county, f"{year}-{month:02}-{half}")
                progress = Decimal(month * (8 if month % 3 else 2))
                make_inspection(project, cycle, by=lead, progress_percent=progress, ytd_investment=progress)
    make_cycle(project.county, "2024-12-H2", state=Cycle.State.SKIPPED, skipped_because="春节")
    for number in range(1, 9):
        plan_year(project, 2026, Decimal(1200 + number), by=lead, reason=f"调整{number}")
        TotalChange.objects.create(
            project=project, number=number, before=number, after=number + 1, grounds="扩产", by=lead
        )
        StageChange.objects.create(
            project=project,
            number=number + 100,
            from_stage="building",
            to_stage="suspended",
            on=date(2026, 5, number),
            reason="电话13800138000",
            origin="page",
            by=lead,
        )
        AnsweredWarning.objects.create(
            enterprise=project.enterprise,
            project=project,
            code="check_digit",
            fingerprint=str(number),
            sentence=f"已核对{number}",
            by=lead,
        )
        add_photo(project, photo(number * 25), by=lead, at=timezone.now())
    for kind in (PaperKind.FILING, PaperKind.CONSTRUCTION_CONTRACT, PaperKind.SITE_PHOTOS):
        receive_paper(project, kind, by=liaison, at=timezone.now())
    for name in ("智能喷涂线技改项目", "三期仓库"):
        make_project(project.enterprise, name=name)


@pytest.fixture
def lead() -> User:
    return make_official(Role.TEAM_LEAD, name="李队长")


@pytest.fixture
def liaison() -> User:
    return make_official(Role.STATISTICS_LIAISON)


def test_the_page_takes_ten_statements_for_everybody_however_long_the_history(lead: User, liaison: User):
    township = make_township()
    inspector = make_official()
    facts = {"township": township, "inspector": inspector, "year": 2025}
    young, old = make_project(**facts), make_project(name="智能喷涂线改造项目", **facts)
    with_a_long_life(old, lead, liaison)
    people = [make_official(role) for role in OFFICIALS]
    people += [
        inspector,
        make_official(Role.TEAM_LEAD, township),
        make_official(Role.LEADER, make_county().parent),
    ]
    for person in people:
        for project in (young, old):
            for query in ("", "?cycle=2025-03-H1"):
                asked = statements(person, project, query)
                assert len(asked) <= STATEMENTS, (person.role, len(asked), asked)
    html = shown(lead, old)
    assert "智能喷涂线技改项目" in html
    assert "Compare and merge" in html


def test_the_timeline_tells_everything_with_its_day_the_latest_first(lead: User, liaison: User):
    project = make_project(
        stage="filed",
        started_on=None,
        inclusion_state="not_due",
        included_on=None,
        filed_on=date(2025, 12, 1),
    )
    Project.objects.filter(pk=project.pk).update(added_at=moment(date(2026, 1, 2)), stage="building")
    project.refresh_from_db()
    for code, progress in (("2026-08-H2", 1), ("2026-09-H1", 70), ("2026-09-H2", 75)):
        make_inspection(project, make_cycle(code=code), by=lead, progress_percent=Decimal(progress))
    returned = make_inspection(project, make_cycle(), by=lead)
    Inspection.objects.filter(pk=returned.pk).update(
        state="returned", return_reason="数据有误，电话13800138000", reviewed_at=timezone.now()
    )
    plan_year(project, 2026, Decimal(1500), by=lead, reason="增加设备")
    TotalChange.objects.create(
        project=project, number=1, before=2000, after=2500, grounds="扩大规模", by=lead
    )
    StageChange.objects.create(
        project=project, number=9, from_stage="filed", to_stage="building", on=date(2026, 3, 1), origin="page"
    )
    receive_paper(project, PaperKind.FILING, by=liaison, at=timezone.now())
    Project.objects.filter(pk=project.pk).update(inclusion_state="included", included_on=TODAY)
    AnsweredWarning.objects.create(
        enterprise=project.enterprise, project=project, code="check_digit", fingerprint="1", sentence="已核对"
    )
    html = shown(lead, project, name="project_timeline")
    for told in (
        "Taken into the library",
        "Filed",
        "Stage: Filed → Under construction",
        "Plan of 2026: 1,200.00 万元",
        "Plan of 2026 changed from 1,200.00 to 1,500.00 万元",
        "Planned total changed from 2,000.00 to 2,500.00 万元",
        "First badge, second half of August 2026: Red",
        "Red made good in the first half of September 2026",
        "Inspection of the second half of September 2026 accepted",
        "Inspection of the second half of October 2026 returned",
        "Paper received: Filing document",
        "→ Included",
        "Explained:",
        "138****8000",
    ):
        assert told in html
    assert "13800138000" not in html
    days = re.findall(r'<time datetime="([^"]+)"', html)
    assert days == sorted(days, reverse=True)
    only = shown(lead, project, "?kind=badges", name="project_timeline")
    assert "First badge" in only
    assert "Taken into the library" not in only
    page = shown(lead, project)
    assert page.count("<time datetime=") == 10
    assert "All that has happened" in page


def test_what_the_trail_has_dropped_is_told_by_the_day_that_the_project_keeps(lead: User):
    project = make_project(included_on=date(2026, 1, 20))
    assert "Inclusion: Included" in shown(lead, project, "?kind=inclusion", name="project_timeline")


@pytest.mark.parametrize(
    "query", ["?kind=nonsense", "?page=999", "?page=x", "?kind=badges&page=-1", "?kind=%00"]
)
def test_odd_addresses_of_the_timeline_show_a_page(lead: User, query: str):
    shown(lead, make_project(), query, name="project_timeline")


def test_an_open_problem_stands_with_the_day_since_which_it_is_open(lead: User):
    with time_machine.travel(moment(TODAY - timedelta(days=30)), tick=False):
        project = make_project()
    for days, problem in (
        (20, "缺电"),
        (15, ""),
        (9, "设备未到，13800138000"),
        (5, "设备仍未到，13800138000"),
    ):
        with time_machine.travel(moment(TODAY - timedelta(days=days)), tick=False):
            Project.objects.filter(pk=project.pk).update(problem=problem)
    html = shown(lead, project)
    part = html.split('id="issues"', 1)[1].split("<h2", 1)[0]
    assert "设备仍未到" in part
    assert "138****8000" in part
    assert "since 24 October 2026" in part


def test_what_inspections_said_while_it_is_behind_is_told_until_it_is_on_plan_again(lead: User):
    project = make_project()
    for code, progress, remark in (
        ("2026-09-H1", 1, "缺料"),
        ("2026-09-H2", 75, "正常"),
        ("2026-10-H1", 2, "停电"),
    ):
        make_inspection(
            project, make_cycle(code=code), by=lead, progress_percent=Decimal(progress), remark=remark
        )
    part = shown(lead, project).split('id="issues"', 1)[1].split("<h2", 1)[0]
    assert "停电" in part
    assert "缺料" not in part


def test_every_entry_of_the_list_on_this_page_leads_somewhere(lead: User):
    html = shown(lead, make_project())
    listed = html.split('aria-label="On this page"', 1)[1].split("</ul>", 1)[0]
    anchors = re.findall(r'href="#([^"]+)"', listed)
    assert len(anchors) == 6
    assert all(f'id="{anchor}"' in html for anchor in anchors)


def test_the_difference_to_statistics_stays_on_the_page(lead: User, liaison: User):
    project = make_project()
    make_inspection(project, make_cycle(), by=lead, ytd_investment=Decimal(1000))
    set_figure(project, Month(2026, 10), Amounts(Decimal(900)), by=liaison, at=timezone.now(), today=TODAY)
    html = shown(lead, project)
    assert "not explained" in html


def test_a_number_that_somebody_typed_into_a_remark_is_masked():
    project = make_project()
    make_inspection(project, remark="联系王工 13800138000")
    page = as_(make_official(Role.LEADER)).get(reverse("office:project", args=[project.pk])).content.decode()
    assert "联系王工 138****8000" in page
    assert "13800138000" not in page
