"""What contradicts in the county, told with the way to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.accounts.permissions import lies_in_their_place
from tracker.inspections.consistency import Open
from tracker.library.consistency import Finding
from tracker.library.models import ENDED_STAGES, Enterprise, Project
from tracker.library.records import AnsweredWarning
from tracker.library.telling import fields_named, said, title

FROM_INSPECTIONS = frozenset({"cumulative_investment", "ytd_investment", "progress_percent"})
FROM_STAGE = frozenset({"stage"})
FROM_INCLUSION = frozenset({"inclusion_state", "included_on"})


@dataclass(frozen=True)
class Line:
    """One contradiction in words, with where to mend it and where to explain it, as far as one may."""

    finding: Finding
    record: str
    record_url: str
    enterprise: str
    mend_url: str
    answer_url: str

    @property
    def said(self) -> str:
        """The contradiction as a sentence."""
        return said(self.finding)

    @property
    def title(self) -> str:
        """What is contradicted, in a few words."""
        return title(self.finding.code)

    @property
    def fields(self) -> str:
        """The fields that it is about."""
        return fields_named(self.finding)


@dataclass(frozen=True)
class Explained:
    """A warning that somebody has explained."""

    title: str
    sentence: str
    by: str
    at: datetime


def explained_of(rows: Iterable[AnsweredWarning]) -> list[Explained]:
    """Explanations as a page lists them."""
    return [Explained(title(row.code), row.sentence, row.by.name if row.by else "", row.at) for row in rows]


def line_of(one: Open, reader: User, *, may_change_enterprise: bool | None = None) -> Line:
    """A contradiction as its reader sees it; asks the database nothing for a project's.

    Whether the reader keeps an enterprise is handed over where many are listed.
    """
    finding = one.finding
    if isinstance(one.subject, Project):
        project = one.subject
        may_answer = reader.can("change_project", project)
        return Line(
            finding,
            project.name,
            reverse("office:project", args=[project.pk]),
            project.enterprise.name,
            _mends_project(project, finding, reader),
            reverse("office:project_warnings", args=[project.pk])
            if may_answer and not finding.is_error
            else "",
        )
    enterprise = one.subject
    may = (
        reader.can("change_enterprise", enterprise)
        if may_change_enterprise is None
        else may_change_enterprise
    )
    year = dict(finding.facts).get("year")
    years = reverse("office:enterprise_years", args=[enterprise.pk])
    return Line(
        finding,
        enterprise.name,
        reverse("office:enterprise", args=[enterprise.pk]),
        "",
        f"{years}?year={year}#id_{finding.fields[0]}" if may else "",
        reverse("office:enterprise_warnings", args=[enterprise.pk]) if may and not finding.is_error else "",
    )


def _mends_project(project: Project, finding: Finding, reader: User) -> str:
    """The page on which the first of the fields is written; empty where it is not the reader's to write."""
    first = finding.fields[0]
    if first in FROM_INSPECTIONS:
        may = project.stage not in ENDED_STAGES and reader.can("inspect_project", project)
        return reverse("office:inspect", args=[project.pk]) if may else ""
    if first in FROM_INCLUSION:
        may = reader.can("set_inclusion", project)
        return reverse("office:set_inclusion", args=[project.pk]) if may else ""
    if not reader.can("change_project", project):
        return ""
    if first in FROM_STAGE or finding.code == "start_without_stage":
        return reverse("office:change_stage", args=[project.pk])
    if first == "annual_plan":
        return reverse("office:plan_project", args=[project.pk])
    return f"{reverse('office:edit_project', args=[project.pk])}#id_{first}"


def keeps_enterprises(
    reader: User, enterprises: Iterable[Enterprise], projects: Iterable[Project]
) -> set[int]:
    """Which of these enterprises the reader may change, by the same rule as the permission, asked at once."""
    listed = list(projects)
    mine = {project.enterprise_id for project in listed if project.inspector_id == reader.pk}
    with_projects = {project.enterprise_id for project in listed}
    if not reader.can("change_enterprise"):
        return set()
    leads = reader.may(roles.REVIEWING)
    return {
        one.pk
        for one in enterprises
        if lies_in_their_place.test(reader, one) and (leads or one.pk in mine or one.pk not in with_projects)
    }
