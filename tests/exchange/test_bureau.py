"""The statistics bureau's list: read in many shapes, matched, looked at, taken once, by the liaison alone."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from openpyxl import Workbook

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
from tracker.accounts.roles import Role
from tracker.calendars.periods import Month
from tracker.exchange import bureau
from tracker.exchange.archive import UnreadableFile
from tracker.exchange.bureau import (
    AlreadyTaken,
    Kind,
    ListHasNoMonth,
    choose_project,
    counts_of,
    hand_in_list,
    plan_for,
    take_list,
)
from tracker.exchange.bureau_words import refusal, remark
from tracker.inspections.models import Inspection
from tracker.library.inclusion.actions import ChangedMeanwhile, NotTheLiaison
from tracker.library.inclusion.models import BureauList, StatisticalFigure
from tracker.library.models import Project

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 12)
NOW = moment(TODAY)
CODE = "2101-371591-04-01-436244"
HEAD = [
    *("序号", "项目代码", "项目名称", "单位名称", "统一社会信用代码", "本年完成投资（万元）"),
    *("建筑工程", "安装工程", "设备工器具购置", "其中：旧设备", "其他费用", "入库时间", "入库文号"),
]
TITLE = ["2026年1-10月固定资产投资项目情况（单位：万元）"]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def liaison() -> User:
    return make_official(Role.STATISTICS_LIAISON)


@pytest.fixture
def project() -> Project:
    enterprise = make_enterprise(name="虚构轴承有限公司")
    return make_project(
        enterprise, name="轴承磨床改造", code=CODE, inclusion_state="submitted", included_on=None
    )


def row_of(of: Project | None = None, /, **cells: Any) -> list[Any]:
    """A row of the list about the project."""
    said = {
        "number": 1,
        "code": (of.code or "") if of else "",
        "project": of.name if of else "",
        "enterprise": of.enterprise.name if of else "",
        "credit": of.enterprise.credit_code if of else "",
        "ytd": 900,
        **dict.fromkeys(("construction", "installation", "equipment", "used", "other"), ""),
        "day": "",
        "reference": "",
        **cells,
    }
    return list(said.values())


def xlsx(*rows: list[Any], head: list[str] | None = None, title: list[str] | None = None) -> bytes:
    workbook = Workbook()
    for row in (TITLE if title is None else title, head or HEAD, *rows):
        workbook.active.append(row)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def csv_of(*rows: list[Any], encoding: str = "utf-8-sig") -> bytes:
    lines = [TITLE, HEAD, *rows]
    return "\r\n".join(",".join(str(cell) for cell in line) for line in lines).encode(encoding)


def handed_in(
    liaison: User, content: bytes, filename: str = "名单.xlsx", chosen: Month | None = None
) -> BureauList:
    return hand_in_list(make_county(), filename, content, chosen=chosen, by=liaison, at=NOW)


# --- reading ---


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("名单.xlsx", xlsx),
        ("名单.csv", csv_of),
        ("名单.CSV", lambda *rows: csv_of(*rows, encoding="utf-8")),
        ("名单.csv", lambda *rows: csv_of(*rows, encoding="gb18030")),
    ],
    ids=["xlsx", "csv with BOM", "csv without BOM", "csv in GB18030"],
)
def test_the_list_is_read_as_workbook_and_as_csv(liaison: User, project: Project, name: str, make: Any):
    batch = handed_in(liaison, make(row_of(project)), name)
    assert batch.period == Month(2026, 10)
    [row] = plan_for(batch, TODAY)
    assert (row.kind, row.project, row.said.amounts.ytd) == (Kind.NEW, project, 900)


@pytest.mark.parametrize(
    ("head", "written", "ytd"),
    [
        ("本年完成投资（亿元）", "0.09", "900.00"),
        ("1-10月完成投资（元）", "9,000,000", "900.00"),
        ("自年初累计完成投资", "９００", "900.00"),
        ("2026年累计完成投资", "900万元", "900.00"),
    ],
)
def test_money_comes_in_the_unit_of_its_head(liaison: User, project: Project, head, written, ytd):
    heads = [head if one.startswith("本年完成") else one for one in HEAD]
    batch = handed_in(liaison, xlsx(row_of(project, ytd=written), head=heads))
    [row] = plan_for(batch, TODAY)
    assert row.said.amounts.ytd == Decimal(ytd)


def test_totals_notes_and_empty_rows_are_no_projects(liaison: User, project: Project):
    rows = [row_of(project), [], ["合计", "", "", "", "", 900], ["说明：以联网直报为准"]]
    assert len(plan_for(handed_in(liaison, xlsx(*rows)), TODAY)) == 1


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.xlsx", "file_empty"),
        (b"", "a.csv", "file_empty"),
        (b"PK\x03\x04broken", "a.xlsx", "file_broken"),
        (b"\x00\x01", "a.csv", "not_a_workbook"),
        (b"\xff\xfe\xff\xff\xff", "a.csv", "is_utf16"),
        (b"a,b\r\n1,2", "a.csv", "no_bureau_list"),
        (b"x" * (10 * 1024 * 1024 + 1), "a.csv", "file_too_large"),
        (csv_of(), "a.csv", "no_rows_in_list"),
        (xlsx(), "a.xlsx", "no_rows_in_list"),
        (b"text", "a.txt", "no_bureau_list"),
        (csv_of(*[row_of(project="某项目")] * 5_001), "a.csv", "too_many_rows"),
    ],
)
def test_a_file_without_a_list_is_refused_with_the_remedy(
    liaison: User, content: bytes, name: str, code: str
):
    with pytest.raises(UnreadableFile) as refused:
        handed_in(liaison, content, name)
    assert refused.value.code == code
    assert len(refusal(refused.value)) > 10
    assert not BureauList.objects.exists()


@pytest.mark.parametrize(
    ("title", "chosen", "month"),
    [
        ("2026年9月", None, Month(2026, 9)),
        ("2026年1-9月", Month(2026, 10), Month(2026, 10)),
        ("无标题", Month(2026, 8), Month(2026, 8)),
        ("无标题", None, None),
        ("2026年1月", None, None),
        ("2026年11月", None, None),
        ("2027年3月", None, None),
    ],
)
def test_the_month_is_that_of_the_list_unless_somebody_says_another(
    liaison: User, project: Project, title: str, chosen: Month | None, month: Month | None
):
    content = xlsx(row_of(project), title=[title])
    if month is None:
        with pytest.raises(ListHasNoMonth):
            handed_in(liaison, content, chosen=chosen)
    else:
        assert handed_in(liaison, content, chosen=chosen).period == month


def test_a_row_tells_all_its_errors_at_once_by_column(liaison: User, project: Project):
    wrong = row_of(project, code="12", credit="91", ytd="很多", day="2026-13-40", reference="x" * 61)
    [row] = plan_for(handed_in(liaison, xlsx(wrong)), TODAY)
    assert row.kind == Kind.WRONG
    assert sorted((note.letter, note.code) for note in row.errors) == [
        ("B", "not_a_project_code"),
        ("E", "not_a_credit_code"),
        ("F", "not_an_amount"),
        ("L", "not_a_date"),
        ("M", "too_long"),
    ]
    assert all(len(remark(note)) > 5 for note in row.errors)


def test_parts_that_do_not_add_up_and_days_to_come_are_wrong(liaison: User, project: Project):
    parts = {"construction": 100, "installation": 0, "equipment": 700, "other": 0}
    [row] = plan_for(handed_in(liaison, xlsx(row_of(project, **parts, day="2026-11-13"))), TODAY)
    assert sorted(note.code for note in row.errors) == ["day_in_future", "parts_do_not_add_up"]


# --- matching ---


def test_a_row_is_matched_by_code_then_by_credit_code_and_name(liaison: User, project: Project):
    uncoded = make_project(project.enterprise, name="热处理 改造", code=None)
    rows = [
        row_of(project, project="改了名字", enterprise="", credit=""),
        row_of(uncoded, project="热处理改造", enterprise="旧名"),
    ]
    found = plan_for(handed_in(liaison, xlsx(*rows)), TODAY)
    assert [row.project for row in found] == [project, uncoded]
    assert [note.code for note in found[0].warnings] == ["other_name"]


def test_what_is_left_over_is_shown_with_those_that_it_may_be(liaison: User, project: Project):
    make_project(make_enterprise(), name="完全无关的项目")
    make_project(make_enterprise(make_county("371525")), name=project.name)
    nearly = row_of(None, project="轴承磨床改造项目", enterprise="虚构轴承公司")
    [row] = plan_for(handed_in(liaison, xlsx(nearly)), TODAY)
    assert (row.kind, row.project, row.candidates) == (Kind.UNMATCHED, None, [project])


def test_two_codes_that_contradict_are_left_to_people(liaison: User, project: Project):
    other = row_of(project, code="2509-140602-89-05-864976")
    [row] = plan_for(handed_in(liaison, xlsx(other)), TODAY)
    assert (row.kind, row.candidates) == (Kind.UNMATCHED, [project])


def test_a_row_is_matched_by_hand_or_left_out(liaison: User, project: Project):
    rows = [
        row_of(None, project="别名", enterprise="某公司"),
        row_of(None, project="县外", enterprise="某公司"),
    ]
    batch = handed_in(liaison, xlsx(*rows))
    choose_project(batch, 3, project)
    choose_project(batch, 4, None)
    batch.refresh_from_db()
    assert [row.kind for row in plan_for(batch, TODAY)] == [Kind.NEW, Kind.LEFT_OUT]
    elsewhere = make_project(make_enterprise(make_county("371525")))
    with pytest.raises(Project.DoesNotExist):
        choose_project(batch, 3, elsewhere)


def test_one_project_twice_in_a_list_is_wrong_the_second_time(liaison: User, project: Project):
    found = plan_for(handed_in(liaison, xlsx(row_of(project), row_of(project, ytd=1))), TODAY)
    assert [row.kind for row in found] == [Kind.NEW, Kind.WRONG]
    assert [note.code for note in found[1].errors] == ["twice_in_list"]


# --- taking ---


def test_figures_state_and_reference_are_set_in_the_liaisons_name_and_the_rest_stands(
    liaison: User, project: Project
):
    inspection = make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    before = Inspection.objects.filter(pk=inspection.pk).values().get()
    parts = {"construction": 100, "installation": 50, "equipment": 700, "used": 20, "other": 50}
    row = row_of(project, **parts, day="2026-10-28", reference="统字〔2026〕7号")
    batch = handed_in(liaison, xlsx(row))
    counts = take_list(batch, by=liaison, at=NOW)
    assert (counts["new"], counts["wrong"]) == (1, 0)
    figure = StatisticalFigure.objects.get()
    assert (figure.source, figure.set_by, figure.equipment) == (batch, liaison, 700)
    project.refresh_from_db()
    assert (project.inclusion_state, project.included_on) == ("included", date(2026, 10, 28))
    assert project.inclusion_reference == "统字〔2026〕7号"
    assert Inspection.objects.filter(pk=inspection.pk).values().get() == before


def test_confirmed_twice_it_is_taken_once(liaison: User, project: Project):
    batch = handed_in(liaison, xlsx(row_of(project)))
    take_list(batch, by=liaison, at=NOW)
    with pytest.raises(AlreadyTaken):
        take_list(batch, by=liaison, at=NOW)
    with pytest.raises(AlreadyTaken):
        choose_project(batch, 3, None)
    assert StatisticalFigure.objects.count() == 1


def test_the_same_list_again_changes_nothing_and_another_figure_is_shown(liaison: User, project: Project):
    take_list(handed_in(liaison, xlsx(row_of(project))), by=liaison, at=NOW)
    [row] = plan_for(handed_in(liaison, xlsx(row_of(project))), TODAY)
    assert row.kind == Kind.SAME
    [row] = plan_for(handed_in(liaison, xlsx(row_of(project, ytd=901))), TODAY)
    assert row.kind == Kind.CHANGED
    assert [(one.field, one.old, one.new) for one in row.changes] == [("ytd", Decimal(900), Decimal(901))]


def test_parts_that_the_list_leaves_out_stay_as_long_as_the_whole_does(liaison: User, project: Project):
    parts = {"construction": 200, "installation": 0, "equipment": 700, "other": 0}
    take_list(handed_in(liaison, xlsx(row_of(project, **parts))), by=liaison, at=NOW)
    [same] = plan_for(handed_in(liaison, xlsx(row_of(project))), TODAY)
    assert same.kind == Kind.SAME
    [other] = plan_for(handed_in(liaison, xlsx(row_of(project, ytd=950))), TODAY)
    assert ("equipment", Decimal(700), None) in [(one.field, one.old, one.new) for one in other.changes]


def test_what_was_written_since_the_preview_stops_the_whole_list(liaison: User, project: Project):
    batch = handed_in(liaison, xlsx(row_of(project)))
    seen = counts_of(plan_for(batch, TODAY))
    take_list(handed_in(liaison, xlsx(row_of(project, ytd=800))), by=liaison, at=NOW)
    with pytest.raises(ChangedMeanwhile):
        take_list(batch, by=liaison, at=NOW, seen=seen)
    batch.refresh_from_db()
    assert batch.state == BureauList.State.UPLOADED
    assert StatisticalFigure.objects.get().ytd_investment == 800


def test_nobody_but_the_liaison_takes_it_and_nothing_is_half_taken(liaison: User, project: Project):
    batch = handed_in(liaison, xlsx(row_of(project)))
    with pytest.raises(NotTheLiaison):
        take_list(batch, by=make_official(Role.TEAM_LEAD), at=NOW)
    batch.refresh_from_db()
    assert batch.state == BureauList.State.UPLOADED
    assert not StatisticalFigure.objects.exists()


def test_a_failure_half_way_takes_nothing(liaison: User, project: Project, monkeypatch: pytest.MonkeyPatch):
    second = make_project(project.enterprise, name="二期", code=None)
    batch = handed_in(liaison, xlsx(row_of(project), row_of(second)))
    kept = bureau._take

    def fails_at_the_second(row: Any, *args: Any, **options: Any) -> None:
        if row.project == second:
            raise OSError("power")
        kept(row, *args, **options)

    monkeypatch.setattr(bureau, "_take", fails_at_the_second)
    with pytest.raises(OSError, match="power"):
        take_list(batch, by=liaison, at=NOW)
    assert not StatisticalFigure.objects.exists()
    monkeypatch.undo()
    batch.refresh_from_db()
    with time_machine.travel(NOW, tick=False):
        assert take_list(batch, by=liaison, at=NOW)["new"] == 2


@pytest.mark.parametrize(
    ("facts", "cells", "code"),
    [
        (
            {"planned_total": Decimal(400), "inclusion_state": "not_applicable"},
            {"day": "2026-10-01"},
            "below_threshold",
        ),
        ({}, {"day": "", "state": "是"}, "state_without_day"),
        ({"inclusion_state": "removed"}, {"day": "2026-10-01", "state": "退回"}, "no_such_move"),
    ],
)
def test_where_the_list_says_what_cannot_be_the_state_stands_and_it_is_pointed_out(
    liaison: User, project: Project, facts: dict[str, Any], cells: dict[str, Any], code: str
):
    Project.objects.filter(pk=project.pk).update(**facts)
    project.refresh_from_db()
    state = cells.pop("state", "")
    row = [*row_of(project, **cells), state]
    batch = handed_in(liaison, xlsx(row, head=[*HEAD, "是否入库"]))
    [planned] = plan_for(batch, TODAY)
    assert [note.code for note in planned.warnings] == [code]
    take_list(batch, by=liaison, at=NOW)
    before = project.inclusion_state
    project.refresh_from_db()
    assert project.inclusion_state == before
    assert StatisticalFigure.objects.get().ytd_investment == 900


def test_a_formula_is_text_and_is_never_worked_out(liaison: User, project: Project):
    [row] = plan_for(handed_in(liaison, csv_of(row_of(project, ytd="=900+1")), "名单.csv"), TODAY)
    assert [note.code for note in row.errors] == ["not_an_amount"]


def test_two_hundred_rows_are_planned_with_the_same_few_questions(
    liaison: User, project: Project, django_assert_max_num_queries: Any
):
    rows = [row_of(None, project=f"项目{number}", enterprise="某公司") for number in range(200)]
    batch = handed_in(liaison, xlsx(row_of(project), *rows))
    with django_assert_max_num_queries(4):
        plan_for(batch, TODAY)
