"""The one way a badge comes to be: a reading is judged by the policy in force, and kept with both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max

from tracker.audit.context import by_system
from tracker.badges import improvement, rules, words
from tracker.badges.keeping import inputs_of
from tracker.badges.models import Award, BadgePolicy
from tracker.badges.policy import Policy
from tracker.calendars.periods import HalfMonth
from tracker.library.models import BadgeColour, Project


@dataclass(frozen=True)
class Given:
    """How many badges of a cycle were new and how many stood as they were."""

    given: int
    unchanged: int


@transaction.atomic
def award_badges(
    half_month: HalfMonth,
    policy: BadgePolicy,
    readings: Mapping[int, rules.Reading],
    *,
    at: datetime,
    is_confirmed: bool,
) -> Given:
    """Judge each project (by id) and keep its badge; one that would be the same is left alone.

    A different one supersedes the standing award, which stays readable. All or none are kept.
    """
    # One writer at a time per project: two workers that judge the same cycle must not both add a version.
    locked = list(Project.objects.select_for_update().filter(pk__in=readings).order_by("pk").only("pk"))
    here = Award.objects.filter(cycle_start=half_month.start, project__in=locked)
    standing = {award.project_id: award for award in here.standing()}
    # One that was withdrawn has its number too, although it does not hold.
    numbers = dict(here.order_by().values_list("project").annotate(Max("version")))
    fresh: list[Award] = []
    terms = policy.policy
    for project in locked:
        reading = readings[project.pk]
        before = standing.get(project.pk)
        digest = inputs_digest(reading, policy)
        if before and before.inputs_digest == digest:
            continue
        award = _judged(project.pk, half_month, policy, terms, reading, digest, at)
        award.version = numbers.get(project.pk, 0) + 1
        if is_confirmed:
            award.state, award.confirmed_at = Award.State.CONFIRMED, at
        fresh.append(award)
    outdated = [standing[award.project_id].pk for award in fresh if award.project_id in standing]
    # Whoever asked for it, the badge is the rule's.
    with by_system(f"policy {policy.code}", f"cycle {half_month.code}"):
        Award.objects.filter(pk__in=outdated).update(state=Award.State.SUPERSEDED)
        Award.objects.bulk_create(fresh, batch_size=200)
        _show_on_projects(half_month.start, fresh)
    return Given(given=len(fresh), unchanged=len(locked) - len(fresh))


def inputs_digest(reading: rules.Reading, policy: BadgePolicy) -> str:
    """A fingerprint of everything the judgement depends on."""
    everything = [inputs_of(reading), policy.code, policy.terms]
    canonical = json.dumps(everything, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _judged(
    project_id: int,
    half_month: HalfMonth,
    policy: BadgePolicy,
    terms: Policy,
    reading: rules.Reading,
    digest: str,
    at: datetime,
) -> Award:
    verdict = rules.judge(reading, terms)
    better = _within_reach(half_month, terms, reading, verdict)
    return Award(
        project_id=project_id,
        cycle_start=half_month.start,
        policy=policy,
        badge=verdict.badge.code,
        earned=verdict.earned.code,
        score=verdict.score,
        is_stale=verdict.is_stale,
        has_reason_applied=verdict.reason_applied,
        meets_gold=verdict.meets_gold,
        decisive=verdict.decisive.value if verdict.decisive else "",
        lights=[light.as_dict() for light in verdict.lights],
        inputs=inputs_of(reading),
        inputs_digest=digest,
        reason_zh=words.explain(verdict, reading, terms, "zh"),
        reason_en=words.explain(verdict, reading, terms, "en"),
        to_improve_zh=words.explain_improvement(better, "zh") if better else "",
        to_improve_en=words.explain_improvement(better, "en") if better else "",
        assigned_at=at,
    )


def _within_reach(
    half_month: HalfMonth, terms: Policy, reading: rules.Reading, verdict: rules.Verdict
) -> improvement.Improvement | None:
    """What would raise the badge at the next cut-off, the first that a new figure can still reach.

    Across the new year nothing is said: the plan and the year's investment begin anew.
    """
    ahead = half_month.next().end
    if ahead.year != reading.cut_off.year:
        return None
    return improvement.nearest_improvement(replace(reading, cut_off=ahead), terms, after=verdict)


def _show_on_projects(cycle_start: date, fresh: list[Award]) -> None:
    """Write the latest cycle's badge beside the project, so that lists need no join."""
    for colour in {award.badge for award in fresh}:
        projects = [award.project_id for award in fresh if award.badge == colour]
        latest_here = Project.objects.filter(pk__in=projects).exclude(badge_cycle_start__gt=cycle_start)
        latest_here.update(badge=colour, badge_cycle_start=cycle_start)


@transaction.atomic
def withdraw_badges(half_month: HalfMonth, projects: "list[int]") -> int:
    """Let these badges of a half-month hold no longer, for what they were judged by is gone.

    They stay readable, and each project shows the badge of the half-month before, or none.
    """
    standing = Award.objects.standing().filter(cycle_start=half_month.start, project__in=projects)
    with by_system("withdrawn", f"cycle {half_month.code}"):
        withdrawn = standing.update(state=Award.State.SUPERSEDED)
        showing = list(Project.objects.filter(pk__in=projects, badge_cycle_start=half_month.start))
        left = Award.objects.standing().filter(project__in=showing).order_by("cycle_start")
        latest = {award.project_id: award for award in left.only("project_id", "badge", "cycle_start")}
        for project in showing:
            award = latest.get(project.pk)
            project.badge = award.badge if award else BadgeColour.NONE
            project.badge_cycle_start = award.cycle_start if award else None
        Project.objects.bulk_update(showing, ["badge", "badge_cycle_start"], batch_size=200)
    return withdrawn


def confirm_badges(half_month: HalfMonth, projects: "list[int]", *, at: datetime, by: int | None) -> int:
    """Make the provisional badges of these projects in the half-month final; how many there were."""
    provisional = Award.objects.standing().filter(
        cycle_start=half_month.start, project__in=projects, state=Award.State.PROVISIONAL
    )
    return provisional.update(state=Award.State.CONFIRMED, confirmed_at=at, confirmed_by=by)
