"""What a month's figures say, by example."""

import json
from datetime import date
from decimal import Decimal

import pytest

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
from tests.summaries.months import close, inspect
from tracker.calendars.periods import HalfMonth, Month
from tracker.inspections.actions import reassess_cycle, skip_cycle
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import Project
from tracker.summaries.queries import figures, running_month

pytestmark = pytest.mark.django_db

OCTOBER = Month(2026, 10)
TODAY = date(2026, 11, 13)


def october(county=None):
    return figures(county or make_county(), OCTOBER, TODAY)


def names(rows):
    return [row["name"] for row in rows]


def test_badges_are_counted_by_colour_and_compared_with_the_month_before():
    for name, before, after in [
        ("turned red", "blue", "red"),
        ("still red", "red", "red"),
        ("made good", "red", "blue"),
        ("steady", "blue", "blue"),
        ("yellow again", "yellow", "yellow"),
    ]:
        project = make_project(name=name)
        inspect(project, "2026-09-H2", before)
        inspect(project, "2026-10-H2", after)
    told = october()
    assert told["counts"] == {"red": 2, "yellow": 1, "blue": 2, "gold": 0, "none": 0}
    assert told["before"] == {"red": 2, "yellow": 1, "blue": 2, "gold": 0, "none": 0}
    assert told["change"] == {"red": 0, "yellow": 0, "blue": 0, "gold": 0, "none": 0}
    assert told["rated"] == 5
    assert names(told["new_reds"]) == ["turned red"]
    assert told["still_red"] == 1
    assert names(told["second_yellows"]) == ["yellow again"]
    assert names(told["turned_good"]) == ["made good"]


def test_a_second_county_is_another_matter():
    elsewhere = make_county("371525")
    inspect(make_project(name="here"), "2026-10-H2", "red")
    inspect(make_project(make_enterprise(elsewhere), name="there"), "2026-10-H2", "yellow")
    here, there = october(), october(elsewhere)
    assert (here["counts"]["red"], here["counts"]["yellow"]) == (1, 0)
    assert (there["counts"]["red"], there["counts"]["yellow"]) == (0, 1)
    assert names(here["projects"]) == ["here"]
    assert names(there["projects"]) == ["there"]
    assert here["county"]["code"] == "371423"
    assert there["county"]["code"] == "371525"


def test_without_a_month_before_nothing_is_compared():
    inspect(make_project(), "2026-10-H2", "red")
    told = october()
    assert told["before"] is None
    assert told["change"] is None
    assert len(told["new_reds"]) == 1


def test_the_month_before_january_lies_in_the_other_year():
    project = make_project(
        year=2026, planned_start_on=date(2026, 1, 1), planned_completion_on=date(2027, 12, 31)
    )
    inspect(
        project,
        "2026-12-H2",
        ytd_investment=Decimal(1100),
        cumulative_investment=Decimal(1100),
        progress_percent=Decimal(50),
    )
    inspect(
        project,
        "2027-01-H2",
        ytd_investment=Decimal(10),
        cumulative_investment=Decimal(1110),
        progress_percent=Decimal(54),
    )
    told = figures(make_county(), Month(2027, 1), date(2027, 2, 12))
    assert told["month"] == "2027-01"
    assert told["before"]["blue"] == 1
    assert told["change"]["blue"] == 0


def test_a_new_red_says_why_in_both_languages_who_is_responsible_and_what_is_open():
    county = make_county()
    inspector = make_official(name="李调度")
    enterprise = make_enterprise(township=make_township(county, "虚构镇"), name="虚构电气有限公司")
    project = make_project(enterprise, name="产线改造", inspector=inspector, problem="变压器增容未批")
    inspect(project, "2026-10-H2", "red")
    (red,) = october()["new_reds"]
    assert "落后序时进度" in red["reason_zh"]
    assert "points behind plan" in red["reason_en"]
    assert red["enterprise"] == "虚构电气有限公司"
    assert red["township_zh"] == "虚构镇"
    assert red["inspector"] == "李调度"
    assert red["problem"] == "变压器增容未批"


def test_new_reds_with_an_open_problem_come_first_then_the_larger_plans():
    for name, plan, problem in [("small", 600, ""), ("large", 2400, ""), ("stuck", 300, "用地未落实")]:
        project = make_project(name=name, plan=plan, problem=problem)
        inspect(project, "2026-10-H2", ytd_investment=Decimal(10), cumulative_investment=Decimal(10))
    assert names(october()["new_reds"]) == ["stuck", "large", "small"]


def test_plan_against_done_is_that_of_projects_with_a_plan():
    # 304 of the year's 365 days are over at the end of October.
    inspect(
        make_project(plan=3650),
        "2026-10-H2",
        ytd_investment=Decimal(3000),
        cumulative_investment=Decimal(3000),
        remark="x",
    )
    inspect(
        make_project(plan=365), "2026-10-H2", ytd_investment=Decimal(340), cumulative_investment=Decimal(340)
    )
    inspect(
        make_project(plan=None), "2026-10-H2", ytd_investment=Decimal(77), cumulative_investment=Decimal(77)
    )
    told = october()["investment"]
    assert told["annual_plan"] == "4015.00"
    assert told["planned_to_date"] == "3344.00"
    assert told["done"] == "3340.00"
    assert (told["planned_percent"], told["done_percent"], told["gap"]) == ("83.3", "83.2", "0.1")
    assert (told["projects"], told["without_plan"]) == (2, 1)


def test_suspended_projects_do_not_weigh_on_plan_or_inclusion():
    inspect(make_project(), "2026-10-H2")
    inspect(make_project(), "2026-10-H2", stage="suspended", inclusion_state="preparing", included_on=None)
    told = october()
    assert told["investment"]["projects"] == 1
    assert told["inclusion"]["due"] == 1
    assert told["counts"]["none"] == 1


def test_inclusion_is_measured_among_those_started_and_large_enough():
    not_yet = {"inclusion_state": "preparing", "included_on": None}
    inspect(make_project(), "2026-10-H2")
    inspect(make_project(**not_yet), "2026-10-H2")
    inspect(
        make_project(planned_total=Decimal(499), **not_yet),
        "2026-10-H2",
        cumulative_investment=Decimal(400),
        ytd_investment=Decimal(400),
    )
    inspect(make_project(inclusion_state="not_applicable", included_on=None), "2026-10-H2")
    inspect(make_project(stage="filed", started_on=None, **not_yet), "2026-10-H2", stage="filed")
    assert october()["inclusion"] == {"done": 1, "due": 2, "percent": "50.0"}


def test_start_and_completion_are_measured_among_those_planned_for_this_year_by_then():
    inspect(
        make_project(
            planned_completion_on=date(2026, 9, 30), completed_on=date(2026, 9, 28), stage="completed"
        ),
        "2026-10-H2",
        stage="completed",
        progress_percent=Decimal(100),
    )
    inspect(make_project(planned_completion_on=date(2026, 8, 31)), "2026-10-H2")
    inspect(
        make_project(
            stage="filed",
            started_on=None,
            planned_start_on=date(2026, 10, 1),
            inclusion_state="not_due",
            included_on=None,
        ),
        "2026-10-H2",
        stage="filed",
    )
    inspect(make_project(planned_start_on=date(2025, 3, 1), started_on=date(2025, 3, 1)), "2026-10-H2")
    told = october()["rates"]
    assert told["start"] == {"done": 2, "due": 3, "percent": "66.7"}
    assert told["completion"] == {"done": 1, "due": 2, "percent": "50.0"}


def test_projects_that_nobody_inspected_are_named_with_their_half_months():
    both, once, _never = (make_project(name=name) for name in ("both", "once", "never"))
    Project.objects.update(added_at=moment(date(2026, 1, 5)))
    inspect(once, "2026-09-H2")
    inspect(both, "2026-10-H1")
    close("2026-10-H1")
    inspect(both, "2026-10-H2")
    inspect(once, "2026-10-H2")
    close("2026-10-H2")
    told = october()
    absent = {row["name"]: row for row in told["not_inspected"]}
    assert absent.keys() == {"once", "never"}
    assert absent["once"]["missed"] == ["2026-10-H1"]
    assert absent["once"]["is_carried_forward"]
    assert absent["never"]["missed"] == ["2026-10-H1", "2026-10-H2"]
    assert not absent["never"]["is_carried_forward"]
    assert [(c["code"], c["not_inspected"], c["carried_forward"]) for c in told["cycles"]] == [
        ("2026-10-H1", 2, 1),
        ("2026-10-H2", 1, 0),
    ]


def test_a_project_added_after_the_close_of_a_half_month_was_not_missed_in_it():
    project = make_project()
    Project.objects.update(added_at=moment(date(2026, 11, 2)))
    make_cycle(code="2026-10-H1")
    inspect(project, "2026-10-H2")
    assert october()["not_inspected"] == []


def test_what_waits_to_be_accepted_does_not_count_as_inspected():
    make_county(needs_second_person=True)
    project = make_project()
    Project.objects.update(added_at=moment(date(2026, 1, 5)))
    make_inspection(project, make_cycle(code="2026-10-H2"), by=make_official())
    assert names(october()["not_inspected"]) == [project.name]


def test_a_skipped_half_month_is_nobodys_omission_and_is_told_with_its_reason():
    project = make_project()
    Project.objects.update(added_at=moment(date(2026, 1, 5)))
    skip_cycle(make_cycle(code="2026-10-H1"), "国庆假期")
    inspect(project, "2026-10-H2")
    told = october()
    assert told["not_inspected"] == []
    assert told["notes"]["skipped"] == [{"code": "2026-10-H1", "reason": "国庆假期"}]


def test_a_month_whose_second_half_was_skipped_is_told_by_its_first():
    inspect(make_project(), "2026-10-H1", "red")
    skip_cycle(make_cycle(code="2026-10-H2"), "汛期")
    told = october()
    assert told["counts"]["red"] == 1
    assert told["cut_off"] == "2026-10-15"


def test_inclusion_is_due_30_days_after_the_start_as_known_today():
    def project(name, started_on, state="preparing"):
        made = make_project(name=name, started_on=started_on, inclusion_state=state, included_on=None)
        inspect(made, "2026-10-H2")
        return made

    project("late", date(2026, 9, 1))
    project("soon", date(2026, 10, 25))
    included_since = project("included since", date(2026, 10, 1))
    Project.objects.filter(pk=included_since.pk).update(
        inclusion_state="included", included_on=date(2026, 11, 5)
    )
    due = october()["inclusion_due"]
    assert [(row["name"], row["days"], row["due_on"], row["is_overdue"]) for row in due] == [
        ("late", 73, "2026-10-01", True),
        ("soon", 19, "2026-11-24", False),
    ]


def test_the_policy_in_force_and_unconfirmed_badges_are_noted():
    inspect(make_project(), "2026-10-H2")
    notes = october()["notes"]
    assert notes["policies"] == ["default-1"]
    assert notes["provisional"] == 1
    close("2026-10-H2")
    assert october()["notes"]["provisional"] == 0


def test_the_way_up_is_told_while_its_cut_off_lies_ahead():
    inspect(make_project(), "2026-10-H2", "red")
    (red,) = figures(make_county(), OCTOBER, date(2026, 11, 15))["new_reds"]
    assert "15 November 2026" in red["to_improve_en"]
    (red,) = figures(make_county(), OCTOBER, date(2026, 11, 16))["new_reds"]
    assert (red["to_improve_zh"], red["to_improve_en"]) == ("", "")


def test_figures_are_plain_values_that_json_keeps():
    inspect(make_project(code="2101-371591-04-01-436244"), "2026-10-H2")
    told = october()
    assert json.loads(json.dumps(told)) == told


def test_a_month_without_anything_has_figures_too():
    told = october()
    assert told["rated"] == 0
    assert told["investment"]["planned_percent"] is None
    assert told["inclusion"]["percent"] is None
    assert told["cycles"] == []


def test_the_running_month_is_last_month_until_its_half_months_are_closed():
    county = make_county()
    assert running_month(county, TODAY) == Month(2026, 11)
    make_cycle(county, "2026-10-H2")
    assert running_month(county, TODAY) == OCTOBER
    Cycle.objects.update(state=Cycle.State.CLOSED)
    assert running_month(county, TODAY) == Month(2026, 11)


def many_projects(number):
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
            inclusion_state="preparing",
            state="accepted",
        )
        for project in made
    )
    reassess_cycle(cycle, at=moment(cycle.opens_on))
    assert HalfMonth.parse("2026-10-H2").start == cycle.start


@pytest.mark.parametrize("number", [1, 200])
def test_figures_take_the_same_queries_for_one_project_and_for_two_hundred(number, django_assert_num_queries):
    many_projects(number)
    county = make_county()
    with django_assert_num_queries(6):
        told = figures(county, OCTOBER, TODAY)
    assert told["counts"]["red"] == number
