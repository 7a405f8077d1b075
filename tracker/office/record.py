"""Everything that one project's page shows, fetched in three statements however long its history is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Q

from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.badges.presentation import STRIP_LENGTH
from tracker.calendars.periods import HalfMonth
from tracker.inspections.models import Cycle, Inspection
from tracker.library.inclusion.models import DifferenceExplanation, InclusionPaper, StatisticalFigure
from tracker.library.models import AnnualPlan, CountySettings, Division, Project, Stage
from tracker.library.records import AnsweredWarning, StageChange, TotalChange
from tracker.merging.models import DifferentProjects
from tracker.merging.queries import Pair
from tracker.office.gathering import Part, gathered
from tracker.photos.models import Photo

PHOTOS_SHOWN = 6
# What of the trail the page itself tells: since when a problem is open, and how inclusion came along.
TOLD_FROM_TRAIL = ("problem", "inclusion_state")
CHANGES_READ = 40


def with_what_it_belongs_to(projects: Any) -> Any:
    """Projects with all that stands beside them in one row."""
    return projects.for_table().select_related("planning_sheet", "merged_into", "county__settings")


@dataclass(frozen=True)
class Likely:
    """What is needed to tell whether another project of the enterprise is the same one."""

    others: list[Project]
    apart: list[Pair]
    places: list[str]


@dataclass(frozen=True)
class ProjectRecord:
    """One project with its history; every list is in the order in which the page shows it."""

    project: Project
    # Of which badge the page tells: the latest one, or an earlier one that was asked for.
    award: Award | None
    awards: list[Award]
    inspections: list[Inspection]
    stage_changes: list[StageChange]
    total_changes: list[TotalChange]
    plans: list[AnnualPlan]
    papers: list[InclusionPaper]
    figure: StatisticalFigure | None
    explanations: list[DifferenceExplanation]
    answered: list[AnsweredWarning]
    photos: list[Photo]
    cycles: list[Cycle]
    changes: list[AuditEntry]
    likely: Likely | None

    @cached_property
    def standing(self) -> list[Award]:
        """The badges that hold, the latest first."""
        return [award for award in self.awards if award.state != Award.State.SUPERSEDED]

    @cached_property
    def accepted(self) -> list[Inspection]:
        """The inspections that count, the latest first."""
        return [row for row in self.inspections if row.state == Inspection.State.ACCEPTED]

    @property
    def settings(self) -> CountySettings:
        """How the project's county works."""
        county = self.project.county
        return getattr(county, "settings", None) or CountySettings(county_id=county.pk)

    @property
    def skipped(self) -> set[date]:
        """The half-months that the county left out."""
        return {cycle.start for cycle in self.cycles if cycle.state == Cycle.State.SKIPPED}

    @property
    def has_open_cycle(self) -> bool:
        """Whether the window of a half-month is open."""
        return any(cycle.state == Cycle.State.OPEN for cycle in self.cycles)

    def invested_until(self, award: Award) -> list[tuple[date, Any]]:
        """The investments since New Year that counted up to the award's half-month."""
        found = [
            (row.cycle_start, row.ytd_investment)
            for row in self.accepted
            if row.cycle_start.year == award.cycle_start.year and row.cycle_start <= award.cycle_start
        ]
        return sorted(found)


def record_of(
    project: Project,
    today: date,
    *,
    asked: date | None = None,
    whole: bool = False,
    looks_for_likely: bool = False,
) -> ProjectRecord:
    """The project's record; of a whole one also what is older than the page shows."""
    awards = list(
        Award.objects.filter(project=project).select_related("policy").order_by("-cycle_start", "-version")
    )
    standing = [award for award in awards if award.state != Award.State.SUPERSEDED]
    found_award = next((award for award in standing if award.cycle_start == asked), None)
    award = found_award or next(iter(standing), None)
    inspections = _inspections(project, award, whole=whole)
    parts = _parts(project, today, whole=whole)
    if looks_for_likely:
        parts |= _parts_of_likely(project)
    found = gathered(parts)
    for plan in found["plans"]:
        plan.project = project
    _know_plans(project, sorted(found["plans"], key=lambda plan: (plan.year, plan.version)))
    return ProjectRecord(
        project=project,
        award=award,
        awards=awards,
        inspections=inspections,
        stage_changes=_latest_first(found["stage_changes"], "number"),
        total_changes=_latest_first(found["total_changes"], "number"),
        plans=found["plans"],
        papers=found["papers"],
        figure=next(iter(found["figures"]), None),
        explanations=_latest_first(found["explanations"], "explained_at"),
        answered=_latest_first(found["answered"], "at"),
        photos=_latest_first(found["photos"], "added_at"),
        cycles=found["cycles"],
        changes=_latest_first(found["changes"], "at"),
        likely=_likely(found) if looks_for_likely else None,
    )


def _inspections(project: Project, award: Award | None, *, whole: bool) -> list[Inspection]:
    """The last ones, and those of the year whose plan the badge's chart draws."""
    made = Inspection.objects.filter(project=project).order_by("-cycle_start")
    if not whole:
        last = Q(pk__in=made.values("pk")[:STRIP_LENGTH])
        made = made.filter(last | Q(cycle_start__year=award.cycle_start.year) if award else last)
    return list(made.select_related("inspector", "reviewer"))


def _parts(project: Project, today: date, *, whole: bool) -> dict[str, Part]:
    cycles = Cycle.objects.of_county(project.county)
    latest = StatisticalFigure.objects.filter(project=project).order_by("-year", "-month")
    photos = Photo.objects.standing().filter(project=project).order_by("-added_at", "-pk")
    changes = AuditEntry.objects.filter(
        table="project", row=str(project.pk), after__has_any_keys=list(TOLD_FROM_TRAIL)
    ).order_by("-at", "-pk")
    if not whole:
        changes = AuditEntry.objects.filter(pk__in=changes.values("pk")[:CHANGES_READ])
    return {
        "plans": Part(AnnualPlan.objects.filter(project=project), ["made_by__name"]),
        "stage_changes": Part(StageChange.objects.filter(project=project), ["by__name", "merged_into__name"]),
        "total_changes": Part(TotalChange.objects.filter(project=project), ["by__name"]),
        "papers": Part(InclusionPaper.objects.filter(project=project), ["noted_by__name"]),
        "figures": Part(StatisticalFigure.objects.filter(pk__in=latest.values("pk")[:1])),
        "explanations": Part(
            DifferenceExplanation.objects.filter(figure__project=project), ["explained_by__name"]
        ),
        "answered": Part(AnsweredWarning.objects.filter(project=project), ["by__name"]),
        "photos": Part(Photo.objects.filter(pk__in=photos.values("pk")[:PHOTOS_SHOWN]), ["added_by__name"]),
        "cycles": Part(
            cycles.filter(state=Cycle.State.SKIPPED) | cycles.open_on(today), columns=["start", "state"]
        ),
        "changes": Part(
            changes,
            ["actor__name"],
            ["at", "actor", "system", "act", "before", "after"],
        ),
    }


def _parts_of_likely(project: Project) -> dict[str, Part]:
    others = Project.objects.filter(enterprise=project.enterprise_id).exclude(stage=Stage.MERGED)
    pairs = DifferentProjects.objects.filter(Q(one=project) | Q(other=project))
    path = [int(number) for number in project.county.path.strip("/").split("/")]
    return {
        "others": Part(others.exclude(pk=project.pk), columns=["name", "code", "planned_total", "stage"]),
        "apart": Part(pairs, columns=["one", "other"]),
        "places": Part(Division.objects.filter(pk__in=path), columns=["name_zh"]),
    }


def _likely(found: dict[str, list[Any]]) -> Likely:
    return Likely(
        sorted(found["others"], key=lambda other: (other.name, other.pk)),
        [(pair.one_id, pair.other_id) for pair in found["apart"]],
        [place.name_zh for place in found["places"]],
    )


def _latest_first(rows: Iterable[Any], by: str) -> list[Any]:
    return sorted(rows, key=lambda row: (getattr(row, by), row.pk), reverse=True)


def _know_plans(project: Project, plans: list[AnnualPlan]) -> None:
    """Let whoever asks the project for its plans have these, as prefetching would."""
    known = AnnualPlan.objects.filter(project=project)
    known._result_cache = plans
    project._prefetched_objects_cache = {"plans": known}  # type: ignore[attr-defined]  # Django's own


def asked_half_month(code: str) -> date | None:
    """The start of the half-month of `?cycle=2026-10-H2`; none for anything else."""
    try:
        return HalfMonth.parse(code).start
    except ValueError:
        return None


def open_since(record: ProjectRecord) -> datetime | None:
    """Since when the project's open problem stands; none where the trail does not say."""
    since = None
    for entry in record.changes:
        if "problem" not in entry.after:
            continue
        if not entry.after["problem"]:
            break
        since = entry.at
        if not entry.before.get("problem"):
            break
    return since
