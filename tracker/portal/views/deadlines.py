"""What lies ahead of a project, as its enterprise is told."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from tracker.badges.policy import Policy
from tracker.calendars.periods import Month
from tracker.library.inclusion.rules import next_deadline
from tracker.library.models import ENDED_STAGES, InclusionState, Project
from tracker.library.rules import INCLUSION_THRESHOLD

SETTLED_INCLUSION = frozenset({InclusionState.INCLUDED, InclusionState.NOT_APPLICABLE})


@dataclass(frozen=True)
class Deadline:
    """One thing that is due, and what happens when it is not done."""

    what: str
    on: date
    is_month_only: bool = False
    is_over: bool = False
    note: str = ""


def deadlines_of(
    project: Project, policy: Policy | None, papers_due_on_day: int, today: date
) -> list[Deadline]:
    """What is still to be done, the next first; nothing for a project that is suspended or over."""
    if project.stage in ENDED_STAGES:
        return []
    milestones = (
        (gettext("Planned start"), "planned_start_on", project.started_on),
        (gettext("Planned equipment delivery"), "planned_equipment_on", project.equipment_delivered_on),
        (gettext("Planned completion"), "planned_completion_on", project.completed_on),
        (gettext("Planned start of production"), "planned_production_on", project.in_production_on),
        (gettext("Planned full capacity"), "planned_target_on", project.on_target_on),
    )
    ahead = [
        _milestone(project, what, field, today)
        for what, field, done_on in milestones
        if done_on is None and getattr(project, field) is not None
    ]
    if awaits_inclusion(project):
        ahead.append(_inclusion(project, policy, papers_due_on_day, today))
    return sorted(ahead, key=lambda deadline: deadline.on)


def _milestone(project: Project, what: str, field: str, today: date) -> Deadline:
    day: date = getattr(project, field)
    is_month_only = field in project.month_only
    last_day = Month.containing(day).end if is_month_only else day
    return Deadline(what, day, is_month_only, is_over=last_day < today)


def awaits_inclusion(project: Project) -> bool:
    """Whether papers of inclusion are still wanted for it."""
    return (
        project.started_on is not None
        and project.inclusion_state not in SETTLED_INCLUSION
        and project.planned_total >= INCLUSION_THRESHOLD
    )


def _inclusion(project: Project, policy: Policy | None, papers_due_on_day: int, today: date) -> Deadline:
    """The county's next day for papers, with the days from which the badge would suffer."""
    return Deadline(
        gettext("Papers for inclusion in statistics"),
        next_deadline(today, papers_due_on_day),
        note=_consequence(project, policy, today) if policy else "",
    )


def _consequence(project: Project, policy: Policy, today: date) -> str:
    assert project.started_on is not None
    is_month_only = "started_on" in project.month_only
    start = Month.containing(project.started_on).end if is_month_only else project.started_on
    yellow = start + timedelta(days=policy.inclusion_yellow_after_days + 1)
    red = start + timedelta(days=policy.inclusion_red_after_days + 1)
    words: dict[str, Any] = {"yellow": date_format(yellow), "red": date_format(red)}
    if today < yellow:
        return gettext("Without inclusion the badge turns yellow on %(yellow)s and red on %(red)s.") % words
    if today < red:
        return gettext("Not included since the start: yellow since %(yellow)s, red from %(red)s.") % words
    return gettext("Not included since the start: red since %(red)s.") % words
