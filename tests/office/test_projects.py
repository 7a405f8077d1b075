"""The projects as officials see them: the list, one project and its badge explained, what is kept by hand."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape

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
from tracker.badges.models import Award
from tracker.inspections.actions import close_cycle
from tracker.library.models import AnnualPlan, Project

pytestmark = pytest.mark.django_db
LIST = reverse("office:projects")
SOUND_CODE = "2101-371591-04-01-436244"
HOSTILE = ["\x00", "'", "9" * 30, "9" * 5000, "-1", "../..", "<script>", "%", "１２", "nan", "x" * 500]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def as_(person) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def names_in(html: str) -> list[str]:
    """The projects of the list in their order."""
    return re.findall(r'<a href="/office/projects/\d+/">([^<]+)</a>', html)


def next_in(html: str) -> str:
    """Where the next page is."""
    return unescape(re.search(r'rel="next" href="([^"]+)"', html)[1])


def page_of(project: Project) -> str:
    return reverse("office:project", args=[project.pk])


# --- who sees what ---


@pytest.mark.parametrize("name", ["project", "edit_project", "plan_project"])
def test_a_project_of_another_county_is_not_there(name: str):
    foreign = make_project(make_enterprise(make_county("371525")))
    client = as_(make_official(Role.TEAM_LEAD))
    assert client.get(reverse(f"office:{name}", args=[foreign.pk])).status_code == 404


def test_the_list_is_of_the_own_county_alone():
    make_project(make_enterprise(make_county("371525")), name="别县项目")
    make_project(name="本县项目")
    html = page(as_(make_official()), LIST)
    assert "本县项目" in html
    assert "别县项目" not in html


def test_an_enterprise_does_not_open_the_officials_pages():
    project = make_project()
    client = as_(make_enterprise_user(project.enterprise))
    assert [client.get(address).status_code for address in (LIST, page_of(project))] == [403, 403]


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.STATISTICS_LIAISON])
def test_only_those_who_keep_the_library_edit_it(role: str):
    project = make_project()
    client = as_(make_official(role))
    kept = [reverse(f"office:{name}", args=[project.pk]) for name in ("edit_project", "plan_project")]
    assert {client.get(address).status_code for address in [*kept, reverse("office:add_project")]} == {403}
    assert "Change the plan" not in page(client, page_of(project))


# --- the list ---


def test_the_list_shows_the_plan_and_what_was_done_by_the_latest_inspection_that_counts():
    project = make_project(plan=Decimal(800))
    make_inspection(project, make_cycle(code="2026-10-H1"), ytd_investment=Decimal(500))
    make_inspection(project, make_cycle(code="2026-10-H2"), ytd_investment=Decimal(550), remark="按计划")
    html = page(as_(make_official()), LIST)
    assert "800.00" in html
    assert "550.00" in html
    assert "68.8" in html


def test_what_was_done_last_year_is_not_this_years():
    project = make_project(year=2025, plan=None)
    make_inspection(project, make_cycle(code="2025-12-H2"), ytd_investment=Decimal(432))
    assert "432.00" not in page(as_(make_official()), LIST)


def test_the_worst_badge_comes_first():
    for badge in ("gold", "red", "none", "blue", "yellow"):
        Project.objects.filter(pk=make_project(name=badge).pk).update(badge=badge)
    client = as_(make_official())
    assert names_in(page(client, LIST)) == ["red", "yellow", "none", "blue", "gold"]
    assert names_in(page(client, f"{LIST}?sort=-badge")) == ["gold", "blue", "none", "yellow", "red"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("planned_total", ["a", "b", "c"]),
        ("-planned_total", ["c", "b", "a"]),
        ("stage", ["c", "a", "b"]),
        ("name", ["a", "b", "c"]),
        ("-enterprise", ["c", "b", "a"]),
    ],
)
def test_the_list_can_be_sorted(sort: str, expected: list[str]):
    for name, total, stage in (("a", 600, "filed"), ("b", 700, "completed"), ("c", 800, "reserve")):
        enterprise = make_enterprise(name=f"企业{name}")
        make_project(enterprise, name=name, planned_total=Decimal(total), stage=stage)
    assert names_in(page(as_(make_official()), f"{LIST}?sort={sort}")) == expected


def test_the_list_is_searched_and_narrowed_down():
    li, town = make_official(name="李调度"), make_township()
    found = make_project(
        make_enterprise(name="宏图铸造", chain="高端装备"),
        name="一号线",
        code=SOUND_CODE,
        township=town,
        inspector=li,
        inclusion_state="preparing",
        included_on=None,
        stage="started",
    )
    Project.objects.filter(pk=found.pk).update(badge="red")
    make_project(name="二号线")
    client = as_(li)
    for query in (
        *("q=一号", "q=宏图", "q=371591", "badge=red", "stage=started", "chain=高端装备"),
        *("inclusion=preparing", f"township={town.pk}", f"inspector={li.pk}", "q=１号线&q=一号线"),
    ):
        assert names_in(page(client, f"{LIST}?{query}")) == ["一号线"], query
    assert names_in(page(client, f"{LIST}?inspector=null")) == ["二号线"]


def test_nothing_found_says_so_and_leads_back():
    make_project()
    html = page(as_(make_official()), f"{LIST}?q=zzz")
    assert "No project of the county fits this search." in html
    assert "Show all projects" in html


def test_an_empty_library_names_the_next_act():
    html = page(as_(make_official(Role.TEAM_LEAD)), LIST)
    assert "There are no projects in the library yet." in html
    assert reverse("office:imports") in html
    assert reverse("office:imports") not in page(as_(make_official()), LIST)


@pytest.mark.parametrize(
    "name", ["sort", "page", "per_page", "q", "badge", "stage", "township", "chain", "inclusion", "inspector"]
)
@pytest.mark.parametrize("value", HOSTILE)
def test_what_cannot_be_asked_for_is_ignored(name: str, value: str):
    make_project(name="一号线")
    answer = as_(make_official()).get(LIST, {name: value})
    assert answer.status_code == 200
    if name != "q":
        assert "一号线" in answer.content.decode()


def test_a_page_has_fifty_rows_whatever_is_asked_for():
    enterprise = make_enterprise()
    Project.objects.bulk_create(
        Project(enterprise=enterprise, county=enterprise.county, name=f"项目{n}", planned_total=1)
        for n in range(60)
    )
    client = as_(make_official())
    first = page(client, f"{LIST}?per_page=1000")
    assert len(names_in(first)) == 50
    assert len(names_in(page(client, LIST + next_in(first)))) == 10


def test_the_list_costs_the_same_for_one_row_as_for_two_hundred(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tracker.office.views.lists.ROWS_ON_A_PAGE", 500)
    make_inspection(make_project(township=make_township(), inspector=make_official()))
    client = as_(make_official())
    page(client, LIST)
    with CaptureQueriesContext(connection) as one:
        assert len(names_in(page(client, LIST))) == 1
    cycle, inspector = make_cycle(), make_official()
    for _ in range(199):
        make_inspection(make_project(inspector=inspector), cycle)
    with CaptureQueriesContext(connection) as many:
        assert len(names_in(page(client, LIST))) == 200
    assert len(many) == len(one)


# --- one project ---


def with_history(**facts) -> Project:
    """A project that was red at the end of August and made it good by the middle of September."""
    project = make_project(name="一号线", **facts)
    for code, done in (("2026-08-H2", 100), ("2026-09-H1", 850), ("2026-10-H2", 900)):
        progress = Decimal(done) / 12
        make_inspection(
            project,
            make_cycle(code=code),
            ytd_investment=Decimal(done),
            progress_percent=progress.quantize(Decimal("0.1")),
        )
    return project


def test_the_page_explains_the_latest_badge_with_the_decisive_light_first():
    project = with_history()
    html = page(as_(make_official()), page_of(project))
    award = Award.objects.standing().filter(project=project).first()
    assert award.reason_en in html
    assert html.index("Badge for the second half of October 2026") < html.index("is-decisive")
    body = html[html.index("<tbody") : html.index("</tbody>")]
    assert body.index("is-decisive") < body.index("</tr>")
    assert body.count("<tr") == 5


def test_an_earlier_badge_is_explained_on_demand():
    project = with_history()
    html = page(as_(make_official()), f"{page_of(project)}?cycle=2026-08-H2")
    assert "Badge for the second half of August 2026" in html
    assert "This is an earlier badge." in html


@pytest.mark.parametrize("value", [*HOSTILE, "2026-13-H1", "0000-01-H1", "2026-08-H3", "2019-01-H1"])
def test_an_earlier_badge_that_never_was_leaves_the_latest(value: str):
    answer = as_(make_official()).get(page_of(with_history()), {"cycle": value})
    assert answer.status_code == 200
    assert "Badge for the second half of October 2026" in answer.content.decode()


def test_the_history_is_a_list_that_remembers_what_was_made_good():
    html = page(as_(make_official()), page_of(with_history()))
    strip = html[html.index('<ol class="strip">') : html.index("</ol>")]
    assert strip.count("<li") == 5
    assert "second half of August 2026: Red, made good on 15 September 2026" in strip


def test_the_chart_is_named_and_told_as_a_table():
    html = page(as_(make_official()), page_of(with_history()))
    assert '<title id="badge-title">Plan and investment in 2026</title>' in html
    assert "The same figures as a table" in html


def test_a_project_nobody_has_inspected_says_so_and_offers_to():
    inspector = make_official()
    make_cycle()
    html = page(as_(inspector), page_of(make_project(inspector=inspector)))
    assert "No badge yet" in html
    assert "Nobody has inspected this project yet." in html
    assert "Inspect it now" in html


def test_only_who_may_inspect_the_project_is_offered_to():
    make_cycle()
    project = make_project(inspector=make_official())
    address = reverse("office:inspect", args=[project.pk])
    assert address in page(as_(make_official(Role.TEAM_LEAD)), page_of(project))
    assert address not in page(as_(make_official()), page_of(project))
    assert address not in page(as_(make_official(Role.LEADER)), page_of(project))


def test_a_badge_that_was_judged_again_stays_readable():
    lead = make_official(Role.TEAM_LEAD)
    project = with_history(planned_total=Decimal(8000))
    plan_form = {"year": 2026, "amount": "5000", "reason": "新增一条生产线"}
    before = Award.objects.standing().filter(project=project).first()
    assert as_(lead).post(reverse("office:plan_project", args=[project.pk]), plan_form).status_code == 302
    html = page(as_(lead), page_of(project))
    after = Award.objects.standing().filter(project=project).first()
    assert (before.badge, after.badge, after.version) == ("blue", "red", 2)
    assert "version 1" in html
    assert before.reason_en in html


def test_a_long_history_costs_no_more_queries_than_a_short_one():
    client = as_(make_official())
    short, long = with_history(), make_project()
    for month in range(1, 11):
        for half in ("H1", "H2"):
            make_inspection(
                long, make_cycle(code=f"2026-{month:02}-{half}"), progress_percent=Decimal(month * 8)
            )
    page(client, page_of(short))
    with CaptureQueriesContext(connection) as few:
        page(client, page_of(short))
    with CaptureQueriesContext(connection) as many:
        page(client, page_of(long))
    assert len(many) == len(few)


# --- kept by hand ---


def entered(project: Project, **changes) -> dict[str, str]:
    return {
        "name": project.name,
        "nature": project.nature,
        "planned_total": str(project.planned_total),
        "planned_start_on": "2026-01-01",
        "planned_completion_on": "2026-12-31",
        "started_on": "2026-01-05",
        **changes,
    }


def test_editing_changes_the_facts_and_leaves_what_inspections_say():
    project = make_project(month_only=["planned_start_on", "planned_completion_on"])
    changes = {"name": "新名称", "planned_completion_on": "2027-03-31", "planned_total": "３,５００"}
    changes["total_grounds"] = "新增一条生产线"
    answer = as_(make_official(Role.TEAM_LEAD)).post(
        reverse("office:edit_project", args=[project.pk]), entered(project, **changes, stage="completed")
    )
    assert answer.status_code == 302
    project.refresh_from_db()
    assert (project.name, project.planned_total, project.stage) == ("新名称", 3500, "building")
    assert project.month_only == ["planned_start_on"]


@pytest.mark.parametrize(
    ("before", "total", "state"),
    [
        ("not_applicable", "500", "preparing"),
        ("preparing", "499.99", "not_applicable"),
        ("included", "400", "included"),
    ],
)
def test_a_total_that_crosses_the_threshold_moves_the_project_into_statistics_or_out(
    before: str, total: str, state: str
):
    project = make_project(inclusion_state=before)
    answer = as_(make_official(Role.TEAM_LEAD)).post(
        reverse("office:edit_project", args=[project.pk]),
        entered(
            project,
            planned_total=total,
            total_grounds="调整建设内容",
            answer_plan_above_total="年度计划随后调整",
            answer_included_below_threshold="已报统计局",
        ),
    )
    assert answer.status_code == 302, re.findall(r'href="#id_[^<]+<', answer.content.decode())
    project.refresh_from_db()
    assert project.inclusion_state == state


def test_a_wrong_check_digit_is_taken_once_a_sentence_explains_it():
    project = make_project()
    client = as_(make_official(Role.TEAM_LEAD))
    address, wrong = reverse("office:edit_project", args=[project.pk]), SOUND_CODE[:-1] + "5"
    answer = client.post(address, entered(project, code=wrong))
    assert "does not fit the others" in answer.content.decode()
    project.refresh_from_db()
    assert project.code is None
    explained = entered(project, code=wrong, answer_check_digit="与备案证明一致")
    assert client.post(address, explained).status_code == 302
    project.refresh_from_db()
    assert project.code == wrong


def test_a_code_is_written_as_the_standard_writes_it():
    project = make_project()
    bare = SOUND_CODE.replace("-", "")
    as_(make_official(Role.TEAM_LEAD)).post(
        reverse("office:edit_project", args=[project.pk]), entered(project, code=bare)
    )
    project.refresh_from_db()
    assert project.code == SOUND_CODE


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"code": "12345"}, "A project code has 20 digits"),
        ({"started_on": "2027-01-01"}, "This day has not come yet."),
        ({"completed_on": "2026-01-04"}, "A project cannot be completed before it started."),
        ({"planned_completion_on": "2025-12-31"}, "lies before the planned start"),
        ({"planned_total": "-1"}, "greater than or equal to 0"),
        ({"planned_total": "100", "planned_equipment": "101"}, "Equipment is part of the planned total"),
        ({"name": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(changes: dict, why: str):
    project = make_project()
    answer = as_(make_official(Role.TEAM_LEAD)).post(
        reverse("office:edit_project", args=[project.pk]), entered(project, **changes)
    )
    assert answer.status_code == 200
    assert why in answer.content.decode()


def test_only_the_team_lead_says_who_inspects():
    own, inspector = make_official(), make_official()
    project = make_project(inspector=own)
    address = reverse("office:edit_project", args=[project.pk])
    assert as_(own).post(address, entered(project, inspector=inspector.pk)).status_code == 302
    project.refresh_from_db()
    assert project.inspector == own
    as_(make_official(Role.TEAM_LEAD)).post(address, entered(project, inspector=inspector.pk))
    project.refresh_from_db()
    assert project.inspector == inspector


def test_a_corrected_fact_judges_the_open_badge_again_and_leaves_the_closed_ones():
    lead = make_official(Role.TEAM_LEAD)
    closed, still_open = make_cycle(code="2026-10-H1"), make_cycle(code="2026-10-H2")
    project = make_project()
    for cycle in (closed, still_open):
        make_inspection(project, cycle)
    close_cycle(closed, by=lead, at=moment(date(2026, 10, 30)))
    as_(lead).post(
        reverse("office:edit_project", args=[project.pk]),
        entered(project, planned_completion_on="2026-11-05"),
    )
    versions = dict(Award.objects.standing().values_list("cycle_start", "version"))
    assert versions == {closed.start: 1, still_open.start: 2}


def test_a_project_is_added_and_led_on_to_its_plan():
    enterprise, inspector = make_enterprise(), make_official()
    entry = {
        "enterprise": enterprise.pk,
        "name": " 新　项目 ",
        "nature": "transformation",
        "stage": "filed",
        "planned_total": "450",
    }
    answer = as_(inspector).post(reverse("office:add_project"), entry)
    project = Project.objects.get()
    assert answer["Location"] == reverse("office:plan_project", args=[project.pk])
    assert (project.name, project.county, project.inspector) == ("新 项目", enterprise.county, inspector)
    assert project.inclusion_state == "not_applicable"


def test_a_project_is_never_added_to_an_enterprise_of_another_county():
    foreign = make_enterprise(make_county("371525"))
    entry = {"enterprise": foreign.pk, "name": "新", "nature": "new", "stage": "filed", "planned_total": "1"}
    assert as_(make_official()).post(reverse("office:add_project"), entry).status_code == 200
    assert not Project.objects.exists()


@pytest.mark.parametrize("value", HOSTILE)
def test_an_enterprise_that_cannot_be_is_not_chosen(value: str):
    assert as_(make_official()).get(reverse("office:add_project"), {"enterprise": value}).status_code == 200


def test_the_first_plan_needs_no_reason_and_a_change_does():
    project, lead = make_project(plan=None), make_official(Role.TEAM_LEAD)
    address, client = reverse("office:plan_project", args=[project.pk]), as_(lead)
    assert client.post(address, {"year": 2026, "amount": "1200"}).status_code == 302
    refused = client.post(address, {"year": 2026, "amount": "900"})
    assert "Say why the plan changes." in refused.content.decode()
    assert client.post(address, {"year": 2026, "amount": "900", "reason": "设备降价"}).status_code == 302
    plans = AnnualPlan.objects.order_by("version").values_list("version", "amount", "reason")
    assert list(plans) == [(1, 1200, ""), (2, 900, "设备降价")]
    html = page(client, page_of(project))
    assert "re-planned 1 time; baseline 1,200.00" in html


def test_a_plan_by_month_adds_up():
    project = make_project(plan=None)
    address, client = reverse("office:plan_project", args=[project.pk]), as_(make_official(Role.TEAM_LEAD))
    months = {f"month_{month}": "100" for month in range(1, 12)}
    refused = client.post(address, {"year": 2026, "amount": "1200", **months})
    assert "The months add up to 1,100.00, the year&#x27;s plan says 1,200.00." in refused.content.decode()
    assert client.post(address, {"year": 2026, "amount": "1100", **months}).status_code == 302
    assert AnnualPlan.objects.get().months[10:] == (Decimal(100), Decimal(0))


def test_somebody_elses_baseline_made_meanwhile_asks_for_a_reason(monkeypatch: pytest.MonkeyPatch):
    project = make_project()
    # The form was checked while there was no plan yet.
    monkeypatch.setattr(Project, "plan_for", lambda self, year: None)
    answer = as_(make_official(Role.TEAM_LEAD)).post(
        reverse("office:plan_project", args=[project.pk]), {"year": 2026, "amount": "900"}
    )
    assert answer.status_code == 200
    assert "Somebody else has just set a plan." in answer.content.decode()
    assert AnnualPlan.objects.count() == 1
