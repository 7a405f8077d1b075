"""What has happened to one project, in words with dates: one list of all that its record knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from django.urls import reverse
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.audit.models import AuditEntry
from tracker.badges.models import Award
from tracker.calendars.periods import shanghai_date
from tracker.inspections.models import Inspection
from tracker.library.inclusion.rules import InclusionState, PaperState
from tracker.library.inclusion.words import paper_label
from tracker.library.models import BadgeColour
from tracker.library.rules import with_masked_phones
from tracker.library.telling import title
from tracker.library.words import (
    badge_label,
    cycle_label,
    inclusion_label,
    known_date,
    stage_label,
    wan,
)
from tracker.office.record import ProjectRecord
from tracker.office.trail import system_in_words


class Kind(StrEnum):
    """What an event is about."""

    STAGES = "stages"
    PLANS = "plans"
    BADGES = "badges"
    INSPECTIONS = "inspections"
    INCLUSION = "inclusion"
    EXPLANATIONS = "explanations"


KINDS: dict[Kind, Any] = {
    Kind.STAGES: _("Stages"),
    Kind.PLANS: _("Plans and totals"),
    Kind.BADGES: _("Badges"),
    Kind.INSPECTIONS: _("Inspections"),
    Kind.INCLUSION: _("Inclusion and papers"),
    Kind.EXPLANATIONS: _("Explanations"),
}
TROUBLE_TOLD = 4
BEHIND = frozenset({BadgeColour.RED, BadgeColour.YELLOW})
# The day that the project keeps of each state which the liaison, or a handing in, has said.
DAYS_OF_STATES = (
    (InclusionState.SUBMITTED, "inclusion_submitted_on"),
    (InclusionState.RETURNED, "inclusion_returned_on"),
    (InclusionState.INCLUDED, "included_on"),
    (InclusionState.REMOVED, "inclusion_removed_on"),
)


@dataclass(frozen=True)
class Event:
    """One thing that happened: what, when, why, and who did it."""

    kind: Kind
    at: datetime
    text: str
    detail: str = ""
    by: str = ""
    url: str = ""
    badge: str | None = None
    # How the day is written where it is known to the month only.
    known_on: str = ""

    @property
    def on(self) -> date:
        """The day in the county."""
        return shanghai_date(self.at)

    @property
    def kind_label(self) -> str:
        """What it is about, in words."""
        return str(KINDS[self.kind])


def timeline_of(record: ProjectRecord) -> list[Event]:
    """All of it, the latest first."""
    told = (_stages, _plans, _badges, _inspections, _inclusion, _papers, _explanations)
    events = [event for tell in told for event in tell(record)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _day(day: date) -> datetime:
    """A day that is known without its time, as the beginning of that day in the county."""
    return datetime.combine(day, time.min, get_default_timezone())


def _name(person: Any) -> str:
    return person.name if person is not None else ""


def _stages(record: ProjectRecord) -> Iterator[Event]:
    project = record.project
    yield Event(Kind.STAGES, project.added_at, gettext("Taken into the library"))
    if project.filed_on:
        yield Event(
            Kind.STAGES,
            _day(project.filed_on),
            gettext("Filed"),
            " · ".join(filter(None, [project.filing_number, project.filing_authority])),
            known_on=known_date(project, "filed_on"),
        )
    for change in record.stage_changes:
        into = change.merged_into.name if change.merged_into else ""
        yield Event(
            Kind.STAGES,
            _on_its_day(change.on, change.made_at),
            gettext("Stage: %(before)s → %(after)s")
            % {"before": stage_label(change.from_stage), "after": stage_label(change.to_stage)},
            with_masked_phones(" · ".join(filter(None, [into, change.reason]))),
            " · ".join(filter(None, [_name(change.by), change.get_origin_display()])),
        )


def _on_its_day(day: date, made_at: datetime) -> datetime:
    """The moment it was written down, where that was on the day itself; else the day."""
    return made_at if shanghai_date(made_at) == day else _day(day)


def _plans(record: ProjectRecord) -> Iterator[Event]:
    before: dict[int, Any] = {}
    for plan in sorted(record.plans, key=lambda plan: (plan.year, plan.version)):
        last = before.get(plan.year)
        before[plan.year] = plan.amount
        facts = {"year": plan.year, "after": wan(plan.amount), "before": wan(last)}
        text = (
            gettext("Plan of %(year)s: %(after)s 万元")
            if last is None
            else gettext("Plan of %(year)s changed from %(before)s to %(after)s 万元")
        )
        reason = with_masked_phones(plan.reason)
        yield Event(Kind.PLANS, plan.made_at, text % facts, reason, _name(plan.made_by))
    for change in record.total_changes:
        yield Event(
            Kind.PLANS,
            change.made_at,
            gettext("Planned total changed from %(before)s to %(after)s 万元")
            % {"before": wan(change.before), "after": wan(change.after)},
            with_masked_phones(change.grounds),
            _name(change.by),
        )


def _badges(record: ProjectRecord) -> Iterator[Event]:
    """Where the colour changed from one half-month to the next; the same colour again is no news."""
    page = reverse("office:project", args=[record.project.pk])
    before: Award | None = None
    for award in reversed(record.standing):
        if before is None or award.badge != before.badge:
            yield Event(
                Kind.BADGES,
                award.assigned_at,
                _badge_in_words(award, before),
                award.reason,
                url=f"{page}?cycle={_code(award.cycle_start)}",
                badge=award.badge,
            )
        before = award


def _code(start: date) -> str:
    return f"{start:%Y-%m}-H{1 if start.day == 1 else 2}"


def _badge_in_words(award: Award, before: Award | None) -> str:
    facts = {
        "cycle": cycle_label(award.cycle_start),
        "after": badge_label(award.badge),
        "before": badge_label(before.badge) if before else "",
    }
    if before is None:
        return gettext("First badge, %(cycle)s: %(after)s") % facts
    if before.badge == BadgeColour.RED and award.badge != BadgeColour.NONE:
        return gettext("Red made good in the %(cycle)s: now %(after)s") % facts
    return gettext("Badge of the %(cycle)s: %(before)s → %(after)s") % facts


def _inspections(record: ProjectRecord) -> Iterator[Event]:
    page = reverse("office:project", args=[record.project.pk])
    for row in record.inspections:
        facts = {"cycle": cycle_label(row.cycle_start)}
        url = f"{page}#inspection-{row.cycle_start.isoformat()}"
        match row.state:
            case Inspection.State.ACCEPTED:
                text, at = gettext("Inspection of the %(cycle)s accepted"), row.reviewed_at
                detail, by = row.remark, row.reviewer or row.inspector
            case Inspection.State.RETURNED:
                text, at = gettext("Inspection of the %(cycle)s returned"), row.reviewed_at
                detail, by = row.return_reason, row.reviewer
            case _:
                text, at = gettext("Inspection of the %(cycle)s submitted"), row.submitted_at
                detail, by = row.remark, row.inspector
        yield Event(
            Kind.INSPECTIONS,
            at or row.submitted_at,
            text % facts,
            with_masked_phones(detail),
            _name(by),
            url,
        )


def _inclusion(record: ProjectRecord) -> Iterator[Event]:
    """As the trail has it; what it no longer holds, by the days that the project keeps."""
    told = set()
    for entry in record.changes:
        if entry.act != AuditEntry.Act.CHANGED or "inclusion_state" not in entry.after:
            continue
        state = entry.after["inclusion_state"]
        told.add(state)
        yield Event(
            Kind.INCLUSION,
            entry.at,
            gettext("Inclusion: %(before)s → %(after)s")
            % {
                "before": inclusion_label(entry.before["inclusion_state"]),
                "after": inclusion_label(state),
            },
            by=_name(entry.actor) or system_in_words(entry.system),
        )
    for state, field in DAYS_OF_STATES:
        day = getattr(record.project, field)
        if day is not None and state.value not in told:
            yield Event(
                Kind.INCLUSION,
                _day(day),
                gettext("Inclusion: %(after)s") % {"after": inclusion_label(state.value)},
                known_on=known_date(record.project, field),
            )


def _papers(record: ProjectRecord) -> Iterator[Event]:
    for paper in record.papers:
        facts = {"paper": paper_label(paper.kind)}
        if paper.state == PaperState.RECEIVED:
            text = gettext("Paper received: %(paper)s") % facts
            yield Event(Kind.INCLUSION, paper.noted_at, text, by=_name(paper.noted_by))
        elif paper.state == PaperState.NOT_NEEDED:
            text = gettext("Paper not needed: %(paper)s") % facts
            reason = with_masked_phones(paper.reason)
            yield Event(Kind.INCLUSION, paper.noted_at, text, reason, _name(paper.noted_by))


def _explanations(record: ProjectRecord) -> Iterator[Event]:
    for row in record.answered:
        text = gettext("Explained: %(what)s") % {"what": title(row.code)}
        yield Event(Kind.EXPLANATIONS, row.at, text, with_masked_phones(row.sentence), _name(row.by))
    for told in record.explanations:
        text = gettext("Difference of %(amount)s 万元 to statistics explained") % {
            "amount": wan(told.difference)
        }
        by = _name(told.explained_by)
        yield Event(Kind.EXPLANATIONS, told.explained_at, text, with_masked_phones(told.text), by)


# --- what is wrong now ---


@dataclass(frozen=True)
class Trouble:
    """What an inspection said in a half-month in which the project was behind, or why it was returned."""

    cycle: str
    badge: str
    text: str
    anchor: str
    is_returned: bool


def trouble_of(record: ProjectRecord) -> list[Trouble]:
    """What inspections have said since the project was last on plan, the latest first."""
    colours = {award.cycle_start: award.badge for award in record.standing}
    found = []
    for row in record.inspections:
        badge = colours.get(row.cycle_start, "")
        is_returned = row.state == Inspection.State.RETURNED
        if not is_returned and badge and badge not in BEHIND:
            break
        said = row.return_reason if is_returned else row.remark if badge else ""
        if said:
            found.append(
                Trouble(
                    cycle_label(row.cycle_start),
                    badge,
                    with_masked_phones(said),
                    f"#inspection-{row.cycle_start.isoformat()}",
                    is_returned,
                )
            )
    return found[:TROUBLE_TOLD]
