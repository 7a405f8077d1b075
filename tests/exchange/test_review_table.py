"""The county's table as we give it out: of the county's own shape, and taken back as it was."""

import io
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from openpyxl import Workbook, load_workbook

from tests.exchange import workbooks
from tests.exchange.workbooks import saved
from tests.factories import make_county, make_cycle, make_enterprise, make_inspection, make_project, moment
from tracker.calendars.periods import HalfMonth
from tracker.exchange import shape
from tracker.exchange.actions import take_table
from tracker.exchange.queries import Kind, Plan, plan_for
from tracker.exchange.review_table import NothingReported, half_month_of_most, reported, template
from tracker.exchange.rules import NATURES, Field, inclusion_of, rung_of, stage_of
from tracker.exchange.sheet import read_table
from tracker.inspections.models import Inspection
from tracker.library.models import Enterprise, InclusionState, Project, Stage

OCTOBER, NOVEMBER = HalfMonth.parse("2026-10-H2"), HalfMonth.parse("2026-11-H1")
NAME = "表.xlsx"


def looked_at(content: bytes, half_month: HalfMonth = OCTOBER) -> Plan:
    return plan_for(read_table(content, NAME), make_county(), half_month)


def changes(plan: Plan) -> list[tuple[str, Any, Any]]:
    return [(change.field, change.old, change.new) for row in plan.rows for change in row.changes]


def remarks(plan: Plan) -> list[str]:
    notes = [note for row in plan.rows for note in [*row.errors, *row.warnings]]
    return [note.code for note in [*plan.notes, *notes]]


def projects() -> Any:
    return Project.objects.of_county(make_county()).followed()


def book_of(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


@pytest.mark.django_db
class TestTheCountysOwnTable:
    @pytest.fixture(autouse=True)
    def world(self) -> None:
        call_command("import_review_table", workbooks.REAL, "--county", "371423", stdout=io.StringIO())

    def test_taken_in_and_given_out_it_says_the_same_and_one_edit_is_one_change(self):
        content = reported(projects(), make_county(), OCTOBER)
        plan = looked_at(content)
        assert changes(plan) == []
        assert {row.kind for row in plan.rows} == {Kind.SAME}
        assert len(plan.rows) == 97
        assert set(remarks(plan)) <= set(remarks(looked_at(workbooks.REAL.read_bytes())))

        book = book_of(content)
        sheet = book[shape.SHEET]
        at = {column.field: number for number, column in enumerate(shape.drawn(2026), start=1)}
        code = sheet.cell(9, at[Field.PROJECT_CODE]).value
        old = Inspection.objects.get(project__code=code).cumulative_investment
        sheet.cell(9, at[Field.CUMULATIVE]).value = float(old) + 1.25
        edited = saved(book)
        assert changes(looked_at(edited)) == [("cumulative_investment", old, old + Decimal("1.25"))]

        take_table(
            read_table(edited, NAME),
            make_county(),
            OCTOBER,
            source=NAME,
            by=None,
            at=moment(date(2026, 11, 2)),
        )
        assert changes(looked_at(reported(projects(), make_county(), OCTOBER))) == []

    def test_it_has_the_shape_that_the_county_draws(self):
        own, given = load_workbook(workbooks.REAL)["半月调度表"], None
        given = book_of(reported(projects(), make_county(), OCTOBER))[shape.SHEET]
        for row in (1, 3, 4):
            assert [cell.value for cell in own[row]] == [cell.value for cell in given[row]] or row == 1
        assert given["A2"].value == own["A2"].value
        heads = {str(area) for area in own.merged_cells.ranges if area.max_row <= 4}
        assert {str(area) for area in given.merged_cells.ranges if area.max_row <= 4} == heads
        assert [given.freeze_panes, given.print_title_rows] == ["C5", "$3:$4"]
        assert not any(cell.data_type == "f" for row in given.iter_rows() for cell in row)

    def test_the_next_half_months_table_is_filled_in_with_the_last_figures_and_taken_without_a_remark(self):
        # What is odd in the county's own rows is remarked there already.
        odd = {
            row.number for row in looked_at(workbooks.REAL.read_bytes()).rows if row.warnings or row.errors
        }
        content = template(projects(), make_county(), NOVEMBER)
        plan = looked_at(content, NOVEMBER)
        assert len(plan.rows) == projects().count()
        assert Counter(row.inspection.kind for row in plan.sound if row.inspection) == {
            Kind.NEW: len(plan.rows)
        }
        assert changes(plan) == []
        assert plan.notes == []
        assert sum(bool(row.warnings) for row in plan.rows) <= len(odd)
        assert read_table(content, NAME).half_month == NOVEMBER


@pytest.fixture
def project(db: None) -> Project:
    firm = make_enterprise(contact_phone="13812345678", rung="high_tech", chain="新材料")
    return make_project(
        firm,
        code="2603-371423-04-01-100017",
        contact_phone="13912345678",
        contact_name="李四",
        responsible_name="王五",
        month_only=["planned_start_on"],
    )


def test_what_was_entered_on_the_page_says_the_same_too(project: Project):
    cycle = make_cycle()
    make_inspection(project, cycle, progress_percent=Decimal("0.5"), stage="building")
    for number, stage in enumerate(["filed", "started", "completed", "in_production", "outcome_verified"]):
        facts: dict[str, Any] = {"started_on": None} if stage == "filed" else {}
        if stage in {"completed", "in_production", "outcome_verified"}:
            facts["completed_on"] = date(2026, 10, 1)
        state = list(InclusionState)[number]
        other = make_project(stage=stage, inclusion_state=state, included_on=None, **facts)
        make_inspection(other, cycle, stage=stage, inclusion_state=state, included_on=None)
    assert changes(looked_at(reported(projects(), make_county(), OCTOBER))) == []


def test_a_project_that_nobody_has_inspected_is_given_no_figures_of_that_half_month(project: Project):
    with pytest.raises(NothingReported):
        reported(projects(), make_county(), OCTOBER)
    make_inspection(make_project(), make_cycle())
    table = read_table(reported(projects(), make_county(), OCTOBER), NAME)
    assert len(table.lines) == 1
    assert half_month_of_most(projects()) == OCTOBER
    assert [one.text[:12] for one in table.left_out if "另有1个项目" in one.text] != []


def test_it_is_of_the_half_month_that_most_projects_were_inspected_in_last(project: Project):
    earlier, later = make_cycle(code="2026-10-H1"), make_cycle()
    make_inspection(project, earlier)
    make_inspection(project, later)
    for _number in range(2):
        make_inspection(make_project(), earlier)
    half_month = half_month_of_most(projects())
    assert half_month == earlier.half_month
    content = reported(projects(), make_county(), half_month)
    # What was inspected since would not take what is edited here.
    assert len(read_table(content, NAME).lines) == 2
    assert changes(looked_at(content, half_month)) == []


def test_telephone_numbers_are_masked_and_taken_back_they_leave_what_is_kept(project: Project):
    make_inspection(project, make_cycle())
    content = reported(projects(), make_county(), OCTOBER)
    texts = {str(cell.value) for row in book_of(content)[shape.SHEET].iter_rows() for cell in row}
    assert "139****5678" in texts
    assert not any("12345678" in text for text in texts)
    assert changes(looked_at(content)) == []


def test_a_text_that_looks_like_a_formula_stays_text(project: Project):
    Project.objects.filter(pk=project.pk).update(name='=HYPERLINK("http://x")', problem="+1")
    make_inspection(project, make_cycle())
    content = reported(projects(), make_county(), OCTOBER)
    cells = [cell for row in book_of(content)[shape.SHEET].iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    suspects = [cell for cell in cells if str(cell.value).startswith(("=", "+"))]
    assert [cell.quotePrefix for cell in suspects] == [True, True]
    assert changes(looked_at(content)) == []


def test_at_new_year_the_years_figures_are_left_to_be_filled_in(project: Project):
    make_inspection(project, make_cycle(code="2026-12-H2"))
    january = HalfMonth.parse("2027-01-H1")
    table = template(projects(), make_county(), january)
    plan = plan_for(read_table(table, NAME), make_county(), january)
    assert [note.code for note in plan.rows[0].errors] == ["missing"]


def test_a_county_without_projects_gets_an_empty_table_with_its_drop_downs(db: None):
    sheet = book_of(template(projects(), make_county(), NOVEMBER))[shape.SHEET]
    lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert {rule.errorTitle for rule in lists} >= {"企业类别", "建设性质", "是否入库"}


def test_every_word_that_is_offered_is_one_that_the_import_knows():
    assert {code: NATURES[word] for code, word in shape.NATURES.items()} == {
        code.value: code.value for code in Project.Nature
    }
    assert {code: rung_of(word) for code, word in shape.RUNGS.items()} == {
        code.value: code.value for code in Enterprise.Rung
    }
    states = {code: inclusion_of(word) for code, word in shape.INCLUSIONS.items() if code != "not_included"}
    assert states == {code.value: code.value for code in InclusionState}
    words = {
        code: stage_of(word, has_started=True, has_completed=False) for code, word in shape.STAGES.items()
    }
    assert words == {code: code for code in shape.STAGES}
    assert set(shape.STAGES) == {stage.value for stage in Stage} - {"suspended", "terminated", "merged"}
