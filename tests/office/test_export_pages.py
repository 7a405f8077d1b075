"""What a list shows, taken out as a file: by whom, with what in it, and written down."""

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

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
from tracker.audit.models import AuditEntry
from tracker.calendars.periods import HalfMonth
from tracker.exchange import exports
from tracker.exchange.queries import plan_for
from tracker.exchange.sheet import read_table
from tracker.library.models import Enterprise, Project
from tracker.office.filters import ProjectFilters
from tracker.office.lists.choices import choices_for

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(moment(TODAY), tick=False):
        yield


def client_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def lead(**facts: Any) -> Any:
    return make_official(Role.TEAM_LEAD, language="en", **facts)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows_of_csv(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(answer).decode("utf-8-sig"))))


def rows_of_xlsx(answer: Any) -> list[dict[str, Any]]:
    head, *rows = load_workbook(io.BytesIO(body(answer))).active.iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def entries(act: str) -> list[dict[str, Any]]:
    return list(AuditEntry.objects.filter(act=act).order_by("pk").values_list("after", flat=True))


def test_the_list_of_projects_as_it_is_narrowed_down():
    project = make_project(
        make_enterprise(name="虚构甲有限公司"),
        name="=甲线改造",
        township=make_township(name="虚构镇"),
        month_only=["started_on"],
        inspector=make_official(name="李明"),
        code="2603-371423-04-01-100017",
    )
    make_inspection(project, make_cycle(), ytd_investment=Decimal(600), cumulative_investment=Decimal(600))
    make_project(name="乙线改造")
    make_project(make_enterprise(make_county("371525")), name="外县改造")
    person = lead()
    answer = client_of(person).get(reverse("office:export_projects"), {"q": "甲线", "stage": "building"})
    assert answer["Cache-Control"] == "private, no-store"
    assert "filename*=UTF-8''Projects-Qingyun" in answer["Content-Disposition"]
    [row] = rows_of_xlsx(answer)
    assert row == {
        "Badge": "Red",
        "Project": "=甲线改造",
        "Enterprise": "虚构甲有限公司",
        "Township": "虚构镇",
        "Planned total (万元)": 2000,
        "Plan this year (万元)": 1200,
        "Done this year (万元)": 600,
        "Done (%)": 50,
        "Stage": "Under construction",
        "Inclusion": "Included",
        "Inspector": "李明",
    }
    assert entries("exported") == [
        {"list": "projects", "format": "xlsx", "filters": {"q": "甲线", "stage": "building"}, "rows": 1}
    ]

    [row] = rows_of_csv(client_of(person).get(reverse("office:export_projects"), {
        "q": "甲线", "format": "csv", "columns": "all",
    }))  # fmt: skip
    assert row["Project"] == "'=甲线改造"
    assert [row["Project code"], row["Started on"], row["Planned start"]] == [
        "2603-371423-04-01-100017",
        "2026-01",
        "2026-01-01",
    ]
    assert row["Since the start (万元)"] == "600.00"


def test_the_lists_of_enterprises_and_of_what_is_not_in_statistics():
    firm = make_enterprise(name="虚构甲有限公司", rung="high_tech")
    make_project(firm, badge="red", inclusion_state="preparing", included_on=None, name="甲线改造")
    make_project(firm, badge="gold")
    client = client_of(lead())
    [row] = rows_of_csv(client.get(reverse("office:export_enterprises"), {"format": "csv"}))
    assert [row["Worst badge"], row["Projects"], row["Grade"]] == ["Red", "2", "High-tech enterprise"]
    [row] = rows_of_csv(
        client.get(reverse("office:export_inclusion"), {"format": "csv", "state": "preparing"})
    )
    assert [row["Project"], row["Days since"], row["State"]] == ["甲线改造", "301", "Preparing papers"]


def test_in_chinese_heads_words_and_name_are_chinese():
    make_project()
    person = make_official(Role.LEADER, language="zh-hans")
    answer = client_of(person).get(reverse("office:export_projects"), {"format": "csv"})
    assert "%E5%BA%86%E4%BA%91%E5%8E%BF" in answer["Content-Disposition"]
    assert rows_of_csv(answer)[0]["项目阶段"] == "在建"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_two_columns_have_the_same_head(language: str):
    with translation.override(language):
        for columns in (
            exports.project_columns(2026),
            exports.inclusion_columns(TODAY),
            exports.enterprise_columns(),
        ):
            heads = [column.head.title for column in columns]
            assert len(heads) == len(set(heads)), sorted(heads)


def test_telephone_numbers_are_masked_unless_they_are_asked_for_and_then_it_is_recorded():
    make_project(contact_phone="13812345678", problem="找张三 13812345678", name="甲线")
    make_project(contact_phone="", name="乙线")
    client = client_of(lead())
    all_columns = {"format": "csv", "columns": "all"}
    text = body(client.get(reverse("office:export_projects"), all_columns)).decode()
    assert "13812345678" not in text
    assert "138****5678" in text
    assert entries("revealed") == []

    text = body(client.get(reverse("office:export_projects"), {**all_columns, "phones": "plain"})).decode()
    assert text.count("13812345678") == 2
    assert entries("revealed") == [{"field": "contact_phone", "list": "projects", "filters": {}, "rows": 1}]
    reader = client_of(make_official(Role.LEADER))
    text = body(reader.get(reverse("office:export_projects"), {**all_columns, "phones": "plain"})).decode()
    assert "13812345678" not in text
    assert len(entries("revealed")) == 1


@pytest.mark.parametrize("model", [Project, Enterprise])
def test_numbers_are_revealed_in_the_rows_in_which_the_page_would_reveal_them(model: Any):
    county = make_county()
    township = make_township(county)
    inspector = make_official()
    people = [
        lead(),
        inspector,
        make_official(Role.TEAM_LEAD, township),
        make_official(Role.LEADER),
        make_official(Role.TEAM_LEAD, county.parent),
    ]
    own, other = make_enterprise(township=township), make_enterprise()
    make_project(own, inspector=inspector, township=township)
    make_project(own)
    make_project(other)
    for person in people:
        reveals = exports.may_reveal(person, model)
        shown = set() if reveals is None else set(model.objects.filter(reveals).values_list("pk", flat=True))
        rows = model.objects.visible_to(person)
        assert shown & {row.pk for row in rows} == {
            row.pk for row in rows if person.can("reveal_phone", row)
        }, person.role


def test_the_same_few_statements_for_one_row_and_for_many(django_assert_num_queries: Any):
    for _number in range(5):
        make_project()
    choices = choices_for(lead(), make_county(), "projects")
    rows = ProjectFilters({}, Project.objects.all(), choices=choices).qs
    with django_assert_num_queries(1):
        assert len(list(exports.export(rows, exports.project_columns(2026)).rows)) == 5


def test_the_projects_in_the_countys_own_table_are_taken_back_unchanged():
    cycle = make_cycle()
    for number in range(3):
        make_inspection(make_project(name=f"线{number}"), cycle)
    make_inspection(make_project(name="不要"), cycle)
    make_project(name="线未调度")
    answer = client_of(lead()).get(reverse("office:export_projects"), {"format": "table", "q": "线"})
    table = read_table(body(answer), "x.xlsx")
    plan = plan_for(table, make_county(), HalfMonth.parse("2026-10-H2"))
    assert [row.kind for row in plan.rows] == ["same"] * 3
    assert entries("exported") == [{"list": "projects", "format": "table", "filters": {"q": "线"}, "rows": 3}]


def test_projects_that_nobody_has_inspected_have_no_table_and_it_is_said_why():
    make_project()
    answer = client_of(lead()).get(reverse("office:export_projects"), {"format": "table"}, follow=True)
    assert "None of these projects has been inspected yet" in answer.content.decode()


def test_the_table_of_the_half_month_is_downloaded_from_the_board_and_from_the_imports():
    make_inspection(make_project(), make_cycle())
    make_cycle(code="2026-11-H1")
    client = client_of(lead())
    address = reverse("office:review_table", args=["2026-10-H2"])
    assert address in client.get(reverse("office:imports")).content.decode()
    assert address in client.get(reverse("office:cycle", args=["2026-10-H2"])).content.decode()
    answer = client.get(reverse("office:review_table", args=["2026-11-H1"]))
    assert 'filename="table-371423-2026-11-H1.xlsx"' in answer["Content-Disposition"]
    assert read_table(body(answer), "x.xlsx").half_month == HalfMonth.parse("2026-11-H1")
    assert entries("exported")[-1] == {"list": "review_table", "half_month": "2026-11-H1", "rows": 1}


def test_somebody_of_a_township_takes_out_what_they_see():
    township = make_township()
    make_project(name="镇内", township=township)
    make_project(name="镇外")
    person = make_official(Role.INSPECTOR, township, language="en")
    rows = rows_of_csv(client_of(person).get(reverse("office:export_projects"), {"format": "csv"}))
    assert [row["Project"] for row in rows] == ["镇内"]
    table = body(client_of(person).get(reverse("office:review_table", args=["2026-11-H1"])))
    assert len(read_table(table, "x.xlsx").lines) == 1
