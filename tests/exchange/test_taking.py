"""Taking a county's table into the library and its half-month."""

from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import override_settings
from django.utils import translation

from tests.exchange import workbooks
from tests.exchange.workbooks import NAME, project_code, row, table, workbook, write
from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise,
    make_inspection,
    make_official,
    make_project,
    moment,
)
from tracker.accounts.models import User
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth
from tracker.exchange import actions
from tracker.exchange.actions import LibraryChanged, take_table
from tracker.exchange.queries import Counts, HalfMonthTakesNoTable, Plan, half_month_of, plan_for
from tracker.exchange.sheet import read_table
from tracker.exchange.words import ERRORS, NOTES, REFUSALS, WARNINGS, remark
from tracker.inspections.actions import close_cycle, skip_cycle
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Division, Enterprise, Industry, Project

pytestmark = pytest.mark.django_db

TAKEN_AT = moment(date(2026, 11, 2))
END_OF_OCTOBER = HalfMonth.parse("2026-10-H2")


def take(
    content: bytes, half_month: HalfMonth = END_OF_OCTOBER, county: str = "371423", by: User | None = None
) -> Plan:
    return take_table(
        read_table(content, NAME), make_county(county), half_month, source=NAME, by=by, at=TAKEN_AT
    )


def look(content: bytes, half_month: HalfMonth = END_OF_OCTOBER) -> Plan:
    return plan_for(read_table(content, NAME), make_county(), half_month)


def errors(plan: Plan) -> list[tuple[int, str]]:
    return [(note.row, note.code) for one in plan.rows for note in one.errors]


def warnings(plan: Plan) -> list[str]:
    return [note.code for one in plan.rows for note in one.warnings]


def changes(plan: Plan) -> dict[str, tuple[Any, Any]]:
    return {change.field: (change.old, change.new) for one in plan.rows for change in one.changes}


# --- the county's own table ---


def run(*arguments: str | Path) -> tuple[list[str], str]:
    out, err = StringIO(), StringIO()
    call_command("import_review_table", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue().splitlines(), err.getvalue()


def test_the_countys_table_is_taken_whole_and_a_second_time_changes_nothing():
    out, _ = run(workbooks.REAL, "--county", "371423")
    assert out[-1] == "created 282, changed 0, unchanged 0, refused 0"
    assert [Enterprise.objects.count(), Project.objects.count(), Inspection.objects.count()] == [88, 97, 97]
    before = list(Inspection.objects.order_by("pk").values()), list(Project.objects.order_by("pk").values())
    awards = Award.objects.count()

    out, _ = run(workbooks.REAL, "--county", "371423")
    assert out[-1] == "created 0, changed 0, unchanged 282, refused 0"
    assert (
        list(Inspection.objects.order_by("pk").values()),
        list(Project.objects.order_by("pk").values()),
    ) == before
    assert [AnnualPlan.objects.count(), Award.objects.count()] == [97, awards]


def test_every_project_of_the_table_has_its_badge():
    run(workbooks.REAL, "--county", "371423")
    badges = Counter(Award.objects.standing().values_list("badge", flat=True))
    assert badges.total() == 97
    assert {"red", "yellow", "blue"} <= set(badges)
    assert Counter(Project.objects.values_list("badge", flat=True)) == badges


def test_what_the_table_says_of_a_project_is_kept():
    person = make_official(name="林建国")
    run(workbooks.REAL, "--county", "371423")
    project = Project.objects.get(code="2511-371423-07-01-405264")
    assert project.enterprise.name == "山东恒源新能源科技有限公司"
    assert project.enterprise.rung == Enterprise.Rung.HIGH_TECH
    assert project.township is not None
    assert (project.township.name_zh, project.township.parent) == ("渤海路街道", make_county())
    assert [project.planned_start_on, project.started_on] == [date(2025, 11, 1), date(2025, 11, 1)]
    assert [project.planned_completion_on, project.completed_on] == [date(2026, 7, 12), date(2026, 10, 17)]
    assert project.month_only == ["planned_start_on", "started_on"]
    assert project.stage == "in_production"
    assert project.included_on == date(2025, 12, 2)
    assert project.plans.get().amount == Decimal("6214.63")
    inspection = project.inspections.get()
    assert inspection.ytd_investment == Decimal("6836.09")
    assert (inspection.progress_note, inspection.origin) == ("已竣工投产", "workbook")
    assert set(Project.objects.filter(inspector=person).values_list("responsible_name", flat=True)) == {
        "林建国"
    }


def test_a_dry_run_writes_nothing():
    out, _ = run(workbooks.REAL, "--county", "371423", "--dry-run")
    assert out[-1] == "created 282, changed 0, unchanged 0, refused 0"
    assert Enterprise.objects.count() == 0


def test_the_command_speaks_english_and_lists_what_is_refused(tmp_path: Path):
    file = write(tmp_path, table(row(1), row(2, total=-5)))
    with translation.override("zh-hans"):
        out, err = run(file, "--county", "371423")
    assert out[-1] == "created 3, changed 0, unchanged 0, refused 1"
    assert "refused: row 5, column K (计划总投资（万元）) “-5”: An amount cannot be negative" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--county", "999999"], "There is no county 999999"),
        (["--county", "371423", "--cycle", "2026-10"], "write it like 2026-10-H2"),
        (["--county", "371423", "--cycle", "2062-10-H2"], "is not over"),
        (["--county", "371423", "--cycle", "2025-10-H2"], "is not of 2025"),
    ],
)
def test_the_command_says_what_it_was_told_wrongly(arguments: list[str], said: str):
    with pytest.raises(CommandError, match=said):
        run(workbooks.REAL, *arguments)


def test_the_command_says_that_a_file_cannot_be_read(tmp_path: Path):
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.xlsx", "--county", "371423")
    with pytest.raises(CommandError, match="No sheet has a half-monthly table"):
        run(write(tmp_path, b"nothing of the kind"), "--county", "371423")


# --- rows that are refused, and all others that are not ---


def test_a_wrong_row_is_left_out_and_the_others_are_taken():
    plan = take(table(row(1), row(2, credit_code="91371423MB0000002X"), row(3, progress=120)))
    assert errors(plan) == [(5, "not_a_credit_code"), (6, "not_a_percentage")]
    assert plan.counts == Counts(created=3, changed=0, unchanged=0, refused=2)
    assert list(Enterprise.objects.values_list("name", flat=True)) == ["虚构机械1有限公司"]


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"ytd": 900}, "year_above_total"),
        ({"completed": date(2026, 3, 1)}, "completed_before_start"),
        ({"started": date(2026, 11, 1), "note": "已竣工投产"}, "completed_before_start"),
    ],
)
def test_figures_that_contradict_each_other_are_refused(facts: dict[str, Any], code: str):
    assert errors(take(table(row(**facts)))) == [(4, code)]
    assert Project.objects.count() == 0


def test_the_second_row_of_a_project_is_refused_and_names_the_first():
    plan = take(table(row(1), row(2), row(1, cumulative=900)))
    assert errors(plan) == [(6, "twice_in_table")]
    (note,) = plan.rows[2].errors
    with translation.override("en"):
        assert "row 4 already" in remark(note)
    assert Inspection.objects.count() == 2


def test_an_enterprise_of_another_county_is_refused_without_telling_about_it():
    elsewhere = make_enterprise(
        make_county("371525"), name="邻县保密有限公司", credit_code=workbooks.credit_code(1)
    )
    plan = take(table(row(1), row(2)))
    assert errors(plan) == [(4, "enterprise_elsewhere")]
    assert "邻县" not in remark(plan.rows[0].errors[0])
    elsewhere.refresh_from_db()
    assert elsewhere.name == "邻县保密有限公司"


def test_a_project_of_another_county_or_another_enterprise_is_refused():
    make_project(make_enterprise(make_county("371525")), code=project_code(1))
    make_project(make_enterprise(), code=project_code(2))
    assert errors(take(table(row(1), row(2), row(3)))) == [(4, "project_elsewhere"), (5, "project_of_other")]


def test_what_is_odd_is_taken_with_a_warning():
    plan = take(
        table(
            row(1, inclusion="是", included_on=date(2026, 12, 31)),
            row(2, note="已竣工投产", completed=date(2026, 10, 20), progress=93),
            row(3, cumulative=2101, equipment=2001),
            row(4, code=None),
        )
    )
    assert errors(plan) == []
    assert sorted(warnings(plan)) == sorted(
        [
            "included_after_cut_off",
            "finished_below_hundred",
            "equipment_above_total",
            "over_planned_total",
            "no_project_code",
        ]
    )
    assert Inspection.objects.count() == 4


def test_an_enterprise_that_two_rows_describe_differently_is_as_the_first_says():
    other = row(2, enterprise="虚构改名有限公司", credit_code=workbooks.credit_code(1))
    plan = take(table(row(1), other))
    assert warnings(plan) == ["enterprise_differs"]
    assert Enterprise.objects.get().name == "虚构机械1有限公司"


def test_text_with_signs_of_a_formula_or_of_a_page_is_kept_as_text():
    name = "<script>alert(1)</script>'; DROP TABLE--"
    take(table(row(enterprise=name, problem="@SUM(A1)")))
    assert Enterprise.objects.get().name == name
    assert Project.objects.get().problem == "@SUM(A1)"


# --- finding what is there already ---


def test_a_project_without_a_code_is_known_by_its_name():
    take(table(row(code=None)))
    plan = take(table(row(code=None, cumulative=900)))
    assert plan.counts == Counts(created=0, changed=1, unchanged=2, refused=0)
    take(table(row(cumulative=900)))
    assert Project.objects.get().code == project_code(1)


def test_two_projects_of_one_name_need_their_codes():
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1))
    for number in (1, 2):
        make_project(enterprise, name="虚构产线1改造项目", code=project_code(number))
    assert errors(look(table(row(code=None)))) == [(4, "name_of_several")]
    assert look(table(row(code=project_code(3)))).count("projects") == {"new": 1}


def test_what_changed_is_told_with_its_old_and_its_new_value():
    take(table(row()))
    plan = take(table(row(cumulative=900, ytd=900, problem="资金到位慢", plan=1100, township="虚构街道")))
    assert changes(plan) == {
        "township": ("虚构镇", "虚构街道"),
        "problem": ("", "资金到位慢"),
        "annual_plan": (Decimal(1000), Decimal(1100)),
        "cumulative_investment": (Decimal(800), Decimal(900)),
        "ytd_investment": (Decimal(800), Decimal(900)),
    }
    assert plan.counts == Counts(created=0, changed=3, unchanged=0, refused=0)
    assert [(one.version, one.amount) for one in AnnualPlan.objects.order_by("version")] == [
        (1, 1000),
        (2, 1100),
    ]
    assert AnnualPlan.objects.get(version=2).reason == NAME
    assert look(
        table(row(cumulative=900, ytd=900, problem="资金到位慢", plan=1100, township="虚构街道"))
    ).counts == Counts(created=0, changed=0, unchanged=3, refused=0)


def test_what_the_table_leaves_empty_stays_but_a_solved_problem_goes():
    take(table(row(problem="资金到位慢")))
    take(table(row(contact=None, phone=None, started=None, planned_end=None, problem=None, responsible=None)))
    project = Project.objects.get()
    assert (project.contact_name, project.started_on) == ("张三", date(2026, 3, 5))
    assert project.planned_completion_on == date(2027, 3, 31)
    assert (project.responsible_name, project.problem) == ("官员甲", "")


def test_a_month_does_not_replace_a_day_that_is_known():
    take(table(row(started=date(2026, 3, 5))))
    assert changes(look(table(row(started="2026年3月")))) == {}
    take(table(row(started="2026年4月")))
    project = Project.objects.get()
    assert (project.started_on, project.month_only) == (date(2026, 4, 1), ["started_on"])
    take(table(row(started=date(2026, 4, 9))))
    project.refresh_from_db()
    assert (project.started_on, project.month_only) == (date(2026, 4, 9), [])


@pytest.mark.parametrize(
    ("facts", "known", "state"),
    [
        ({"inclusion": "否"}, None, "preparing"),
        ({"inclusion": None, "started": None, "note": "前期手续办理"}, None, "not_due"),
        ({"inclusion": "否"}, "submitted", "submitted"),
        ({"inclusion": "否"}, "included", "preparing"),
        ({"inclusion": "是"}, "submitted", "included"),
        ({"inclusion": "不适用"}, None, "not_applicable"),
        # It was too small when that was said.
        ({"inclusion": "否"}, "not_applicable", "preparing"),
        ({"inclusion": "否", "total": 499}, "not_applicable", "not_applicable"),
    ],
)
def test_a_no_says_less_than_what_is_known_of_the_papers(
    facts: dict[str, Any], known: str | None, state: str
):
    if known:
        enterprise = make_enterprise(credit_code=workbooks.credit_code(1))
        make_project(enterprise, code=project_code(1), inclusion_state=known)
    take(table(row(included_on=None, **facts)))
    assert Inspection.objects.get().inclusion_state == state
    assert Project.objects.get().inclusion_state == state


def test_an_industry_that_is_not_known_is_added_under_its_code():
    take(table(row(industry="C3499")))
    assert Industry.objects.get(code="3499").name_zh == "3499"


def test_of_two_inspectors_of_one_name_neither_gets_the_project():
    make_official(name="官员甲")
    make_official(name="官员甲")
    assert warnings(take(table(row()))) == ["inspector_of_several"]
    assert Project.objects.get().inspector is None


def test_an_inspector_of_another_county_does_not_get_the_project():
    make_official(name="官员甲", division=make_county("371525"))
    take(table(row()))
    assert Project.objects.get().inspector is None


# --- half-months ---


def test_a_table_for_a_closed_half_month_adds_what_is_missing_and_changes_nothing():
    take(table(row(1)))
    cycle = make_cycle()
    close_cycle(cycle, by=None, at=TAKEN_AT)
    plan = take(table(row(1, cumulative=900), row(2)))
    assert errors(plan) == [(4, "half_month_closed_here")]
    assert [note.code for note in plan.notes] == ["half_month_closed"]
    assert sorted(Inspection.objects.values_list("cumulative_investment", flat=True)) == [800, 800]
    assert Award.objects.standing().get(project__code=project_code(2)).state == "confirmed"
    assert take(table(row(1), row(2))).counts == Counts(created=0, changed=0, unchanged=6, refused=0)


def test_an_older_table_adds_its_inspections_and_leaves_newer_facts_alone():
    take(table(row(problem="新问题", total=2400, plan=1300)))
    older = HalfMonth.parse("2026-10-H1")
    plan = take(table(row(problem="旧问题", total=2000, plan=1000, cumulative=700, ytd=700)), older)
    assert changes(plan) == {}
    project = Project.objects.get()
    assert (project.problem, project.planned_total) == ("新问题", 2400)
    assert project.plans.get().amount == 1300
    assert Inspection.objects.get(cycle_start=older.start).cumulative_investment == 700
    assert Award.objects.standing().filter(cycle_start=older.start).count() == 1


def test_a_table_says_when_figures_fell_since_last_time():
    take(table(row(cumulative=900, ytd=900, progress=60)), HalfMonth.parse("2026-10-H1"))
    assert sorted(warnings(look(table(row())))) == ["investment_fell", "progress_fell", "year_fell"]


def test_a_skipped_half_month_takes_no_table():
    skip_cycle(make_cycle(), "春节")
    with pytest.raises(HalfMonthTakesNoTable):
        look(table(row()))


def test_a_half_month_that_is_not_over_takes_no_table():
    found = read_table(table(row()), NAME)
    assert half_month_of(found, None, date(2026, 10, 31)) == END_OF_OCTOBER
    with pytest.raises(HalfMonthTakesNoTable):
        half_month_of(found, None, date(2026, 10, 30))


def test_a_table_that_names_no_half_month_asks_for_one():
    with pytest.raises(HalfMonthTakesNoTable) as refused:
        half_month_of(read_table(table(row(), above=[]), NAME), None, date(2026, 11, 2))
    assert refused.value.code == "no_half_month"


def test_a_table_of_another_county_or_half_month_is_asked_about():
    plan = look(table(row(), above=[["冠县技改项目半月调度表"], ["调度时点：2026年10月15日"]]))
    assert [note.code for note in plan.notes] == ["other_half_month", "other_county"]


# --- two pairs of eyes ---


def test_where_a_second_person_is_wanted_a_table_only_submits():
    make_county(needs_second_person=True)
    lead = make_official("team_lead")
    take(table(row()), by=lead)
    inspection = Inspection.objects.get()
    assert (inspection.state, inspection.inspector, inspection.reviewed_at) == ("submitted", lead, None)
    assert Award.objects.count() == 0
    assert take(table(row()), by=lead).counts == Counts(created=0, changed=0, unchanged=3, refused=0)


def test_figures_that_replace_accepted_ones_wait_for_the_second_person_again():
    take(table(row()))
    make_county(needs_second_person=True)
    take(table(row(cumulative=900)))
    assert Inspection.objects.get().state == "submitted"


def test_what_was_entered_on_the_page_is_replaced_but_its_sentence_stays():
    enterprise = make_enterprise(credit_code=workbooks.credit_code(1))
    make_inspection(make_project(enterprise, code=project_code(1)), remark="设备按计划安装")
    take(table(row()))
    inspection = Inspection.objects.get()
    assert (inspection.cumulative_investment, inspection.remark, inspection.edition) == (
        800,
        "设备按计划安装",
        2,
    )


# --- all or nothing, and at what cost ---


def test_when_the_database_objects_nothing_of_the_table_is_taken(monkeypatch: pytest.MonkeyPatch):
    def fails(*_args: Any, **_facts: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(actions, "record_from_table", fails)
    with pytest.raises(LibraryChanged):
        take(table(row()))
    assert [Enterprise.objects.count(), Division.objects.filter(name_zh="虚构镇").count()] == [0, 0]


@pytest.mark.parametrize("count", [1, 60])
def test_a_plan_costs_the_same_for_one_row_as_for_many(count: int, django_assert_max_num_queries: Any):
    content = table(*[row(number) for number in range(1, count + 1)])
    take(content)
    found, county = read_table(content, NAME), make_county()
    with django_assert_max_num_queries(13):
        plan_for(found, county, END_OF_OCTOBER)


@pytest.mark.parametrize("count", [1, 60])
def test_taking_costs_the_same_for_one_row_as_for_many(count: int, django_assert_max_num_queries: Any):
    found = read_table(table(*[row(number) for number in range(1, count + 1)]), NAME)
    county = make_county()
    with django_assert_max_num_queries(90):
        take_table(found, county, END_OF_OCTOBER, source=NAME, by=None, at=TAKEN_AT)


@override_settings(LANGUAGE_CODE="en")
def test_every_remark_can_be_said_in_both_languages():
    values = dict.fromkeys(
        (
            "most",
            "row",
            "column",
            "sheet",
            "missing",
            "head",
            "year",
            "known",
            "first",
            "enterprise",
            "half_month",
        ),
        7,
    ) | dict.fromkeys(
        ("named", "named_half_month", "county", "other", "heads", "unit", "count", "credit_code", "project"),
        7,
    )
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for texts in (ERRORS, WARNINGS, NOTES, REFUSALS):
                for code, text in texts.items():
                    said = str(text) % values if "%(" in str(text) else str(text)
                    assert "%(" not in said, code


def test_a_workbook_with_several_sheets_tells_which_is_read():
    plan = look(workbook({"上": [workbooks.HEAD, row(1)], "下": [workbooks.HEAD, row(2)]}))
    assert [note.code for note in plan.notes] == ["other_sheet"]


def test_columns_that_are_not_read_are_named():
    head = [*workbooks.HEAD, "2025年计划投资（万元）", "亩均税收"]
    (note,) = look(workbook({"表": [head, [*row(), 5, 6]]})).notes
    assert "AC 亩均税收；AB 2025年计划投资（万元）" in remark(note)
