"""Which facts of a project, or of an enterprise's year, contradict each other.

Plain Python. An error cannot be true and blocks the save; a warning is possible but odd: it stays until
somebody answers it with a sentence, and comes back only when its facts change. The checks are those of the
national investment survey's guide and of GB/T 40058-2021; what the guide checks between two periods holds
between two inspections. The amount of a period and the components of a year are not kept, so they are not
asked for here.
"""

import hashlib
import json
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from tracker.library.rules import (
    EXTENSION_ASKED_WITHIN,
    EXTENSION_LASTS_YEARS,
    FILING_LASTS_YEARS,
    INCLUSION_THRESHOLD,
    filing_lapses_on,
    has_right_check_digit,
    years_after,
)

# Above this share of the planned total a cumulative investment asks for a reason.
OVERRUN = Decimal("1.05")
# A figure that is so many times the one of the year before was most likely written in another unit.
JUMP = 10
NOT_STARTED = frozenset({"reserve", "filed"})
FINISHED = frozenset({"completed", "in_production", "outcome_verified"})
AT_WORK = frozenset({"started", "building"}) | FINISHED
FULL = Decimal(100)
Facts = TypeVar("Facts")


class Severity(StrEnum):
    """An error blocks the save, a warning wants a sentence."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One contradiction: its code, the fields that it is about, and what stands in them."""

    code: str
    severity: Severity
    fields: tuple[str, ...]
    facts: tuple[tuple[str, Any], ...]

    @property
    def is_error(self) -> bool:
        """Whether it blocks the save."""
        return self.severity == Severity.ERROR

    @property
    def fingerprint(self) -> str:
        """The same as long as the facts are the same, however they are written: 2000 is 2000.00."""
        facts = [(name, _written(value)) for name, value in self.facts]
        return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode()).hexdigest()[:32]


def _written(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True)
class ProjectFacts:
    """What the rules look at in a project, on a day. Money in 万元, progress in per cent."""

    today: date
    code: str | None = None
    stage: str = ""
    merged_into: int | None = None
    planned_total: Decimal | None = None
    planned_construction: Decimal | None = None
    planned_installation: Decimal | None = None
    planned_equipment: Decimal | None = None
    planned_other: Decimal | None = None
    funds_in_place: Decimal | None = None
    filed_on: date | None = None
    filing_extended_until: date | None = None
    filing_extension_asked_on: date | None = None
    filing_extension_ground: str = ""
    planned_start_on: date | None = None
    planned_completion_on: date | None = None
    started_on: date | None = None
    equipment_delivered_on: date | None = None
    completed_on: date | None = None
    in_production_on: date | None = None
    on_target_on: date | None = None
    month_only: frozenset[str] = frozenset()
    inclusion_state: str = ""
    included_on: date | None = None
    annual_plan: Decimal | None = None
    # From the latest inspection that counts, and from the one before it in the same year or an earlier one.
    cumulative_investment: Decimal | None = None
    ytd_investment: Decimal | None = None
    progress_percent: Decimal | None = None
    is_explained: bool = False
    cumulative_before: Decimal | None = None
    ytd_before: Decimal | None = None
    cumulative_at_year_end: Decimal | None = None

    @property
    def components(self) -> list[Decimal | None]:
        """The four parts of the planned total."""
        return [
            self.planned_construction,
            self.planned_installation,
            self.planned_equipment,
            self.planned_other,
        ]

    @property
    def parts(self) -> Decimal:
        """What the known parts of the planned total come to."""
        return sum((part for part in self.components if part is not None), Decimal(0))

    def earliest(self, name: str) -> date | None:
        """The first day that a date can mean: one known to the month only may be any day of it."""
        day: date | None = getattr(self, name)
        return day.replace(day=1) if day and name in self.month_only else day

    def latest(self, name: str) -> date | None:
        """The last day that a date can mean."""
        day: date | None = getattr(self, name)
        return day.replace(day=monthrange(day.year, day.month)[1]) if day and name in self.month_only else day

    def is_before(self, name: str, other: str) -> bool:
        """Whether a date certainly lies before another one."""
        day, later = self.latest(name), self.earliest(other)
        return day is not None and later is not None and day < later

    @property
    def two_years_on(self) -> date | None:
        """The day on which the filing lapses unless it is extended."""
        return years_after(self.filed_on, FILING_LASTS_YEARS) if self.filed_on else None


@dataclass(frozen=True)
class YearFacts:
    """What the rules look at in an enterprise's figures of one year, beside those of the year before."""

    today: date
    year: int
    staff: int | None = None
    rd_staff: int | None = None
    revenue: Decimal | None = None
    rd_spend: Decimal | None = None
    assets: Decimal | None = None
    revenue_before: Decimal | None = None
    assets_before: Decimal | None = None


@dataclass(frozen=True)
class Rule(Generic[Facts]):
    """What contradicts, in words of its own: the first field is where it is shown."""

    code: str
    severity: Severity
    fields: tuple[str, ...]
    contradicts: Callable[[Facts], bool]

    def look_at(self, facts: Facts) -> Finding | None:
        """The contradiction, if these facts hold one."""
        if not self.contradicts(facts):
            return None
        return Finding(
            self.code, self.severity, self.fields, tuple((name, getattr(facts, name)) for name in self.fields)
        )


ERROR, WARNING = Severity.ERROR, Severity.WARNING
ACTUAL_DATES = (
    *("filed_on", "started_on", "equipment_delivered_on", "completed_on"),
    *("in_production_on", "on_target_on", "filing_extension_asked_on"),
)
COMPONENTS = ("planned_construction", "planned_installation", "planned_equipment", "planned_other")


def _in_future(name: str) -> Callable[[ProjectFacts], bool]:
    def contradicts(p: ProjectFacts) -> bool:
        day = p.earliest(name)
        return day is not None and day > p.today

    return contradicts


def _more(amount: Decimal | None, limit: Decimal | None) -> bool:
    return amount is not None and limit is not None and amount > limit


def _is_asked_out_of_time(p: ProjectFacts) -> bool:
    """Of a first extension alone: before which day a later one was to be asked for is not kept."""
    lapse, asked = p.two_years_on, p.filing_extension_asked_on
    return (
        lapse is not None
        and asked is not None
        and not _is_over_a_year(p)
        and not lapse - EXTENSION_ASKED_WITHIN <= asked <= lapse
    )


def _is_over_a_year(p: ProjectFacts) -> bool:
    lapse, until = p.two_years_on, p.filing_extended_until
    return lapse is not None and until is not None and until > years_after(lapse, EXTENSION_LASTS_YEARS)


def _has_lapsed(p: ProjectFacts) -> bool:
    lapses_on = filing_lapses_on(p.filed_on, p.filing_extended_until) if p.filed_on else None
    return lapses_on is not None and p.stage in NOT_STARTED and p.started_on is None and lapses_on < p.today


def _adds_up_to_less(p: ProjectFacts) -> bool:
    return None not in p.components and p.planned_total is not None and p.parts < p.planned_total


def _does_not_carry_over(p: ProjectFacts) -> bool:
    if p.cumulative_at_year_end is None or p.ytd_investment is None or p.cumulative_investment is None:
        return False
    return not p.is_explained and p.cumulative_at_year_end + p.ytd_investment != p.cumulative_investment


PROJECT_RULES: tuple[Rule[ProjectFacts], ...] = (
    *(Rule(f"{name}_ahead", ERROR, (name,), _in_future(name)) for name in ACTUAL_DATES),
    Rule(
        "completed_before_start",
        ERROR,
        ("completed_on", "started_on"),
        lambda p: p.is_before("completed_on", "started_on"),
    ),
    Rule(
        "planned_completion_before_start",
        ERROR,
        ("planned_completion_on", "planned_start_on"),
        lambda p: p.is_before("planned_completion_on", "planned_start_on"),
    ),
    Rule(
        "stage_without_start",
        ERROR,
        ("started_on", "stage"),
        lambda p: p.stage in AT_WORK and p.started_on is None,
    ),
    Rule(
        "start_without_stage",
        ERROR,
        ("started_on", "stage"),
        lambda p: p.stage in NOT_STARTED and p.started_on is not None,
    ),
    Rule(
        "stage_without_completion",
        ERROR,
        ("completed_on", "stage"),
        lambda p: p.stage in FINISHED and p.completed_on is None,
    ),
    Rule(
        "equipment_above_total",
        ERROR,
        ("planned_equipment", "planned_total"),
        lambda p: _more(p.planned_equipment, p.planned_total),
    ),
    Rule(
        "components_above_total",
        ERROR,
        ("planned_total", *COMPONENTS),
        lambda p: _more(p.parts, p.planned_total) and not _more(p.planned_equipment, p.planned_total),
    ),
    Rule(
        "year_above_total",
        ERROR,
        ("ytd_investment", "cumulative_investment"),
        lambda p: _more(p.ytd_investment, p.cumulative_investment),
    ),
    Rule(
        "check_digit", WARNING, ("code",), lambda p: bool(p.code) and not has_right_check_digit(p.code or "")
    ),
    Rule(
        "start_before_filing",
        WARNING,
        ("started_on", "filed_on"),
        lambda p: p.is_before("started_on", "filed_on"),
    ),
    Rule("filing_lapsed", WARNING, ("filed_on", "filing_extended_until"), _has_lapsed),
    Rule(
        "extension_without_ground",
        WARNING,
        ("filing_extension_ground", "filing_extended_until"),
        lambda p: p.filing_extended_until is not None and not p.filing_extension_ground,
    ),
    Rule(
        "extension_not_later",
        WARNING,
        ("filing_extended_until", "filed_on"),
        lambda p: (
            p.two_years_on is not None
            and p.filing_extended_until is not None
            and p.filing_extended_until <= p.two_years_on
        ),
    ),
    Rule("extension_over_a_year", WARNING, ("filing_extended_until", "filed_on"), _is_over_a_year),
    Rule(
        "extension_asked_out_of_time",
        WARNING,
        ("filing_extension_asked_on", "filed_on"),
        _is_asked_out_of_time,
    ),
    Rule("components_below_total", WARNING, ("planned_total", *COMPONENTS), _adds_up_to_less),
    Rule(
        "funds_above_total",
        WARNING,
        ("funds_in_place", "planned_total"),
        lambda p: _more(p.funds_in_place, p.planned_total),
    ),
    Rule(
        "plan_above_total",
        WARNING,
        ("annual_plan", "planned_total"),
        lambda p: _more(p.annual_plan, p.planned_total),
    ),
    Rule(
        "production_before_completion",
        WARNING,
        ("in_production_on", "completed_on"),
        lambda p: p.is_before("in_production_on", "completed_on"),
    ),
    Rule(
        "target_before_production",
        WARNING,
        ("on_target_on", "in_production_on"),
        lambda p: p.is_before("on_target_on", "in_production_on"),
    ),
    Rule(
        "included_before_start",
        WARNING,
        ("included_on", "started_on"),
        lambda p: p.is_before("included_on", "started_on"),
    ),
    Rule(
        "included_below_threshold",
        WARNING,
        ("inclusion_state", "planned_total"),
        lambda p: p.inclusion_state == "included" and _more(INCLUSION_THRESHOLD, p.planned_total),
    ),
    Rule(
        "not_applicable_above_threshold",
        WARNING,
        ("inclusion_state", "planned_total"),
        lambda p: (
            p.inclusion_state == "not_applicable"
            and p.planned_total is not None
            and p.planned_total >= INCLUSION_THRESHOLD
        ),
    ),
    Rule(
        "merged_without_target",
        WARNING,
        ("stage", "merged_into"),
        lambda p: p.stage == "merged" and p.merged_into is None,
    ),
    Rule(
        "over_planned_total",
        WARNING,
        ("cumulative_investment", "planned_total"),
        lambda p: (
            not p.is_explained
            and bool(p.planned_total)
            and _more(p.cumulative_investment, (p.planned_total or Decimal(0)) * OVERRUN)
        ),
    ),
    Rule(
        "investment_fell",
        WARNING,
        ("cumulative_investment", "cumulative_before"),
        lambda p: not p.is_explained and _more(p.cumulative_before, p.cumulative_investment),
    ),
    Rule(
        "year_fell",
        WARNING,
        ("ytd_investment", "ytd_before"),
        lambda p: not p.is_explained and _more(p.ytd_before, p.ytd_investment),
    ),
    Rule(
        "year_does_not_carry_over",
        WARNING,
        ("cumulative_investment", "cumulative_at_year_end", "ytd_investment"),
        _does_not_carry_over,
    ),
    Rule(
        "investment_before_start",
        WARNING,
        ("cumulative_investment", "stage"),
        lambda p: p.stage in NOT_STARTED and bool(p.cumulative_investment),
    ),
    Rule(
        "finished_below_full",
        WARNING,
        ("progress_percent", "stage"),
        lambda p: p.stage in FINISHED and p.progress_percent is not None and p.progress_percent < FULL,
    ),
)


def _jumped(now: Decimal | None, before: Decimal | None) -> bool:
    return bool(now and before) and not before / JUMP < now < before * JUMP  # type: ignore[operator]  # both are there


YEAR_RULES: tuple[Rule[YearFacts], ...] = (
    Rule("year_ahead", ERROR, ("year",), lambda y: y.year > y.today.year),
    Rule(
        "rd_staff_above_staff",
        ERROR,
        ("rd_staff", "staff", "year"),
        lambda y: y.staff is not None and y.rd_staff is not None and y.rd_staff > y.staff,
    ),
    Rule(
        "rd_spend_above_revenue",
        WARNING,
        ("rd_spend", "revenue", "year"),
        lambda y: _more(y.rd_spend, y.revenue),
    ),
    Rule(
        "revenue_jumped",
        WARNING,
        ("revenue", "revenue_before", "year"),
        lambda y: _jumped(y.revenue, y.revenue_before),
    ),
    Rule(
        "assets_jumped",
        WARNING,
        ("assets", "assets_before", "year"),
        lambda y: _jumped(y.assets, y.assets_before),
    ),
)


def contradictions(facts: Facts, rules: Iterable[Rule[Facts]]) -> list[Finding]:
    """Everything in these facts that contradicts itself, errors before warnings."""
    found = [finding for rule in rules if (finding := rule.look_at(facts)) is not None]
    return sorted(found, key=lambda finding: not finding.is_error)
