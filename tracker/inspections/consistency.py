"""Which facts of projects and enterprises contradict each other, with what inspections found and plans say.

A few queries, however many records: the same rules serve a form, a record's page and the county's list.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from tracker.calendars.periods import HalfMonth
from tracker.inspections.models import Inspection
from tracker.library.consistency import (
    PROJECT_RULES,
    YEAR_RULES,
    Finding,
    ProjectFacts,
    YearFacts,
    contradictions,
)
from tracker.library.models import AnnualPlan, Enterprise, Project
from tracker.library.records import AnsweredWarning, EnterpriseYear

# What a project holds itself of what the rules look at.
OF_PROJECT = (
    *("code", "stage", "planned_total", "planned_construction", "planned_installation"),
    *("planned_equipment", "planned_other", "funds_in_place", "filed_on", "filing_extended_until"),
    *("filing_extension_asked_on", "filing_extension_ground", "planned_start_on", "planned_completion_on"),
    *("started_on", "equipment_delivered_on", "completed_on", "in_production_on", "on_target_on"),
    *("inclusion_state", "included_on"),
)
FIGURES = (
    "pk",
    "project",
    "cycle_start",
    "cumulative_investment",
    "ytd_investment",
    "progress_percent",
    "remark",
)
Answered = set[tuple[str, str]]


@dataclass(frozen=True)
class Open:
    """A contradiction that nobody has mended or explained, and the record that it is in."""

    subject: Project | Enterprise
    finding: Finding

    @property
    def project(self) -> Project | None:
        """The project, where it is one."""
        return self.subject if isinstance(self.subject, Project) else None

    @property
    def enterprise(self) -> Enterprise:
        """The enterprise itself, or the project's."""
        return self.subject.enterprise if isinstance(self.subject, Project) else self.subject


def year_of(today: date) -> int:
    """The year whose plan and figures count on a day: that of the half-month to inspect."""
    return HalfMonth.latest_cut_off(today).year


def facts_of(projects: Collection[Project], today: date) -> dict[int, ProjectFacts]:
    """What the rules look at in each of these projects."""
    ids = [project.pk for project in projects]
    plans = dict(
        AnnualPlan.objects.filter(project__in=ids, year=year_of(today))
        .order_by("version")
        .values_list("project", "amount")
    )
    accepted = Inspection.objects.accepted().filter(project__in=ids)
    place = Window(RowNumber(), partition_by=F("project"), order_by=F("cycle_start").desc())
    latest_two = accepted.annotate(place=place).filter(place__lte=2).order_by("project", "place")
    found: dict[int, list[Inspection]] = defaultdict(list)
    for row in latest_two.only(*FIGURES):
        found[row.project_id].append(row)
    year_ends = {date(rows[0].cycle_start.year - 1, 12, 16) for rows in found.values()}
    for row in accepted.filter(cycle_start__in=year_ends).only(*FIGURES):
        found[row.project_id].append(row)
    return {
        project.pk: facts_with(project, found[project.pk], plans.get(project.pk), today)
        for project in projects
    }


def facts_with(
    project: Project, accepted: Sequence[Inspection], annual_plan: Decimal | None, today: date
) -> ProjectFacts:
    """What the rules look at, from inspections that count: the latest first, last year's end among them."""
    latest, before = (*accepted[:2], None, None)[:2]
    facts = {name: getattr(project, name) for name in OF_PROJECT}
    year_end = None
    if latest is not None:
        last_of_year = date(latest.cycle_start.year - 1, 12, 16)
        year_end = next((row for row in accepted if row.cycle_start == last_of_year), None)
    is_same_year = before and latest and before.cycle_start.year == latest.cycle_start.year
    return ProjectFacts(
        today=today,
        merged_into=project.merged_into_id,
        month_only=frozenset(project.month_only),
        annual_plan=annual_plan,
        cumulative_investment=latest.cumulative_investment if latest else None,
        ytd_investment=latest.ytd_investment if latest else None,
        progress_percent=latest.progress_percent if latest else None,
        is_explained=bool(latest and latest.remark),
        cumulative_before=before.cumulative_investment if before else None,
        ytd_before=before.ytd_investment if before and is_same_year else None,
        cumulative_at_year_end=year_end.cumulative_investment if year_end else None,
        **facts,
    )


def in_project(facts: ProjectFacts) -> list[Finding]:
    """Everything in a project that contradicts itself."""
    return contradictions(facts, PROJECT_RULES)


def in_years(years: Iterable[EnterpriseYear], today: date) -> list[Finding]:
    """Everything in an enterprise's figures by year that contradicts itself, the latest year first."""
    by_year = {row.year: row for row in years}
    found: list[Finding] = []
    for year in sorted(by_year, reverse=True):
        found += contradictions(year_facts(by_year[year], by_year.get(year - 1), today), YEAR_RULES)
    return found


def year_facts(row: EnterpriseYear, before: EnterpriseYear | None, today: date) -> YearFacts:
    """What the rules look at in one year."""
    return YearFacts(
        today=today,
        year=row.year,
        staff=row.staff,
        rd_staff=row.rd_staff,
        revenue=row.revenue,
        rd_spend=row.rd_spend,
        assets=row.assets,
        revenue_before=before.revenue if before else None,
        assets_before=before.assets if before else None,
    )


def answered_of(subject: Project | Enterprise) -> Answered:
    """What was explained of one record: code and fingerprint."""
    if subject._state.adding:
        return set()
    if isinstance(subject, Project):
        rows = AnsweredWarning.objects.filter(project=subject)
    else:
        rows = AnsweredWarning.objects.filter(enterprise=subject, project=None)
    return set(rows.values_list("code", "fingerprint"))


def left(findings: Iterable[Finding], answered: Answered) -> list[Finding]:
    """Those that nobody has explained; an error cannot be explained away."""
    return [one for one in findings if one.is_error or (one.code, one.fingerprint) not in answered]


def open_in_projects(projects: Collection[Project], today: date) -> list[Open]:
    """What contradicts in these projects, in their order."""
    facts = facts_of(projects, today)
    answered: dict[int, Answered] = defaultdict(set)
    rows = AnsweredWarning.objects.filter(project__in=[project.pk for project in projects])
    for project_id, code, fingerprint in rows.values_list("project", "code", "fingerprint"):
        answered[project_id].add((code, fingerprint))
    return [
        Open(project, finding)
        for project in projects
        for finding in left(in_project(facts[project.pk]), answered[project.pk])
    ]


def open_in_enterprises(enterprises: Collection[Enterprise], today: date) -> list[Open]:
    """What contradicts in these enterprises' own figures, in their order."""
    ids = [enterprise.pk for enterprise in enterprises]
    years: dict[int, list[EnterpriseYear]] = defaultdict(list)
    for row in EnterpriseYear.objects.filter(enterprise__in=ids):
        years[row.enterprise_id].append(row)
    answered: dict[int, Answered] = defaultdict(set)
    rows = AnsweredWarning.objects.filter(enterprise__in=ids, project=None)
    for enterprise_id, code, fingerprint in rows.values_list("enterprise", "code", "fingerprint"):
        answered[enterprise_id].add((code, fingerprint))
    return [
        Open(enterprise, finding)
        for enterprise in enterprises
        for finding in left(in_years(years[enterprise.pk], today), answered[enterprise.pk])
    ]
