"""The pages of what is kept beside an enterprise and a project."""

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
    moment,
)
from tracker.accounts.roles import Role
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Enterprise, Project
from tracker.library.records import (
    AnsweredWarning,
    Contact,
    EnterpriseYear,
    FormerName,
    PlanningSheet,
    StageChange,
    TotalChange,
)

pytestmark = pytest.mark.django_db
HOSTILE = ["\x00", "'", "9" * 30, "-1", "../..", "<script>", "%", "１２", "nan", "x" * 5000]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        yield


def as_(person) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(person)
    return client


@pytest.fixture
def lead() -> Client:
    return as_(make_official(Role.TEAM_LEAD))


def at(name: str, row) -> str:
    return reverse(f"office:{name}", args=[row.pk])


def text(answer) -> str:
    return answer.content.decode()


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


# --- the project's form: errors block, warnings want a sentence ---


def test_a_warning_is_saved_only_with_its_sentence_and_not_asked_again(lead: Client):
    project = make_project()
    odd = entered(project, funds_in_place="2100")
    answer = lead.post(at("edit_project", project), odd)
    assert answer.status_code == 200
    assert "are more than the planned total" in text(answer)
    assert 'name="answer_funds_above_total"' in text(answer)
    project.refresh_from_db()
    assert project.funds_in_place is None
    explained = {**odd, "answer_funds_above_total": " 含流动　资金 "}
    assert lead.post(at("edit_project", project), explained).status_code == 302
    project.refresh_from_db()
    assert project.funds_in_place == 2100
    assert AnsweredWarning.objects.get(project=project).sentence == "含流动 资金"
    assert lead.post(at("edit_project", project), {**odd, "name": "改名"}).status_code == 302


@pytest.mark.parametrize("sentence", ["", "   ", "a\x00b", "长" * 201])
def test_what_is_no_sentence_explains_nothing(lead: Client, sentence: str):
    project = make_project()
    odd = entered(project, funds_in_place="2100", answer_funds_above_total=sentence)
    assert lead.post(at("edit_project", project), odd).status_code == 200
    assert not AnsweredWarning.objects.exists()


def test_what_is_odd_elsewhere_is_not_asked_for_here(lead: Client):
    project = make_project(funds_in_place=Decimal(2100))
    form = entered(project, funds_in_place="2100", name="改名")
    assert lead.post(at("edit_project", project), form).status_code == 302


def test_parts_that_come_to_more_than_the_total_block_the_save(lead: Client):
    project = make_project()
    parts = {
        "planned_construction": "1500",
        "planned_installation": "501",
        "answer_components_above_total": "x",
    }
    answer = lead.post(at("edit_project", project), entered(project, **parts))
    assert answer.status_code == 200
    assert "come to 2,001.00, more than the planned total of 2,000.00" in text(answer)


def test_a_new_planned_total_needs_its_grounds_and_both_stay_readable(lead: Client):
    project = make_project()
    form = entered(project, planned_total="2500")
    assert "Say why the planned total changes." in text(lead.post(at("edit_project", project), form))
    assert lead.post(at("edit_project", project), {**form, "total_grounds": "增加一条线"}).status_code == 302
    change = TotalChange.objects.get(project=project)
    assert (change.before, change.after, change.grounds) == (2000, 2500, "增加一条线")
    page = text(lead.get(at("project", project)))
    assert "planned total changed from 2,000.00 to 2,500.00" in page
    assert "增加一条线" in page


def test_a_new_project_is_asked_about_everything_that_is_odd(lead: Client):
    form = {
        "enterprise": make_enterprise().pk,
        "name": "新项目",
        "nature": "transformation",
        "stage": "started",
        "planned_total": "800",
        "filed_on": "2026-02-01",
        "started_on": "2026-01-01",
    }
    answer = lead.post(reverse("office:add_project"), form)
    assert "The start lies before the filing" in text(answer)
    form["answer_start_before_filing"] = "补办备案"
    assert lead.post(reverse("office:add_project"), form).status_code == 302
    assert AnsweredWarning.objects.get().project.name == "新项目"


def test_a_start_is_entered_by_moving_the_stage(lead: Client):
    project = make_project(stage="filed", started_on=None, inclusion_state="not_due", included_on=None)
    answer = lead.post(at("edit_project", project), entered(project))
    assert "change the stage first" in text(answer)


def test_rare_sections_are_folded_and_open_where_something_is_wrong(lead: Client):
    project = make_project()
    page = text(lead.get(at("edit_project", project)))
    assert page.count('<details class="months">') == 2
    wrong = entered(project, planned_other="abc")
    assert '<details class="months" open>' in text(lead.post(at("edit_project", project), wrong))


# --- the stage ---


def test_the_stage_is_moved_with_its_day_and_the_log_is_shown(lead: Client):
    project = make_project(stage="building")
    form = {"to_stage": "completed", "on": "2026-10-30", "reason": ""}
    answer = lead.post(at("change_stage", project), form, follow=True)
    assert "The stage is changed." in text(answer)
    assert "Under construction → Completed" in text(answer)
    project.refresh_from_db()
    assert (project.stage, project.completed_on) == ("completed", date(2026, 10, 30))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"to_stage": "outcome_verified"}, "Select a valid choice"),
        ({"to_stage": "suspended"}, "Say why."),
        ({"to_stage": "started"}, "Say why."),
        ({"to_stage": "completed", "on": "2026-11-03"}, "This day has not come yet."),
        ({"to_stage": "completed", "on": "2026-01-04"}, "cannot be completed before it started"),
        ({"to_stage": "merged", "reason": "并"}, "Choose the project that takes it over"),
        ({"to_stage": "merged", "reason": "并", "merged_code": "12"}, "No other project of the county"),
    ],
)
def test_a_move_that_cannot_be_is_refused_beside_its_field(lead: Client, changes: dict, why: str):
    project = make_project(stage="building")
    answer = lead.post(at("change_stage", project), {"on": "2026-11-01", "reason": "", **changes})
    assert answer.status_code == 200
    assert why in text(answer)
    assert not StageChange.objects.exists()


def test_a_project_is_merged_into_one_of_another_enterprise_by_its_code(lead: Client):
    project, into = make_project(), make_project(code="2101-371591-04-01-436244")
    form = {
        "to_stage": "merged",
        "on": "2026-11-01",
        "reason": "同一条线",
        "merged_code": "21013715910401436244",
    }
    assert lead.post(at("change_stage", project), form).status_code == 302
    assert lead.get(at("project", project))["Location"] == at("project", into)


def test_a_stage_moved_by_hand_is_what_the_next_inspection_begins_with():
    lead = make_official(Role.TEAM_LEAD)
    project = make_project(stage="building")
    make_inspection(project, make_cycle(code="2026-10-H1"), by=lead)
    make_cycle(code="2026-10-H2")
    moved = {"to_stage": "completed", "on": "2026-10-30", "reason": ""}
    as_(lead).post(at("change_stage", project), moved)
    answer = as_(lead).post(
        at("inspect", project), {"cycle": "2026-10-H2", "edition": "", "unchanged": "1", "remark": "已竣工"}
    )
    assert answer.status_code == 302
    made = Inspection.objects.get(project=project, cycle_start=date(2026, 10, 16))
    project.refresh_from_db()
    assert (made.stage, project.stage) == ("completed", "completed")


# --- the planning sheet ---


def test_the_planning_sheet_is_shown_on_the_projects_page(lead: Client):
    project = make_project()
    form = {"edition": "0", "technical_need": "数控化", "production_process": "焊接\n喷涂"}
    assert lead.post(at("planning_sheet", project), form).status_code == 302
    page = text(lead.get(at("project", project)))
    assert "数控化" in page
    assert "焊接<br>喷涂" in page


def test_two_editors_see_each_others_sheet_and_nothing_is_lost(lead: Client):
    project = make_project()
    lead.post(at("planning_sheet", project), {"edition": "0", "technical_need": "先保存的"})
    late = {"edition": "0", "technical_need": "后保存的"}
    answer = lead.post(at("planning_sheet", project), late)
    assert answer.status_code == 409
    assert "先保存的" in text(answer)
    assert "后保存的" in text(answer)
    assert PlanningSheet.objects.get().technical_need == "先保存的"
    assert 'name="edition" value="1"' in text(answer)
    assert lead.post(at("planning_sheet", project), {**late, "edition": "1"}).status_code == 302
    assert PlanningSheet.objects.get().technical_need == "后保存的"


# --- the plan ---


def test_a_plan_by_quarters_is_kept_by_month_and_shown_beside_the_baseline(lead: Client):
    project = make_project(plan=Decimal(1200))
    form = {"year": "2026", "amount": "1000.01", "spread": "quarters", "reason": "分季度"}
    assert lead.post(at("plan_project", project), form).status_code == 302
    plan = AnnualPlan.objects.get(project=project, version=2)
    assert sum(plan.months) == Decimal("1000.01")
    assert sum(plan.months[:6]) == Decimal("500.01")
    page = text(lead.get(at("plan_project", project)))
    assert "Re-planned 1 time." in page
    assert "Plan and baseline of 2026" in page
    assert "-199.99" in page
    assert 'value="quarters" ' in page.replace("checked", "")


def test_months_and_spread_that_say_different_things_are_asked_about(lead: Client):
    project = make_project(plan=None)
    form = {"year": "2026", "amount": "100", "month_3": "100"}
    answer = lead.post(at("plan_project", project), {**form, "spread": "linear"})
    assert "You have typed months" in text(answer)
    answer = lead.post(at("plan_project", project), {"year": "2026", "amount": "100", "spread": "months"})
    assert "Type the months below" in text(answer)
    assert lead.post(at("plan_project", project), {**form, "spread": "months"}).status_code == 302
    assert AnnualPlan.objects.get().months[2] == 100


def test_a_plan_above_the_planned_total_wants_a_sentence(lead: Client):
    project = make_project(plan=None)
    form = {"year": "2026", "amount": "2001", "spread": "linear"}
    assert "is more than the planned total" in text(lead.post(at("plan_project", project), form))
    assert not AnnualPlan.objects.exists()
    assert (
        lead.post(at("plan_project", project), {**form, "answer_plan_above_total": "含铺底"}).status_code
        == 302
    )


# --- the enterprise ---


def enterprise_form(enterprise: Enterprise, **changes) -> dict[str, str]:
    return {"name": enterprise.name, "credit_code": enterprise.credit_code, "rung": "", **changes}


def test_a_new_name_leaves_the_old_one_as_a_former_name(lead: Client):
    enterprise = make_enterprise(name="旧名")
    lead.post(
        at("edit_enterprise", enterprise), enterprise_form(enterprise, name="新名", former_names="更早")
    )
    assert set(enterprise.former_names.values_list("name", flat=True)) == {"旧名", "更早"}
    page = text(lead.get(at("enterprise", enterprise)))
    assert "Formerly" in page
    assert "旧名" in page
    lead.post(
        at("edit_enterprise", enterprise), enterprise_form(enterprise, name="新名", former_names="旧名")
    )
    assert list(enterprise.former_names.values_list("name", flat=True)) == ["旧名"]


def test_a_new_enterprise_may_have_former_names(lead: Client):
    form = {"name": "新企业", "credit_code": "91350100M000100Y43", "rung": "", "former_names": "甲\n\n乙\n甲"}
    assert lead.post(reverse("office:add_enterprise"), form).status_code == 302
    assert sorted(FormerName.objects.values_list("name", flat=True)) == ["乙", "甲"]


def test_key_industries_of_the_county_are_suggested_and_of_no_other(lead: Client):
    make_enterprise(key_industry="电气设备")
    make_enterprise(make_county("371525"), key_industry="钢铁")
    page = text(lead.get(at("edit_enterprise", make_enterprise())))
    assert '<option value="电气设备"></option>' in page
    assert "钢铁" not in page


def test_the_figures_of_a_year_are_added_corrected_and_checked(lead: Client):
    enterprise = make_enterprise()
    page = at("enterprise_years", enterprise)
    wrong = {"year": "2025", "staff": "50", "rd_staff": "51"}
    assert "cannot be more" in text(lead.post(page, wrong))
    odd = {"year": "2025", "staff": "５０", "rd_staff": "8", "revenue": "1,000", "rd_spend": "1200"}
    assert "is more than the revenue" in text(lead.post(page, odd))
    assert lead.post(page, {**odd, "answer_rd_spend_above_revenue": "新设"}).status_code == 302
    row = EnterpriseYear.objects.get(enterprise=enterprise)
    assert (row.staff, row.revenue) == (50, 1000)
    assert "There are figures of this year already" in text(lead.post(page, {"year": "2025", "staff": "1"}))
    assert lead.post(f"{page}?year=2025", {**odd, "staff": "60", "year": "2019"}).status_code == 302
    row.refresh_from_db()
    assert (row.year, row.staff) == (2025, 60)
    assert "Enter at least one figure." in text(lead.post(page, {"year": "2024"}))
    assert "has not begun" in text(lead.post(page, {"year": "2027", "staff": "1"}))


@pytest.mark.parametrize("value", HOSTILE)
def test_what_no_year_is_is_refused_or_ignored(lead: Client, value: str):
    enterprise = make_enterprise()
    assert lead.get(at("enterprise_years", enterprise), {"year": value}).status_code == 200
    for name in ("year", "staff", "revenue"):
        form = {"year": "2025", "staff": "50", name: value}
        assert lead.post(at("enterprise_years", enterprise), form).status_code in {200, 302}


def test_a_further_contact_is_masked_shown_on_request_and_removed(lead: Client):
    enterprise = make_enterprise()
    form = {"name": "王小芳", "post": "总经理", "phone": "13800138000"}
    assert lead.post(at("add_enterprise_contact", enterprise), form).status_code == 302
    assert "This contact is kept already." in text(lead.post(at("add_enterprise_contact", enterprise), form))
    contact = Contact.objects.get()
    page = text(lead.get(at("enterprise", enterprise)))
    assert "138****8000" in page
    assert "13800138000" not in page
    assert "13800138000" not in text(lead.get(at("edit_further_contact", contact)))
    kept = {"name": "王小芳", "post": "董事长", "phone": "138****8000"}
    assert lead.post(at("edit_further_contact", contact), kept).status_code == 302
    contact.refresh_from_db()
    assert (contact.post, contact.phone) == ("董事长", "13800138000")
    assert "13800138000" in text(lead.post(at("show_further_contact", contact)))
    lead.post(at("remove_further_contact", contact), {"why": "本人要求"})
    assert not Contact.objects.exists()


@pytest.mark.parametrize("name", ["edit_further_contact", "remove_further_contact", "show_further_contact"])
def test_a_contact_of_another_county_is_not_there(lead: Client, name: str):
    foreign = Contact.objects.create(enterprise=make_enterprise(make_county("371525")), name="李四")
    for method in ("get", "post"):
        assert getattr(lead, method)(at(name, foreign)).status_code == 404


# --- explaining, and what the pages cost ---


def test_warnings_are_explained_on_a_page_of_their_own(lead: Client):
    project = make_project(funds_in_place=Decimal(2100), filed_on=date(2026, 2, 1))
    page = text(lead.get(at("project", project)))
    assert "2 contradictions in this record" in page
    answer = lead.get(at("project_warnings", project))
    names = [name for name in answer.context["form"].fields if "funds" in name]
    assert "Write a sentence" in text(lead.post(at("project_warnings", project), {}))
    assert lead.post(at("project_warnings", project), {names[0]: "含流动资金"}).status_code == 302
    page = text(lead.get(at("project", project)))
    assert "1 contradiction in this record" in page
    assert "含流动资金" in text(lead.get(at("project_warnings", project)))


def test_who_may_not_mend_it_sees_the_contradiction_without_a_way_to_it():
    project = make_project(funds_in_place=Decimal(2100))
    page = text(as_(make_official(Role.LEADER)).get(at("project", project)))
    assert "are more than the planned total" in page
    assert at("edit_project", project) not in page
    assert at("project_warnings", project) not in page


def test_the_pages_of_a_record_cost_the_same_however_much_is_kept(lead: Client):
    short, long = (make_project(funds_in_place=Decimal(2100)) for _ in range(2))
    EnterpriseYear.objects.create(enterprise=short.enterprise, year=2020, staff=5, rd_staff=6)
    for number in range(5):
        Contact.objects.create(enterprise=long.enterprise, name=f"联系人{number}")
        FormerName.objects.create(enterprise=long.enterprise, name=f"旧名{number}")
        EnterpriseYear.objects.create(enterprise=long.enterprise, year=2020 + number, staff=5, rd_staff=6)
        StageChange.objects.create(
            project=long, number=number + 1, from_stage="filed", to_stage="started", on=date(2026, 1, 1)
        )
    lead.get(at("project", short))
    costs = {}
    for page in ("project", "enterprise"):
        for which, project in (("short", short), ("long", long)):
            row = project if page == "project" else project.enterprise
            with CaptureQueriesContext(connection) as taken:
                lead.get(at(page, row))
            costs[page, which] = len(taken)
    assert costs["project", "long"] == costs["project", "short"]
    assert costs["enterprise", "long"] == costs["enterprise", "short"]


@pytest.mark.parametrize("page", ["edit_project", "edit_enterprise"])
def test_of_two_tabs_the_later_one_overwrites_nothing_unseen(lead: Client, page: str):
    project = make_project()
    row = project if page == "edit_project" else project.enterprise
    address = at(page, row)
    shown = lead.get(address).context["form"]
    entered = {name: field.value() or "" for name, field in ((one.name, one) for one in shown)}
    entered["seen"] = shown.seen_now
    assert lead.post(address, {**entered, "contact_name": "甲"}).status_code == 302
    late = {**entered, "contact_name": "", "contact_phone": "0534-3321234"}
    refused = lead.post(address, late)
    assert "since you opened it" in text(refused)
    row.refresh_from_db()
    assert (row.contact_name, row.contact_phone) == ("甲", "")
    again = {**late, "seen": refused.context["form"].seen_now}
    assert lead.post(address, again).status_code == 302


def test_a_move_does_not_lie_before_the_last_one(lead: Client):
    project = make_project(stage="building")
    suspended = {"to_stage": "suspended", "on": "2026-10-20", "reason": "停工待料"}
    assert lead.post(at("change_stage", project), suspended).status_code == 302
    resumed = {"to_stage": "building", "on": "2026-10-10", "reason": "复工"}
    answer = lead.post(at("change_stage", project), resumed)
    assert "cannot lie before it" in text(answer)
    assert StageChange.objects.count() == 1
