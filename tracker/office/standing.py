"""Where one project stands on its way into statistics, as its page and the page of its papers show it."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from tracker.accounts.models import User
from tracker.library.inclusion import rules
from tracker.library.inclusion.actions import way_of
from tracker.library.inclusion.queries import Paper, checklist
from tracker.library.inclusion.rules import InclusionState
from tracker.library.models import CountySettings, Project
from tracker.library.rules import INCLUSION_THRESHOLD

HANDED_IN = (InclusionState.SUBMITTED, InclusionState.PREPARING)


def standing_of(project: Project, person: User, today: date) -> dict[str, Any]:
    """Where a project stands on its way into statistics: which papers there are, and until when."""
    belongs = project.planned_total >= INCLUSION_THRESHOLD
    papers = checklist(project) if belongs else []
    return standing_with(project, person, today, papers, CountySettings.of(project.county))


def standing_with(
    project: Project, person: User, today: date, papers: list[Paper], settings: CountySettings
) -> dict[str, Any]:
    """The same, of what was fetched already."""
    belongs = project.planned_total >= INCLUSION_THRESHOLD
    since = rules.due_since(project.nature, project.started_on, project.equipment_delivered_on)
    is_waiting = belongs and project.inclusion_state != InclusionState.INCLUDED and since is not None
    due_on = None
    if is_waiting and since is not None:
        due_on = rules.due_on(since, settings.inclusion_deadline_day)
    papers = papers if belongs else []
    return {
        "project": project,
        "belongs": belongs,
        "papers": papers,
        "missing": [paper for paper in papers if paper.is_missing],
        "due_on": due_on,
        "days_left": (due_on - today).days if due_on else None,
        "days_over": (today - due_on).days if due_on and due_on < today else 0,
        "may_keep": person.can("keep_papers", project),
        "may_set": person.can("set_inclusion", project),
        "moves": _moves(project, person),
    }


def _moves(project: Project, person: User) -> list[tuple[str, str]]:
    """Between being prepared and handed in, as far as the person may say it."""
    way = way_of(person, project)
    if way is None:
        return []
    now = InclusionState(project.inclusion_state)
    words = {
        InclusionState.SUBMITTED: _("Mark as handed in"),
        InclusionState.PREPARING: _("Take back: not handed in yet"),
    }
    return [(s.value, words[s]) for s in HANDED_IN if s != now and rules.may_move(way, now, s)]
