"""What statistics has of a project: who sets it, which figures it takes, and that nothing else is written."""

from datetime import date
from decimal import Decimal

import pytest

from tests.factories import make_cycle, make_inspection, make_official, make_project, moment
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.calendars.periods import Month
from tracker.inspections.figures import beside_each_other, beside_figure
from tracker.inspections.models import Inspection
from tracker.library.inclusion.actions import (
    ChangedMeanwhile,
    DoesNotAddUp,
    MayNotKeepPapers,
    NoReason,
    NoSurvey,
    NotTheLiaison,
    explain_difference,
    set_figure,
)
from tracker.library.inclusion.models import DifferenceExplanation, StatisticalFigure
from tracker.library.inclusion.rules import Amounts
from tracker.library.models import Project

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)
NOW = moment(TODAY)
OCTOBER = Month(2026, 10)


@pytest.fixture
def liaison() -> User:
    return make_official(Role.STATISTICS_LIAISON)


def put(project: Project, ytd: str, by: User, **options: object) -> StatisticalFigure:
    month = options.pop("month", OCTOBER)
    assert isinstance(month, Month)
    amounts = Amounts(Decimal(ytd), **options.pop("parts", {}))  # type: ignore[arg-type]
    return set_figure(project, month, amounts, by=by, at=NOW, today=TODAY, **options)  # type: ignore[arg-type]


def test_the_liaison_alone_sets_a_figure(liaison: User):
    project = make_project(inspector=make_official())
    for person in (project.inspector, make_official(Role.TEAM_LEAD), make_official(Role.LEADER)):
        with pytest.raises(NotTheLiaison):
            put(project, "900", person)
    assert put(project, "900", liaison).set_by == liaison


def test_the_same_figure_again_changes_nothing(liaison: User):
    project = make_project()
    for _ in range(3):
        figure = put(project, "900", liaison)
    assert figure.edition == StatisticalFigure.objects.get().edition == 1
    assert AuditEntry.objects.filter(table="statisticalfigure").count() == 1


def test_an_older_form_does_not_overwrite_a_newer_figure(liaison: User):
    project = make_project()
    put(project, "900", liaison, edition=0)
    with pytest.raises(ChangedMeanwhile):
        put(project, "800", liaison, edition=0)
    assert StatisticalFigure.objects.get().ytd_investment == 900


@pytest.mark.parametrize("month", [Month(2026, 1), Month(2026, 11), Month(2027, 3)])
def test_there_is_no_figure_of_january_alone_nor_of_a_month_that_is_not_over(liaison: User, month: Month):
    with pytest.raises(NoSurvey):
        put(make_project(), "900", liaison, month=month)


def test_parts_that_do_not_make_up_the_whole_are_refused(liaison: User):
    with pytest.raises(DoesNotAddUp):
        put(make_project(), "900", liaison, parts={"equipment": Decimal(901)})
    assert not StatisticalFigure.objects.exists()


def test_neither_figure_is_ever_written_from_the_other(liaison: User):
    project = make_project()
    inspection = make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    before = Inspection.objects.filter(pk=inspection.pk).values().get()
    put(project, "900", liaison)
    assert Inspection.objects.filter(pk=inspection.pk).values().get() == before
    figure = StatisticalFigure.objects.values().get()
    Inspection.objects.filter(pk=inspection.pk).update(ytd_investment=1100)
    assert StatisticalFigure.objects.values().get() == figure


# --- beside each other ---


def test_the_figure_stands_beside_the_last_inspection_of_its_month(liaison: User):
    project = make_project()
    make_inspection(project, make_cycle(code="2026-10-H1"), ytd_investment=Decimal(800))
    make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    put(project, "900", liaison)
    [line] = beside_each_other([project], [OCTOBER, Month(2026, 9)])
    assert (line.month, line.inspected, line.statistical, line.difference) == (OCTOBER, 1000, 900, 100)
    assert line.is_open
    assert beside_figure(project, StatisticalFigure.objects.get(), Inspection.objects.all(), []) == line


def test_without_one_of_the_two_there_is_no_difference(liaison: User):
    project = make_project()
    put(project, "900", liaison)
    [line] = beside_each_other([project], [OCTOBER])
    assert (line.inspected, line.difference, line.is_open) == (None, None, False)


def test_an_explanation_is_kept_with_who_and_when_and_holds_for_its_difference_alone(liaison: User):
    project = make_project(inspector=make_official())
    inspection = make_inspection(project, make_cycle(), ytd_investment=Decimal(1000))
    figure = put(project, "900", liaison)
    explain_difference(figure, Decimal(100), "统计按付款口径", by=project.inspector, at=NOW)
    [line] = beside_each_other([project], [OCTOBER])
    assert line.explanation is not None
    assert (line.explanation.explained_by, line.explanation.explained_at) == (project.inspector, NOW)
    assert not line.is_open
    # Another difference asks anew, and the old words stay readable.
    Inspection.objects.filter(pk=inspection.pk).update(ytd_investment=Decimal(1001))
    [line] = beside_each_other([project], [OCTOBER])
    assert (line.is_open, line.explanation) == (True, None)
    assert line.outdated is not None
    assert line.outdated.text == "统计按付款口径"


def test_explaining_again_replaces_the_words_and_twice_the_same_changes_nothing(liaison: User):
    figure = put(make_project(), "900", liaison)
    for text in ("一", "二", "二"):
        explain_difference(figure, Decimal(100), text, by=liaison, at=NOW)
    assert DifferenceExplanation.objects.get().text == "二"
    assert AuditEntry.objects.filter(table="differenceexplanation").count() == 2


def test_who_does_not_answer_for_the_project_explains_nothing(liaison: User):
    figure = put(make_project(inspector=make_official()), "900", liaison)
    for person in (make_official(), make_official(Role.LEADER), make_official(Role.AUDITOR)):
        with pytest.raises(MayNotKeepPapers):
            explain_difference(figure, Decimal(100), "x", by=person, at=NOW)
    with pytest.raises(NoReason):
        explain_difference(figure, Decimal(100), "", by=liaison, at=NOW)
