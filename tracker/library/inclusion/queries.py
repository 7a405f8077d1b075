"""Questions about papers: what is missing where, and what is due."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, DateField, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce

from tracker.library.inclusion import rules
from tracker.library.inclusion.models import InclusionPaper, PaperFile
from tracker.library.inclusion.rules import PaperFacts, PaperKind, PaperState
from tracker.library.models import CountySettings, Division, Project, ProjectQuerySet


@dataclass(frozen=True)
class Paper:
    """One line of a project's checklist."""

    kind: PaperKind
    row: InclusionPaper | None
    files: tuple[PaperFile, ...]
    is_required: bool
    oddities: tuple[str, ...]

    @property
    def state(self) -> PaperState:
        """What is known of it."""
        return PaperState(self.row.state) if self.row else PaperState.MISSING

    @property
    def is_missing(self) -> bool:
        """Whether the bureau wants it and it is still to come."""
        return self.is_required and self.state == PaperState.MISSING

    @property
    def edition(self) -> int:
        """How often it was noted."""
        return self.row.edition if self.row else 0


def checklist(project: Project) -> list[Paper]:
    """The papers that the project needs, then others of which something is known; two queries at most."""
    rows = list(InclusionPaper.objects.filter(project=project).select_related("noted_by"))
    standing = PaperFile.objects.standing().filter(paper__project=project).select_related("added_by")
    return listed(project, rows, standing if rows else ())


def listed(
    project: Project, papers: Iterable[InclusionPaper], standing: Iterable[PaperFile] = ()
) -> list[Paper]:
    """The same, of papers and files that were fetched already."""
    rows = {PaperKind(row.kind): row for row in papers}
    files: dict[int, list[PaperFile]] = defaultdict(list)
    for file in standing:
        files[file.paper_id].append(file)
    needed = rules.required(project.nature)
    others = [kind for kind in PaperKind if kind in rows and kind not in needed]
    return [
        Paper(
            kind,
            rows.get(kind),
            tuple(files[rows[kind].pk]) if kind in rows else (),
            kind in needed,
            tuple(_oddities(rows[kind], project)) if kind in rows else (),
        )
        for kind in [*needed, *others]
    ]


def _oddities(row: InclusionPaper, project: Project) -> list[str]:
    facts = PaperFacts(PaperKind(row.kind), row.party, row.total, row.dated_on)
    return rules.oddities(facts, project.enterprise.name, project.planned_total, project.filed_on)


def missing_papers(projects: Iterable[Project]) -> dict[int, list[PaperKind]]:
    """By project what is still to come; one query, however many they are."""
    rows = list(projects)
    settled: dict[int, set[str]] = defaultdict(set)
    known = InclusionPaper.objects.settled().filter(project__in=[project.pk for project in rows])
    for project_id, kind in known.values_list("project", "kind"):
        settled[project_id].add(kind)
    return {project.pk: rules.missing(project.nature, settled[project.pk]) for project in rows}


def lacking(projects: ProjectQuerySet, kind: PaperKind) -> ProjectQuerySet:
    """Those that need this paper and do not have it."""
    has_it = InclusionPaper.objects.settled().filter(project=OuterRef("pk"), kind=kind)
    return _needing(projects, kind).exclude(Exists(has_it))


def complete(projects: ProjectQuerySet) -> ProjectQuerySet:
    """Those of which every paper is there or not needed."""
    for kind in PaperKind:
        has_it = InclusionPaper.objects.settled().filter(project=OuterRef("pk"), kind=kind)
        projects = projects.filter(~_needs(kind) | Exists(has_it))
    return projects


def _needs(kind: PaperKind) -> Q:
    is_purchase = Q(nature=rules.PURCHASE_ONLY)
    return is_purchase if kind in rules.FOR_PURCHASE else ~is_purchase


def _needing(projects: ProjectQuerySet, kind: PaperKind) -> ProjectQuerySet:
    return projects.filter(_needs(kind))


def with_due_since(projects: ProjectQuerySet) -> ProjectQuerySet:
    """With the day since which papers can be handed in, as `rules.due_since` has it."""
    of_purchase = Coalesce(F("equipment_delivered_on"), F("started_on"))
    since = Case(
        When(nature=rules.PURCHASE_ONLY, then=of_purchase),
        default=F("started_on"),
        output_field=DateField(),
    )
    return projects.annotate(due_since=since)


def overdue(projects: ProjectQuerySet, county: Division, today: date) -> ProjectQuerySet:
    """Those whose papers should have been handed in before today."""
    until = rules.overdue_until(today, CountySettings.of(county).inclusion_deadline_day)
    return with_due_since(projects).filter(due_since__lte=Value(until))
