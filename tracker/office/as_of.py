"""How a project or an enterprise stood at the end of a day, beside how it stands now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.timezone import get_default_timezone

from tracker.audit.history import Values, added_at, rows_at, trail_since, values_at, values_of
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Project
from tracker.office.trail import Compared, compared

# What only serves the machine, or is told beside the facts.
NOT_TOLD = frozenset({"county", "added_at", "month_only"})
OF_INSPECTION = (
    *("cycle_start", "cumulative_investment", "ytd_investment", "progress_percent", "stage"),
    *("inclusion_state", "remark"),
)
OF_PLAN = ("year", "version", "amount", "reason")


@dataclass(frozen=True)
class Part:
    """One table's facts: how they stood then, beside how they stand now."""

    was_there: bool
    is_there: bool
    facts: list[Compared]


@dataclass(frozen=True)
class Standing:
    """A badge that stood: its colour, its half-month, and the sentence where the row is still there."""

    badge: str
    cycle_start: date
    reason: str


@dataclass(frozen=True)
class AsOf:
    """How a record stood at the end of a day."""

    on: date
    known_from: date | None
    # Whether all that happened since is known.
    is_known: bool
    facts: Part | None
    plan: Part | None = None
    inspection: Part | None = None
    badge: Standing | None = None
    badge_now: Standing | None = None

    @property
    def is_another_badge(self) -> bool:
        """Whether another badge stands now."""
        return self.badge != self.badge_now


def end_of(day: date) -> datetime:
    """The last moment of a day in the county."""
    zone = get_default_timezone()
    return datetime.combine(day + timedelta(days=1), time.min, zone) - timedelta(microseconds=1)


def as_of(record: Model, on: date) -> AsOf:
    """How the record stood at the end of the day; without its facts where the trail does not reach so far."""
    moment, added = end_of(on), added_at(record)
    # All that happened to it is kept where its beginning is: what it began with says how it began.
    since = added or trail_since()
    known_from = shanghai_date(since) if since else None
    if since is None or (moment < since and added is None):
        return AsOf(on, known_from, is_known=False, facts=None)
    then, now = values_at(record, moment), values_of(record)
    told = [name for name in now if name not in NOT_TOLD]
    facts = _part(type(record), told, then, now)
    if not isinstance(record, Project):
        return AsOf(on, known_from, is_known=True, facts=facts)
    year = HalfMonth.latest_cut_off(on).year
    plans = AnnualPlan.objects.filter(project=record)
    inspections = Inspection.objects.filter(project=record)
    awards = {str(award.pk): award for award in Award.objects.filter(project=record)}
    have_moved = record.merged_into_id is not None

    def then_in(rows: QuerySet[Any]) -> dict[str, Values]:
        return rows_at(rows, "project", record.pk, moment, have_moved=have_moved)

    def now_in(rows: QuerySet[Any]) -> dict[str, Values]:
        return {str(row.pk): values_of(row) for row in rows}

    return AsOf(
        on,
        known_from,
        is_known=True,
        facts=facts,
        plan=_part(AnnualPlan, OF_PLAN, _in_force(then_in(plans), year), _in_force(now_in(plans), year)),
        inspection=_part(
            Inspection,
            OF_INSPECTION,
            _latest_accepted(then_in(inspections)),
            _latest_accepted(now_in(inspections)),
        ),
        badge=_badge(then_in(Award.objects.filter(project=record)), awards),
        badge_now=_badge({pk: values_of(award) for pk, award in awards.items()}, awards),
    )


def _part(model: type[Model], names: Collection[str], then: Values | None, now: Values | None) -> Part:
    """What was known then or is known now; nothing is said of what never was."""
    facts = compared(model, names, then or {}, now or {})
    return Part(then is not None, now is not None, [fact for fact in facts if fact.is_told])


def _in_force(plans: dict[str, Values], year: int) -> Values | None:
    of_year = [plan for plan in plans.values() if plan["year"] == year]
    return max(of_year, key=lambda plan: plan["version"], default=None)


def _latest_accepted(inspections: dict[str, Values]) -> Values | None:
    accepted = [row for row in inspections.values() if row["state"] == Inspection.State.ACCEPTED]
    return max(accepted, key=lambda row: row["cycle_start"], default=None)


def _badge(awards: dict[str, Values], rows: dict[str, Award]) -> Standing | None:
    standing = [pk for pk, award in awards.items() if award["state"] != Award.State.SUPERSEDED]
    if not standing:
        return None
    pk = max(standing, key=lambda pk: awards[pk]["cycle_start"])
    start = date.fromisoformat(awards[pk]["cycle_start"])
    return Standing(awards[pk]["badge"], start, rows[pk].reason if pk in rows else "")
