"""What inspections report (调度数) beside what statistics has (统计数); neither is made of the other."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from tracker.calendars.periods import Month
from tracker.inspections.models import Inspection
from tracker.library.inclusion.models import (
    DifferenceExplanation,
    StatisticalFigure,
    explanation_of,
)
from tracker.library.models import Project


@dataclass(frozen=True)
class Beside:
    """The two figures of a project that run to the end of a month, in 万元."""

    project: Project
    month: Month
    inspected: Decimal | None
    figure: StatisticalFigure | None
    explanations: tuple[DifferenceExplanation, ...] = ()

    @property
    def statistical(self) -> Decimal | None:
        """The bureau's figure."""
        return self.figure.ytd_investment if self.figure else None

    @property
    def difference(self) -> Decimal | None:
        """Inspected less statistical; none while one of them is missing."""
        if self.inspected is None or self.figure is None:
            return None
        return self.inspected - self.figure.ytd_investment

    @property
    def explanation(self) -> DifferenceExplanation | None:
        """What explains this very difference."""
        return explanation_of(self.explanations, self.difference) if self.difference else None

    @property
    def is_open(self) -> bool:
        """Whether the figures differ and nobody has said why, or they differ by something else since."""
        return bool(self.difference) and self.explanation is None

    @property
    def outdated(self) -> DifferenceExplanation | None:
        """The latest explanation, of a difference that there is no longer."""
        return self.explanations[0] if self.is_open and self.explanations else None


def beside_figure(
    project: Project,
    figure: StatisticalFigure,
    inspections: Iterable[Inspection],
    explanations: Iterable[DifferenceExplanation],
) -> Beside:
    """A month's figure of statistics beside inspections and explanations that were fetched already."""
    in_month = {
        row.cycle_start: row.ytd_investment
        for row in inspections
        if row.state == Inspection.State.ACCEPTED and Month.containing(row.cycle_start) == figure.period
    }
    line = Beside(project, figure.period, in_month[max(in_month)] if in_month else None, figure)
    if not line.difference:
        return line
    told = [one for one in explanations if one.figure_id == figure.pk]
    told.sort(key=lambda one: (one.explained_at, one.pk), reverse=True)
    return replace(line, explanations=tuple(told))


def beside_each_other(projects: Iterable[Project], months: Iterable[Month]) -> list[Beside]:
    """The two figures of each project and month of which one is known; the same three queries for all."""
    rows = {project.pk: project for project in projects}
    wanted = sorted(set(months), reverse=True)
    inspected = _inspected(rows, wanted)
    figures = _figures(rows, wanted)
    said: dict[int, list[DifferenceExplanation]] = defaultdict(list)
    ids = [figure.pk for figure in figures.values()]
    told = DifferenceExplanation.objects.filter(figure__in=ids).select_related("explained_by")
    for explanation in told.order_by("-explained_at", "-pk"):
        said[explanation.figure_id].append(explanation)
    found = []
    for month in wanted:
        for pk, project in rows.items():
            figure = figures.get((pk, month))
            one = Beside(
                project,
                month,
                inspected.get((pk, month)),
                figure,
                tuple(said[figure.pk]) if figure else (),
            )
            if one.inspected is not None or figure is not None:
                found.append(one)
    return found


def _inspected(rows: dict[int, Project], months: list[Month]) -> dict[tuple[int, Month], Decimal]:
    """By the last accepted inspection of each month: its second half goes before its first."""
    starts = [half.start for month in months for half in month.halves]
    accepted = Inspection.objects.accepted().filter(project__in=list(rows), cycle_start__in=starts)
    found = accepted.order_by("cycle_start").values_list("project", "cycle_start", "ytd_investment")
    return {(project_id, Month.containing(start)): ytd for project_id, start, ytd in found}


def _figures(rows: dict[int, Project], months: list[Month]) -> dict[tuple[int, Month], StatisticalFigure]:
    years = {month.year for month in months}
    known = StatisticalFigure.objects.filter(project__in=list(rows), year__in=years)
    found = {(figure.project_id, figure.period): figure for figure in known.select_related("set_by")}
    return {key: figure for key, figure in found.items() if key[1] in months}
