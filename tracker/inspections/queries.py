"""Questions across projects, inspections and badges."""

from datetime import date
from decimal import Decimal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges import rules
from tracker.badges.models import Award, AwardQuerySet
from tracker.badges.queries import past_of
from tracker.calendars.periods import HalfMonth
from tracker.inspections.models import Cycle, Inspection
from tracker.library.inclusion.rules import next_deadline
from tracker.library.models import (
    BADGE_RANK,
    ENDED_STAGES,
    NOT_STARTED_STAGES,
    AnnualPlan,
    BadgeColour,
    CountySettings,
    Division,
    InclusionState,
    Project,
    ProjectQuerySet,
)
from tracker.library.records import StageChange
from tracker.library.rules import INCLUSION_THRESHOLD


def inspectable_by(person: User) -> ProjectQuerySet:
    """Projects that the person may inspect: an inspector their own, a team lead all of the county."""
    projects = Project.objects.visible_to(person).followed()
    if not person.can("inspect_project"):
        return projects.none()
    return projects.of_inspector(person) if person.role == Role.INSPECTOR else projects


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
    ended = _ended_by_hand(rows, latest, half_month)
    return {
        project_id: _reading(
            rows[project_id],
            inspection,
            ended.get(project_id, inspection.stage),
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


def _ended_by_hand(
    rows: dict[int, Project], latest: dict[int, Inspection], half_month: HalfMonth
) -> dict[int, str]:
    """The stage of projects that were suspended, terminated or merged since their last inspection.

    Nobody inspects them any more, so no inspection says it.
    """
    ended = [
        project_id
        for project_id, inspection in latest.items()
        if rows[project_id].stage in ENDED_STAGES and inspection.stage not in ENDED_STAGES
    ]
    if not ended:
        return {}
    moves = StageChange.objects.filter(project__in=ended, on__lte=half_month.end).order_by("number")
    stages = dict(moves.values_list("project", "to_stage"))
    return {project_id: stage for project_id, stage in stages.items() if stage in ENDED_STAGES}


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
    stage: str,
    half_month: HalfMonth,
    plan: AnnualPlan | None,
    cycles_missing: int,
    past: tuple[rules.Past, ...],
) -> rules.Reading:
    # What was invested in a year that is over says nothing of this one.
    is_same_year = inspection.cycle_start.year == half_month.start.year
    inclusion_state, included_on = _inclusion_at(project, inspection, half_month.end)
    return rules.Reading(
        cut_off=half_month.end,
        stage=rules.Stage(stage),
        planned_start=project.planned_start_on,
        actual_start=_latest_day(project, "started_on", half_month),
        planned_completion=project.planned_completion_on,
        actual_completion=project.completed_on,
        annual_plan=plan.amount if plan else None,
        monthly_plan=plan.months if plan else None,
        ytd_investment=inspection.ytd_investment if is_same_year else Decimal(0),
        progress_percent=inspection.progress_percent,
        planned_total=project.planned_total,
        inclusion_state=rules.InclusionState(inclusion_state),
        included_on=included_on,
        cycles_missing=cycles_missing,
        past=past,
    )


def _inclusion_at(project: Project, inspection: Inspection, cut_off: date) -> tuple[str, date | None]:
    """What the liaison has dated up to the cut-off comes before what the inspection knew."""
    removed_on, included_on = project.inclusion_removed_on, project.included_on
    is_removed = project.inclusion_state == InclusionState.REMOVED
    if is_removed and (removed_on is None or removed_on <= cut_off):
        return InclusionState.REMOVED, included_on
    if included_on and included_on <= cut_off:
        return InclusionState.INCLUDED, included_on
    return inspection.inclusion_state, inspection.included_on


def _latest_day(project: Project, field: str, half_month: HalfMonth) -> date | None:
    """A start known only to the month counts from the month's last day: the doubt is the enterprise's."""
    day: date | None = getattr(project, field)
    if day is None or field not in project.month_only or day > half_month.end:
        return day
    return min(HalfMonth.containing(day).month_of.end, half_month.end)


def worst_badge_first(projects: ProjectQuerySet) -> ProjectQuerySet:
    """In the order in which they are worth a call: red, yellow, not rated, blue, gold; then by enterprise."""
    return projects.order_by(BADGE_RANK, "enterprise__name", "name", "pk")


def last_accepted(projects: ProjectQuerySet, half_month: HalfMonth) -> dict[int, Inspection]:
    """Each project's last accepted inspection before the half-month, by project; two queries for all."""
    before = Inspection.objects.accepted().filter(project=OuterRef("pk"), cycle_start__lt=half_month.start)
    last = Subquery(before.order_by("-cycle_start").values("pk")[:1])
    found = projects.order_by().annotate(last_pk=last).values_list("last_pk", flat=True)
    rows = Inspection.objects.filter(pk__in=[pk for pk in found if pk is not None])
    return {row.project_id: row for row in rows}


def latest_awards(projects: ProjectQuerySet) -> AwardQuerySet:
    """The badge that each project carries now: the standing one of the latest half-month it was judged in."""
    standing = Award.objects.standing().filter(project__in=projects.order_by().values("pk"))
    return standing.filter(cycle_start=F("project__badge_cycle_start"))


def new_reds(projects: ProjectQuerySet) -> AwardQuerySet:
    """The red badges of projects that were not red the time before, by enterprise."""
    before = Award.objects.standing().filter(
        project=OuterRef("project"), cycle_start__lt=OuterRef("cycle_start")
    )
    badge_before = Subquery(before.order_by("-cycle_start").values("badge")[:1])
    reds = latest_awards(projects).filter(badge=BadgeColour.RED).annotate(badge_before=badge_before)
    turned = reds.filter(Q(badge_before=None) | ~Q(badge_before=BadgeColour.RED))
    return turned.select_related("project__enterprise").order_by("project__enterprise__name", "project__name")


def next_window(county: Division, today: date) -> date:
    """The day on which the next half-month can be inspected; those that the county skips are left out."""
    planned = Cycle.objects.of_county(county).filter(opens_on__gt=today).order_by("start")
    skipped = set(planned.filter(state=Cycle.State.SKIPPED).values_list("start", flat=True))
    coming = planned.filter(state=Cycle.State.OPEN).first()
    if coming is not None:
        return coming.opens_on
    half_month = HalfMonth.latest_cut_off(today).next()
    while half_month.start in skipped:
        half_month = half_month.next()
    return half_month.end


def awaiting_inclusion(projects: ProjectQuerySet) -> ProjectQuerySet:
    """Started projects large enough for the investment survey that are not in it yet."""
    large = projects.followed().filter(planned_total__gte=INCLUSION_THRESHOLD)
    return large.exclude(stage__in=NOT_STARTED_STAGES).exclude(inclusion_state=InclusionState.INCLUDED)


def next_inclusion_deadline(county: Division, today: date) -> date:
    """The next day by which papers of inclusion are due in the county."""
    return next_deadline(today, CountySettings.of(county).inclusion_deadline_day)
