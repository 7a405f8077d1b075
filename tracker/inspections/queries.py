"""Questions across projects, inspections and badges."""

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges import rules
from tracker.badges.queries import past_of
from tracker.calendars.periods import HalfMonth
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import AnnualPlan, Division, Project, ProjectQuerySet


def inspectable_by(person: User) -> ProjectQuerySet:
    """Projects that the person may inspect: an inspector their own, a team lead all of the county."""
    projects = Project.objects.visible_to(person).followed()
    if person.role == Role.INSPECTOR:
        return projects.of_inspector(person)
    return projects if person.may(roles.INSPECTING) else projects.none()


def awaiting(cycle: Cycle) -> ProjectQuerySet:
    """Projects of the county that nobody has inspected in this cycle, or whose inspection was returned."""
    reported = Inspection.objects.in_cycle(cycle.start).exclude(state=Inspection.State.RETURNED)
    projects = Project.objects.of_county(cycle.county).followed()
    return projects.exclude(pk__in=reported.values("project"))


def current_cycle(county: Division, today: date) -> Cycle | None:
    """The county's latest half-month whose window is open, or none between two windows."""
    return Cycle.objects.of_county(county).open_on(today).order_by("-start").first()


def previous_inspection(project: Project, half_month: HalfMonth) -> Inspection | None:
    """The last accepted inspection of the project before the half-month."""
    before = Inspection.objects.accepted().filter(project=project, cycle_start__lt=half_month.start)
    return before.order_by("-cycle_start").first()


def readings(
    projects: QuerySet[Project], county: Division, half_month: HalfMonth, looks_back: int
) -> dict[int, rules.Reading]:
    """What the rule needs to judge these projects of one county in the half-month.

    A few queries, however many projects; one that was never inspected up to then has no reading.
    """
    rows = {project.pk: project for project in projects}
    latest = _latest_inspections(rows, half_month)
    plans = _plans(rows, half_month.start.year)
    skipped = set(
        Cycle.objects.of_county(county).filter(state=Cycle.State.SKIPPED).values_list("start", flat=True)
    )
    past = past_of(latest, half_month, skipped, looks_back)
    return {
        project_id: _reading(
            rows[project_id],
            inspection,
            half_month,
            plans.get(project_id),
            _cycles_missing(inspection, half_month, skipped),
            past[project_id],
        )
        for project_id, inspection in latest.items()
    }


def _latest_inspections(rows: dict[int, Project], half_month: HalfMonth) -> dict[int, Inspection]:
    """Each project's last accepted inspection up to the half-month."""
    accepted = Inspection.objects.accepted().filter(project__in=rows)
    latest = {row.project_id: row for row in accepted.filter(cycle_start=half_month.start)}
    missing = [project_id for project_id in rows if project_id not in latest]
    # Few projects miss a cycle: only their history is read.
    older = accepted.filter(project__in=missing, cycle_start__lt=half_month.start).order_by("cycle_start")
    latest.update({row.project_id: row for row in older})
    return latest


def _plans(rows: dict[int, Project], year: int) -> dict[int, AnnualPlan]:
    """The plan in force for the year by project: the latest version wins."""
    plans = AnnualPlan.objects.filter(project__in=rows, year=year).order_by("version")
    return {plan.project_id: plan for plan in plans}


def _cycles_missing(inspection: Inspection, half_month: HalfMonth, skipped: set[date]) -> int:
    """How many half-months have passed without an inspection, this one included, skipped ones not counted."""
    reported = HalfMonth.starting(inspection.cycle_start)
    missed = 0
    while reported < half_month:
        reported = reported.next()
        missed += reported.start not in skipped
    return missed


def _reading(
    project: Project,
    inspection: Inspection,
    half_month: HalfMonth,
    plan: AnnualPlan | None,
    cycles_missing: int,
    past: tuple[rules.Past, ...],
) -> rules.Reading:
    # What was invested in a year that is over says nothing of this one.
    is_same_year = inspection.cycle_start.year == half_month.start.year
    return rules.Reading(
        cut_off=half_month.end,
        stage=rules.Stage(inspection.stage),
        planned_start=project.planned_start_on,
        actual_start=_latest_day(project, "started_on", half_month),
        planned_completion=project.planned_completion_on,
        actual_completion=project.completed_on,
        annual_plan=plan.amount if plan else None,
        monthly_plan=plan.months if plan else None,
        ytd_investment=inspection.ytd_investment if is_same_year else Decimal(0),
        progress_percent=inspection.progress_percent,
        planned_total=project.planned_total,
        inclusion_state=rules.InclusionState(inspection.inclusion_state),
        included_on=inspection.included_on,
        cycles_missing=cycles_missing,
        past=past,
    )


def _latest_day(project: Project, field: str, half_month: HalfMonth) -> date | None:
    """A start known only to the month counts from the month's last day: the doubt is the enterprise's."""
    day: date | None = getattr(project, field)
    if day is None or field not in project.month_only or day > half_month.end:
        return day
    return min(HalfMonth.containing(day).month_of.end, half_month.end)
