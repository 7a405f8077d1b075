"""What happens in a half-month: it opens, projects are inspected, inspections are decided, it closes."""

import logging
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from tracker.accounts.models import User
from tracker.audit.context import because
from tracker.badges.actions import Given, award_badges, confirm_badges
from tracker.badges.models import Award, BadgePolicy
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.calendars.queries import working_days_of
from tracker.calendars.workdays import add_working_days
from tracker.inspections import rules
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.queries import previous_inspection, readings
from tracker.inspections.rules import Findings
from tracker.library.inclusion.actions import bring_to, follow_facts
from tracker.library.inclusion.rules import Way
from tracker.library.models import (
    ENDED_STAGES,
    LIAISON_STATES,
    NOT_STARTED_STAGES,
    CountySettings,
    Division,
    InclusionState,
    Project,
    Stage,
)
from tracker.library.records import StageChange
from tracker.library.stages import Move, keep_moves

logger = logging.getLogger(__name__)

FINDINGS_KEPT = [field.name for field in fields(Findings)]
# What a project takes over from its latest accepted inspection.
FOUND_OF_PROJECT = ["stage", "inclusion_state", "included_on", "started_on", "completed_on"]
# What a county's table writes into an inspection that is there already.
WRITTEN_BY_TABLE = [
    *FINDINGS_KEPT,
    *("is_unchanged", "origin", "inspector", "submitted_at"),
    *("state", "reviewer", "reviewed_at", "return_reason", "edition"),
]
FINISHED_STAGES = frozenset({Stage.COMPLETED, Stage.IN_PRODUCTION, Stage.OUTCOME_VERIFIED})


class CycleIsClosed(Exception):
    """The half-month is closed, skipped, or its window has not opened yet."""


class EditedMeanwhile(Exception):
    """Somebody else has saved this inspection since the form was shown."""


class AlreadyAccepted(Exception):
    """The inspection counts already; it can only be amended by those who may reopen it."""


class Contradicts(Exception):
    """Figures that cannot be true together; `found` holds pairs of field and code."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        super().__init__(found)
        self.found = found


class NeedsRemark(Exception):
    """Figures that are possible but odd: a sentence has to explain them; `questions` holds their codes."""

    def __init__(self, questions: list[str]) -> None:
        super().__init__(questions)
        self.questions = questions


class LiaisonOnly(Exception):
    """Only the statistics liaison says that a project is included, returned or removed."""


class SamePerson(Exception):
    """Who submitted an inspection does not decide it."""


class NotSubmitted(Exception):
    """The inspection does not wait for a decision (any more)."""


def open_cycle(county: Division, half_month: HalfMonth) -> Cycle:
    """The county's half-month with its window by the county's calendar; added when it is not there yet."""
    settings = CountySettings.of(county)
    is_working = working_days_of(county.pk)
    due_on = add_working_days(half_month.end, settings.due_after_working_days, is_working)
    cycle, _ = Cycle.objects.get_or_create(
        county=county,
        start=half_month.start,
        defaults={
            "cut_off": half_month.end,
            "opens_on": half_month.end,
            "due_on": due_on,
            "closes_on": add_working_days(due_on, settings.closes_after_working_days, is_working),
        },
    )
    return cycle


def keep_cycles(now: datetime) -> None:
    """Open each county's half-months ahead of time and close those whose time is over."""
    today = shanghai_date(now)
    current = HalfMonth.containing(today)
    for county in Division.objects.counties().filter(projects__isnull=False).distinct():
        for half_month in (current.previous(), current, current.next()):
            open_cycle(county, half_month)
    troubles = []
    for cycle in Cycle.objects.filter(state=Cycle.State.OPEN, closes_on__lt=today).order_by("start"):
        try:
            close_cycle(cycle, by=None, at=now)
        except Exception as trouble:  # whatever it is, it is this county's: the others close
            logger.exception("half-month %s of county %s could not be closed", cycle, cycle.county_id)
            troubles.append(trouble)
    if troubles:
        raise troubles[0]


@transaction.atomic
def submit_inspection(
    project: Project,
    cycle: Cycle,
    findings: Findings,
    *,
    by: User | None,
    at: datetime,
    edition: int | None = None,
    is_unchanged: bool = False,
    origin: str = Inspection.Origin.PAGE,
) -> Inspection:
    """Record what was found at the project in the half-month; it counts at once where one person is enough.

    `edition` is the one that the form showed (None when there was no inspection yet).
    """
    # Who saves the same project's inspection, and who closes the half-month, take turns here.
    project = Project.objects.select_for_update().get(pk=project.pk)
    cycle.refresh_from_db(fields=["state", "opens_on"])
    if not cycle.is_open or shanghai_date(at) < cycle.opens_on:
        raise CycleIsClosed(cycle)
    _check(project, cycle, findings, origin)
    existing = Inspection.objects.filter(project=project, cycle_start=cycle.start).first()
    if existing and not may_be_corrected(existing, cycle):
        raise AlreadyAccepted(existing)
    if (existing.edition if existing else None) != edition:
        raise EditedMeanwhile(existing)
    inspection = existing or Inspection(project=project, cycle_start=cycle.start, edition=0)
    for field in FINDINGS_KEPT:
        setattr(inspection, field, getattr(findings, field))
    inspection.is_unchanged, inspection.origin = is_unchanged, origin
    inspection.inspector, inspection.submitted_at = by, at
    inspection.state, inspection.return_reason = Inspection.State.SUBMITTED, ""
    inspection.edition += 1
    inspection.save()
    if not CountySettings.of(cycle.county).needs_second_person:
        _accept(inspection, cycle, by=None, at=at)
    return inspection


@transaction.atomic
def record_from_table(cycle: Cycle, found: Mapping[int, Findings], *, by: User | None, at: datetime) -> None:
    """Keep what a county's table says of many projects (by id) in a half-month; the caller judges them once.

    An inspection that is there already changes only while the half-month is open; one that is missing may be
    added later, so that an older table can still be taken. Where the county wants a second person, all wait.
    """
    projects = list(Project.objects.select_for_update().filter(pk__in=found).order_by("pk"))
    cycle.refresh_from_db(fields=["state"])
    here = Inspection.objects.in_cycle(cycle.start).filter(project__in=found)
    there = {inspection.project_id: inspection for inspection in here}
    if cycle.state == Cycle.State.SKIPPED or (there and not cycle.is_open):
        raise CycleIsClosed(cycle)
    counts_at_once = not CountySettings.of(cycle.county).needs_second_person
    recorded = []
    for project in projects:
        inspection = there.get(project.pk) or Inspection(project=project, cycle_start=cycle.start, edition=0)
        for field in FINDINGS_KEPT:
            setattr(inspection, field, getattr(found[project.pk], field))
        inspection.is_unchanged, inspection.origin = False, Inspection.Origin.WORKBOOK
        inspection.inspector, inspection.submitted_at = by, at
        inspection.state = Inspection.State.ACCEPTED if counts_at_once else Inspection.State.SUBMITTED
        inspection.reviewer, inspection.reviewed_at = None, at if counts_at_once else None
        inspection.return_reason = ""
        inspection.edition += 1
        recorded.append(inspection)
    added = [inspection for inspection in recorded if inspection.pk is None]
    changed = [inspection for inspection in recorded if inspection.pk is not None]
    Inspection.objects.bulk_create(added, batch_size=200)
    Inspection.objects.bulk_update(changed, WRITTEN_BY_TABLE, batch_size=200)
    if counts_at_once:
        newer = Inspection.objects.accepted().filter(project__in=found, cycle_start__gt=cycle.start)
        overtaken = set(newer.values_list("project_id", flat=True))
        latest = [project for project in projects if project.pk not in overtaken]
        of_project = {inspection.project_id: inspection for inspection in recorded}
        moves = [bring_up_to_date(project, of_project[project.pk], cycle) for project in latest]
        Project.objects.bulk_update(latest, FOUND_OF_PROJECT, batch_size=200)
        keep_moves(moves, origin=StageChange.Origin.WORKBOOK, by=by, at=at)


def may_be_corrected(inspection: Inspection, cycle: Cycle) -> bool:
    """Whether saving again replaces it: while the window is open, and nobody else has accepted it."""
    if inspection.state != Inspection.State.ACCEPTED:
        return cycle.is_open
    return cycle.is_open and not CountySettings.of(cycle.county).needs_second_person


def _check(project: Project, cycle: Cycle, findings: Findings, origin: str) -> None:
    found = rules.contradictions(findings)
    if project.started_on and findings.completed_on and findings.completed_on < project.started_on:
        found.append(("completed_on", "completed_before_start"))
    if found:
        raise Contradicts(found)
    says_liaison = (
        findings.inclusion_state in LIAISON_STATES and findings.inclusion_state != project.inclusion_state
    )
    if says_liaison and origin == Inspection.Origin.PAGE:
        raise LiaisonOnly(findings.inclusion_state)
    # A workbook is taken as the county wrote it; its oddities are shown in the preview.
    if origin == Inspection.Origin.PAGE and not findings.remark:
        before = previous_inspection(project, cycle.half_month)
        same_year = before is not None and before.cycle_start.year == cycle.start.year
        asked = rules.questions(
            findings, findings_of(before) if before else None, project.planned_total, same_year
        )
        if asked:
            raise NeedsRemark(asked)


def findings_of(inspection: Inspection) -> Findings:
    """What an inspection holds, as plain value."""
    return Findings(**{field: getattr(inspection, field) for field in FINDINGS_KEPT})


@transaction.atomic
def accept_inspection(
    inspection: Inspection, *, by: User, at: datetime, edition: int | None = None
) -> Inspection:
    """Let a submitted inspection count; by somebody else than who submitted it.

    Also after the close: nobody's figures are lost because they waited for a second person. `edition` is
    the one that was looked at: figures that nobody has seen are not accepted.
    """
    inspection, cycle = _to_decide(inspection, by)
    if edition is not None and edition != inspection.edition:
        raise EditedMeanwhile(inspection)
    if cycle.state == Cycle.State.SKIPPED:
        raise CycleIsClosed(cycle)
    _accept(inspection, cycle, by=by, at=at)
    return inspection


@transaction.atomic
def return_inspection(inspection: Inspection, reason: str, *, by: User, at: datetime) -> Inspection:
    """Give a submitted inspection back with the reason; the figures stay as they were entered."""
    inspection, cycle = _to_decide(inspection, by)
    if not cycle.is_open:
        raise CycleIsClosed(cycle)
    inspection.state, inspection.return_reason = Inspection.State.RETURNED, reason
    inspection.reviewer, inspection.reviewed_at = by, at
    inspection.edition += 1
    with because(reason):
        inspection.save()
    return inspection


def _to_decide(inspection: Inspection, by: User) -> tuple[Inspection, Cycle]:
    # The project first, as saving does: else who decides and who corrects could wait for each other for ever.
    Project.objects.select_for_update().get(pk=inspection.project_id)
    inspection = Inspection.objects.select_for_update().select_related("project").get(pk=inspection.pk)
    cycle = Cycle.objects.get(county=inspection.project.county_id, start=inspection.cycle_start)
    if inspection.state != Inspection.State.SUBMITTED:
        raise NotSubmitted(inspection)
    if inspection.inspector_id == by.pk:
        raise SamePerson(inspection)
    return inspection, cycle


def _accept(inspection: Inspection, cycle: Cycle, *, by: User | None, at: datetime) -> None:
    inspection.state = Inspection.State.ACCEPTED
    inspection.reviewer, inspection.reviewed_at = by, at
    inspection.save()
    project = inspection.project
    is_latest = (
        not Inspection.objects.accepted()
        .filter(project=project, cycle_start__gt=inspection.cycle_start)
        .exists()
    )
    if is_latest:
        move = bring_up_to_date(project, inspection, cycle)
        project.save(update_fields=FOUND_OF_PROJECT)
        is_from_table = inspection.origin == Inspection.Origin.WORKBOOK
        origin = StageChange.Origin.WORKBOOK if is_from_table else StageChange.Origin.INSPECTION
        keep_moves([move], origin=origin, by=inspection.inspector, at=at)
    assess(Project.objects.filter(pk=project.pk), cycle.county, cycle.half_month, at=at)


def bring_up_to_date(project: Project, inspection: Inspection, cycle: Cycle) -> Move:
    """The project is as its latest inspection found it; a step without a day of its own gets the cut-off."""
    from_stage, project.stage = project.stage, _stage_after(project, inspection)
    # What the liaison has said meanwhile stands; a table is agreed with the liaison before it is handed in.
    is_from_table = inspection.origin == Inspection.Origin.WORKBOOK
    way = Way.TABLE if is_from_table else Way.INSPECTION
    if is_from_table or project.inclusion_state not in LIAISON_STATES or _hands_in_again(project, inspection):
        bring_to(project, inspection.inclusion_state, way=way, included_on=inspection.included_on)
    if project.started_on is None and inspection.stage not in NOT_STARTED_STAGES | ENDED_STAGES:
        project.started_on = inspection.started_on or cycle.cut_off
    if project.completed_on is None and inspection.stage in FINISHED_STAGES:
        completed_on = inspection.completed_on or cycle.cut_off
        project.completed_on = max(completed_on, project.started_on or completed_on)
    if project.inclusion_state == InclusionState.NOT_DUE:
        # It may have begun: then its papers are due, whatever the inspection took over from the last one.
        follow_facts(project)
    if inspection.stage in FINISHED_STAGES:
        on = inspection.completed_on or cycle.cut_off
    else:
        on = inspection.started_on or cycle.cut_off
    return Move(project, from_stage, on, inspection.remark or inspection.progress_note)


def _stage_after(project: Project, inspection: Inspection) -> str:
    """What the inspection found; one that still waited when the project was ended does not bring it back."""
    is_of_page = inspection.origin == Inspection.Origin.PAGE
    if is_of_page and project.stage in ENDED_STAGES and inspection.stage not in ENDED_STAGES:
        return str(project.stage)
    return inspection.stage


def _hands_in_again(project: Project, inspection: Inspection) -> bool:
    """Whether papers that the liaison had returned were submitted anew since."""
    if (project.inclusion_state, inspection.inclusion_state) != (
        InclusionState.RETURNED,
        InclusionState.SUBMITTED,
    ):
        return False
    returned_on = project.inclusion_returned_on
    return returned_on is None or returned_on <= shanghai_date(inspection.submitted_at)


@transaction.atomic
def assess(projects: QuerySet[Project], county: Division, half_month: HalfMonth, *, at: datetime) -> Given:
    """Judge these projects of one county in the half-month, and in later ones whose badge rests on it."""
    # Held before anything is read: nobody may report meanwhile and be judged by what was known before.
    list(projects.select_for_update().order_by("pk").values_list("pk"))
    given = _assess_once(projects, county, half_month, at=at)
    later = Award.objects.standing().filter(project__in=projects, cycle_start__gt=half_month.start)
    last: date | None = later.aggregate(last=Max("cycle_start"))["last"]
    while last is not None and half_month.start < last:
        half_month = half_month.next()
        rated = Award.objects.standing().filter(cycle_start=half_month.start, project__in=projects)
        _assess_once(projects.filter(pk__in=rated.values("project")), county, half_month, at=at)
    return given


def _assess_once(
    projects: QuerySet[Project], county: Division, half_month: HalfMonth, *, at: datetime
) -> Given:
    cycle = Cycle.objects.filter(county=county, start=half_month.start).first()
    confirms_at_close = CountySettings.of(county).confirmation == CountySettings.Confirmation.AT_CLOSE
    policy = BadgePolicy.objects.in_force(county, half_month.start)
    return award_badges(
        half_month,
        policy,
        readings(projects, county, half_month, policy.policy.looks_back),
        at=at,
        is_confirmed=confirms_at_close and cycle is not None and cycle.state == Cycle.State.CLOSED,
    )


def reassess_cycle(cycle: Cycle, *, at: datetime) -> Given:
    """Judge the county's projects again in the half-month; the same figures keep the same badge.

    While it is open, only those inspected in it: the others may still be.
    """
    projects = Project.objects.of_county(cycle.county)
    if cycle.is_open:
        reported = Inspection.objects.accepted().in_cycle(cycle.start)
        projects = projects.filter(pk__in=reported.values("project"))
    return assess(projects, cycle.county, cycle.half_month, at=at)


@transaction.atomic
def judge_again(project: Project, *, at: datetime) -> None:
    """Judge the project again in the open half-months in which it has a badge: its facts have changed."""
    open_cycles = Cycle.objects.filter(county=project.county_id, state=Cycle.State.OPEN).values("start")
    judged = Award.objects.standing().filter(project=project, cycle_start__in=open_cycles)
    first = judged.order_by("cycle_start").values_list("cycle_start", flat=True).first()
    if first is not None:
        assess(Project.objects.filter(pk=project.pk), project.county, HalfMonth.starting(first), at=at)


@transaction.atomic
def close_cycle(cycle: Cycle, *, by: User | None, at: datetime) -> bool:
    """End the half-month and judge all its projects, those nobody reported on by what was known before.

    False when somebody else has closed it.
    """
    closing = Cycle.objects.filter(pk=cycle.pk, state=Cycle.State.OPEN)
    if not closing.update(state=Cycle.State.CLOSED, closed_at=at, closed_by=by):
        return False
    cycle.refresh_from_db()
    reassess_cycle(cycle, at=at)
    if CountySettings.of(cycle.county).confirmation == CountySettings.Confirmation.AT_CLOSE:
        confirm_cycle(cycle, by=None, at=at)
    return True


def confirm_cycle(cycle: Cycle, *, by: User | None, at: datetime) -> int:
    """Make the half-month's provisional badges final; how many there were."""
    projects = list(Project.objects.of_county(cycle.county).values_list("pk", flat=True))
    return confirm_badges(cycle.half_month, projects, at=at, by=by.pk if by else None)


@transaction.atomic
def skip_cycle(cycle: Cycle, reason: str) -> bool:
    """Leave a half-month out, e.g. over the Spring Festival, so that nobody is late; False when not open."""
    skipping = Cycle.objects.filter(pk=cycle.pk, state=Cycle.State.OPEN)
    with because(reason):
        return bool(skipping.update(state=Cycle.State.SKIPPED, skipped_because=reason))
