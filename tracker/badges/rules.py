"""The badge rule: from what is known of a project at a cut-off date to its badge, and why.

Everything here is a function from values to a value, so that a stored award can be judged again years
later and must come out the same. `docs/badge-rules.md` tells the rule in prose.

Figures are compared exactly (fractions, never floats); they are rounded only to be shown or stored.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from functools import total_ordering
from itertools import takewhile
from typing import Any, Self

from tracker.badges.figures import plain, rounded
from tracker.badges.policy import START_YELLOW_AFTER_MONTHS, Policy
from tracker.calendars.periods import Month
from tracker.library.inclusion.rules import InclusionState as InclusionState
from tracker.library.rules import INCLUSION_THRESHOLD

# --- words of the rule ---


@total_ordering
class Badge(Enum):
    """Red < yellow < blue < gold. "None" means not rated: it has no place in that order."""

    NONE = "none"
    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GOLD = "gold"

    @property
    def code(self) -> str:
        return self.value

    @property
    def rank(self) -> int:
        """For sorting a list of projects: 0 for not rated, then 1 (red) to 4 (gold)."""
        return RANKED.index(self)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Badge) or Badge.NONE in (self, other):
            return NotImplemented
        return self.rank < other.rank


RANKED = tuple(Badge)


def worst(badges: Iterable[Badge]) -> Badge:
    """The worst badge among these, as an enterprise's page shows it; none when nothing is rated."""
    return min((badge for badge in badges if badge is not Badge.NONE), default=Badge.NONE)


class Dimension(StrEnum):
    """What is looked at, in the order in which equally bad lights are named."""

    START = "start"
    PROGRESS = "progress"
    INVESTMENT = "investment"
    INCLUSION = "inclusion"
    FRESHNESS = "freshness"


class Stage(StrEnum):
    """Where a project stands."""

    RESERVE = "reserve"
    FILED = "filed"
    STARTED = "started"
    BUILDING = "building"
    COMPLETED = "completed"
    IN_PRODUCTION = "in_production"
    OUTCOME_VERIFIED = "outcome_verified"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    MERGED = "merged"


BEFORE_START = frozenset({Stage.RESERVE, Stage.FILED})
OUT_OF_THE_RUNNING = frozenset({Stage.SUSPENDED, Stage.TERMINATED, Stage.MERGED})


class ReasonKind(StrEnum):
    """The reasons for being behind that a county may approve."""

    FORCE_MAJEURE = "force_majeure"
    POLICY = "policy"
    MARKET = "market"
    LAND = "land"
    FUNDING = "funding"
    SUPPLIER = "supplier"


# The score, for sorting and trend only; so far behind, a dimension earns nothing.
WEIGHTS = {Dimension.PROGRESS: 40, Dimension.INVESTMENT: 40, Dimension.INCLUSION: 20}
NO_POINTS_BEHIND_BY = 50
INCLUSION_SHARE = {
    Badge.BLUE: Fraction(1),
    Badge.YELLOW: Fraction(1, 2),
    Badge.RED: Fraction(0),
}
# What of the year's plan should be done by each quarter's end, where a county prefers that to even steps.
QUARTERS = (0, 20, 50, 75, 100)
MONTHS_IN_QUARTER = 3
QUARTERS_IN_YEAR = 4


# --- what goes into it ---


class BadReading(ValueError):
    """A figure that cannot be; `field` says which."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


@dataclass(frozen=True, order=True)
class ApprovedReason:
    """A reason, approved by somebody, that holds one light at blue up to and including a date."""

    dimension: Dimension
    until: date
    kind: ReasonKind


@dataclass(frozen=True)
class Past:
    """What the rule must know of a previous cycle.

    `earned` is the badge that the cycle's own figures earned, before the history step. So a red that came
    of four yellows is remembered as the yellow it was: it neither ends the run (the fifth yellow is red
    too) nor counts as a red of its own. Any other colour, and a cycle without a badge, ends the run.
    `met_gold` says that the figures were good for gold, whether or not gold was given.
    """

    earned: Badge
    met_gold: bool = False

    @classmethod
    def of(cls, verdict: "Verdict") -> Self:
        """What later cycles remember of this verdict."""
        return cls(verdict.earned, verdict.meets_gold)


def _in_order(reasons: Iterable[ApprovedReason]) -> tuple[ApprovedReason, ...]:
    return tuple(sorted(reasons))


@dataclass(frozen=True)
class Reading:
    """All that the rule asks about a project, as known at the cut-off date.

    Where only the month of a planned date is known, the planned start is kept as its first day and the
    planned completion as its last. `annual_plan`, `monthly_plan` (January to December) and
    `ytd_investment` are those of the cut-off's year, in 万元; `progress_percent` is of the whole project.
    `past` holds the previous cycles, newest first and without gaps: `Past(Badge.NONE)` stands for a cycle
    without an award; a cycle that the county skipped for everybody is left out.
    """

    cut_off: date
    stage: Stage
    planned_start: date | None = None
    actual_start: date | None = None
    planned_completion: date | None = None
    actual_completion: date | None = None
    planned_total: Decimal | None = None
    annual_plan: Decimal | None = None
    monthly_plan: tuple[Decimal, ...] | None = None
    ytd_investment: Decimal = Decimal(0)
    progress_percent: Decimal | None = None
    inclusion_state: InclusionState = InclusionState.NOT_DUE
    included_on: date | None = None
    cycles_missing: int = 0
    overdue_rectification: bool = False
    held: tuple[ApprovedReason, ...] = ()
    past: tuple[Past, ...] = ()

    def __post_init__(self) -> None:
        if self.monthly_plan is not None and len(self.monthly_plan) != 12:
            raise BadReading("monthly_plan", "has one amount for each of the 12 months")
        if self.monthly_plan is not None and min(self.monthly_plan) < 0:
            raise BadReading("monthly_plan", "must not be negative")
        if self.annual_plan is not None and self.annual_plan < 0:
            raise BadReading("annual_plan", "must not be negative")
        if self.progress_percent is not None and not 0 <= self.progress_percent <= 100:
            raise BadReading("progress_percent", "must lie between 0 and 100")
        if self.cycles_missing < 0:
            raise BadReading("cycles_missing", "must not be negative")
        # However the facts came (a database's texts, reasons in any order), equal facts are equal readings.
        for name, canonical in (("stage", Stage), ("inclusion_state", InclusionState), ("held", _in_order)):
            try:
                object.__setattr__(self, name, canonical(getattr(self, name)))
            except ValueError as error:
                raise BadReading(name, str(error)) from error

    @property
    def has_started(self) -> bool:
        """Started by the cut-off; a start dated later has not yet happened then."""
        if self.actual_start is not None:
            return self.actual_start <= self.cut_off
        return self.stage not in BEFORE_START

    @property
    def is_included(self) -> bool:
        """Included by the cut-off; an inclusion without a date counts."""
        if self.inclusion_state is not InclusionState.INCLUDED:
            return False
        return self.included_on is None or self.included_on <= self.cut_off

    @property
    def needs_inclusion(self) -> bool:
        """Whether the project belongs in the survey at all."""
        if self.inclusion_state is InclusionState.NOT_APPLICABLE:
            return False
        return self.planned_total is None or self.planned_total >= INCLUSION_THRESHOLD

    @property
    def months_missed(self) -> int:
        """Month-ends gone by since and including the planned month, without a start."""
        if self.planned_start is None or self.has_started:
            return 0
        planned, current = Month.containing(self.planned_start), Month.containing(self.cut_off)
        has_ended = self.cut_off == current.end
        return max(0, planned.distance(current) + int(has_ended))


# --- what comes out ---


@dataclass(frozen=True)
class Light:
    """One dimension's colour and the figures that it follows from.

    `badge` is None where the dimension does not apply; `earned` is the colour before an approved reason.
    `count` is months missed, days since the start, or cycles missing; `yellow_at` and `red_above` are the
    policy's numbers as they apply to this dimension. Percentages are kept exactly; the properties without
    "exact" give two decimals.
    """

    dimension: Dimension
    code: str
    earned: Badge | None
    exact_planned: Fraction | None = None
    exact_actual: Fraction | None = None
    count: int | None = None
    yellow_at: Decimal | None = None
    red_above: Decimal | None = None
    held: ApprovedReason | None = None
    # How near to red, to choose among lights of one colour; None when there is nothing to watch.
    severity: Fraction | None = None

    @property
    def badge(self) -> Badge | None:
        return Badge.BLUE if self.held else self.earned

    @property
    def exact_gap(self) -> Fraction | None:
        """Percentage points behind plan; negative when ahead."""
        if self.exact_planned is None or self.exact_actual is None:
            return None
        return self.exact_planned - self.exact_actual

    @property
    def planned(self) -> Decimal | None:
        return _two_places(self.exact_planned)

    @property
    def actual(self) -> Decimal | None:
        return _two_places(self.exact_actual)

    @property
    def gap(self) -> Decimal | None:
        return _two_places(self.exact_gap)

    def figures(self) -> dict[str, str | int]:
        """The light's numbers by name, as JSON keeps them; what it has not is left out."""
        numbers: dict[str, str | int | None] = {
            "planned": _plain_or_none(self.planned),
            "actual": _plain_or_none(self.actual),
            "gap": _plain_or_none(self.gap),
            "count": self.count,
            "yellow_at": _plain_or_none(self.yellow_at),
            "red_above": _plain_or_none(self.red_above),
            "held_until": self.held.until.isoformat() if self.held else None,
            "held_by": self.held.kind.value if self.held else None,
        }
        return {name: number for name, number in numbers.items() if number is not None}

    def as_dict(self) -> dict[str, str | int | bool | None]:
        """The light as an award stores it."""
        return {
            "dimension": self.dimension.value,
            "badge": self.badge.code if self.badge else None,
            "earned": self.earned.code if self.earned else None,
            "code": self.code,
            "held": self.held is not None,
            **self.figures(),
        }


@dataclass(frozen=True)
class Reason:
    """Why the badge is what it is, as a code and its figures."""

    code: str
    figures: Mapping[str, str | int]


@dataclass(frozen=True)
class Verdict:
    """The badge of one project at one cut-off, with everything that it follows from.

    `earned` is the badge before the history step; `meets_gold` says that this cycle's figures are good
    for gold. A badge of "none" has no lights.
    """

    badge: Badge
    earned: Badge
    reason: Reason
    policy: str
    lights: tuple[Light, ...] = ()
    decisive: Dimension | None = None
    score: Decimal | None = None
    is_stale: bool = False
    meets_gold: bool = False

    def light(self, dimension: Dimension) -> Light | None:
        """The light of this dimension, if the project is rated."""
        return next((light for light in self.lights if light.dimension is dimension), None)

    @property
    def held(self) -> tuple[Dimension, ...]:
        """The dimensions that an approved reason holds at blue."""
        return tuple(light.dimension for light in self.lights if light.held)

    @property
    def reason_applied(self) -> bool:
        return bool(self.held)

    def as_dict(self) -> dict[str, Any]:
        """The verdict as an award stores it."""
        return {
            "badge": self.badge.code,
            "earned": self.earned.code,
            "policy": self.policy,
            "reason": {"code": self.reason.code, "figures": dict(self.reason.figures)},
            "lights": [light.as_dict() for light in self.lights],
            "decisive": self.decisive.value if self.decisive else None,
            "score": _plain_or_none(self.score),
            "is_stale": self.is_stale,
            "meets_gold": self.meets_gold,
        }


# --- the rule ---


def judge(reading: Reading, policy: Policy) -> Verdict:
    """The worst light is the badge; gold asks that everything be clearly ahead; too many yellows are red."""
    is_stale = reading.cycles_missing >= policy.stale_at
    if why := _why_not_rated(reading):
        return Verdict(Badge.NONE, Badge.NONE, why, policy.code, is_stale=is_stale)
    lights = tuple(_with_reason(look(reading, policy), reading) for look in LOOKS)
    earned = worst(light.badge for light in lights if light.badge)
    meets_gold = earned is Badge.BLUE and not is_stale and _is_clearly_ahead(lights, reading, policy)
    if meets_gold and reading.past and reading.past[0].met_gold:
        earned = Badge.GOLD
    run = _yellow_run(earned, reading.past)
    is_worn_out = run >= policy.history_yellow_run
    badge = Badge.RED if is_worn_out else earned
    decisive = _decisive(lights, earned, is_ahead=meets_gold)
    return Verdict(
        badge=badge,
        earned=earned,
        reason=_reason(decisive, badge, run if is_worn_out else 0, meets_gold=meets_gold),
        policy=policy.code,
        lights=lights,
        decisive=decisive.dimension,
        score=_score(lights),
        is_stale=is_stale,
        meets_gold=meets_gold,
    )


def _why_not_rated(reading: Reading) -> Reason | None:
    """Suspended and ended projects have no badge, nor have those whose start is not yet due."""
    if reading.stage in OUT_OF_THE_RUNNING:
        return Reason(reading.stage.value, {})
    if reading.has_started or reading.months_missed:
        return None
    if reading.planned_start is None:
        return Reason("no_planned_start", {})
    return Reason("start_not_due", {"planned_month": Month.containing(reading.planned_start).code})


def _look_at_start(reading: Reading, policy: Policy) -> Light:
    missed, red_after = reading.months_missed, policy.start_red_after_months
    return Light(
        Dimension.START,
        "start_missed" if missed else "started",
        _by_count(missed, START_YELLOW_AFTER_MONTHS, red_after),
        count=missed,
        yellow_at=Decimal(START_YELLOW_AFTER_MONTHS),
        red_above=Decimal(red_after),
        severity=Fraction(missed, red_after) if missed else None,
    )


def _look_at_progress(reading: Reading, policy: Policy) -> Light:
    """The whole project's progress against a straight line over its whole planned life.

    The line is not cut at the new year, for the figure is not either: otherwise a project carried over
    from last year would be held against a ruler of another length than its own.
    """
    begin, end = reading.planned_start, reading.planned_completion
    if begin is None or end is None or end < begin:
        return Light(Dimension.PROGRESS, "no_planned_dates", None)
    if reading.progress_percent is None:
        return Light(Dimension.PROGRESS, "no_progress_figure", None)
    planned = _share(reading.cut_off, begin, end, _days_gone)
    return _behind_or_not(Dimension.PROGRESS, planned, Fraction(reading.progress_percent), policy)


def _look_at_investment(reading: Reading, policy: Policy) -> Light:
    """This year's investment against the plan for this year."""
    if not reading.annual_plan:
        return Light(Dimension.INVESTMENT, "no_annual_plan", None)
    planned = planned_investment(reading, policy)
    actual = Fraction(reading.ytd_investment) * 100 / Fraction(reading.annual_plan)
    return _behind_or_not(Dimension.INVESTMENT, planned, actual, policy)


def _look_at_inclusion(reading: Reading, policy: Policy) -> Light:
    """Whether the paperwork of inclusion keeps pace with the start; never how much was reported."""
    if not reading.needs_inclusion:
        return Light(Dimension.INCLUSION, "inclusion_not_applicable", None)
    if reading.is_included:
        return Light(Dimension.INCLUSION, "included", Badge.BLUE)
    if not reading.has_started:
        return Light(Dimension.INCLUSION, "inclusion_before_start", Badge.BLUE)
    if reading.actual_start is None:
        return Light(Dimension.INCLUSION, "no_start_date", None)
    days = (reading.cut_off - reading.actual_start).days
    yellow_after, red_after = policy.inclusion_yellow_after_days, policy.inclusion_red_after_days
    return Light(
        Dimension.INCLUSION,
        "inclusion_awaited" if days <= yellow_after else "inclusion_late",
        _by_count(days, yellow_after + 1, red_after + 1),
        count=days,
        yellow_at=Decimal(yellow_after),
        red_above=Decimal(red_after),
        severity=Fraction(days, red_after),
    )


def _look_at_freshness(reading: Reading, policy: Policy) -> Light:
    missing = reading.cycles_missing
    return Light(
        Dimension.FRESHNESS,
        "inspections_missing" if missing else "fresh",
        _by_count(missing, policy.fresh_yellow, policy.fresh_red),
        count=missing,
        yellow_at=Decimal(policy.fresh_yellow),
        red_above=Decimal(policy.fresh_red),
        severity=Fraction(missing, policy.fresh_red) if missing else None,
    )


LOOKS: tuple[Callable[[Reading, Policy], Light], ...] = (
    _look_at_start,
    _look_at_progress,
    _look_at_investment,
    _look_at_inclusion,
    _look_at_freshness,
)


def _by_count(number: int, yellow_from: int, red_from: int) -> Badge:
    if number >= red_from:
        return Badge.RED
    return Badge.YELLOW if number >= yellow_from else Badge.BLUE


def _behind_or_not(dimension: Dimension, planned: Fraction, actual: Fraction, policy: Policy) -> Light:
    is_ratio = policy.kind == "ratio"
    earned = by_ratio(planned, actual, policy) if is_ratio else by_points(planned - actual, policy)
    gap = planned - actual
    # What stands against red: all of the plan under a ratio, the points allowed under the other.
    red_is = planned if is_ratio else Fraction(policy.red_above)
    return Light(
        dimension,
        f"{dimension.value}_behind_plan" if gap > 0 else f"{dimension.value}_on_plan",
        earned,
        exact_planned=planned,
        exact_actual=actual,
        yellow_at=policy.ratio_yellow_below if is_ratio else policy.yellow_at,
        red_above=policy.ratio_red_below if is_ratio else policy.red_above,
        severity=gap / red_is if red_is else None,
    )


def by_points(gap: Fraction, policy: Policy) -> Badge:
    if gap > policy.red_above:
        return Badge.RED
    return Badge.YELLOW if gap >= policy.yellow_at else Badge.BLUE


def by_ratio(planned: Fraction, actual: Fraction, policy: Policy) -> Badge:
    if actual * 100 < planned * Fraction(policy.ratio_red_below):
        return Badge.RED
    return Badge.YELLOW if actual * 100 < planned * Fraction(policy.ratio_yellow_below) else Badge.BLUE


def _with_reason(light: Light, reading: Reading) -> Light:
    """Hold the light at blue while an approved reason lasts, if it would be worse without."""
    reasons = [
        reason
        for reason in reading.held
        if reason.dimension is light.dimension and reason.until >= reading.cut_off
    ]
    if not reasons or light.earned is None or light.earned >= Badge.BLUE:
        return light
    return replace(light, held=max(reasons, key=lambda reason: reason.until))


def _is_clearly_ahead(lights: tuple[Light, ...], reading: Reading, policy: Policy) -> bool:
    """Good for gold: all there is to ask is answered, in time, and more is invested than planned.

    A light held at blue by a reason is excused, not ahead; and a project without an annual plan or without
    planned dates shows no lead. Only inclusion may be a matter that does not apply.
    """
    if reading.overdue_rectification or any(light.held for light in lights):
        return False
    _, progress, investment, inclusion, _ = lights
    if progress.badge is None or investment.exact_gap is None or reading.annual_plan is None:
        return False
    if inclusion.code not in ("included", "inclusion_not_applicable"):
        return False
    return investment.exact_gap <= -policy.gold_ahead_by or reading.ytd_investment >= reading.annual_plan


def _yellow_run(earned: Badge, past: tuple[Past, ...]) -> int:
    """How many cycles running, this one included, earned yellow."""
    return sum(1 for _ in takewhile(lambda badge: badge is Badge.YELLOW, (earned, *(p.earned for p in past))))


def _decisive(lights: tuple[Light, ...], earned: Badge, *, is_ahead: bool) -> Light:
    """The light to explain the badge by: the worst, among equals the one nearest to red, then by order."""
    if is_ahead:
        return next(light for light in lights if light.dimension is Dimension.INVESTMENT)
    candidates = [light for light in lights if light.badge is earned]
    # max() keeps the first of equals, which is the order of the dimensions.
    return max(
        candidates,
        key=lambda light: (light.held is not None, light.severity is not None, light.severity or 0),
    )


def _reason(decisive: Light, badge: Badge, run: int, *, meets_gold: bool) -> Reason:
    figures = decisive.figures()
    if run:
        return Reason("yellow_run", {**figures, "run": run})
    if badge is Badge.GOLD:
        return Reason("clearly_ahead", figures)
    if meets_gold:
        return Reason("clearly_ahead_once", figures)
    return Reason(decisive.code, figures)


def _score(lights: tuple[Light, ...]) -> Decimal | None:
    """0 to 100 for sorting and trend; what does not apply is left out and the rest counts for all."""
    points, weight = Fraction(0), 0
    for light in lights:
        if light.dimension not in WEIGHTS or light.badge is None:
            continue
        weight += WEIGHTS[light.dimension]
        if light.exact_gap is None:
            share = INCLUSION_SHARE[light.badge]
        else:
            share = max(Fraction(0), 1 - max(light.exact_gap, Fraction(0)) / NO_POINTS_BEHIND_BY)
        points += WEIGHTS[light.dimension] * share
    return _two_places(points * 100 / weight) if weight else None


# --- what should be done by now ---


def planned_investment(reading: Reading, policy: Policy) -> Fraction:
    """Percent of the annual plan that should be done by the cut-off.

    The project's own monthly plan comes first (the current month by days). Otherwise the days from the
    planned start to the planned completion within this year count, all alike or by the county's preset
    for the quarters. A date that is not known leaves that side of the year open. A plan made for a
    year that begins after the planned completion is a plan for all of that year: the delay was known.
    """
    if reading.monthly_plan is not None and reading.annual_plan and any(reading.monthly_plan):
        done = _months_gone(reading.cut_off, reading.monthly_plan)
        return min(done * 100 / Fraction(reading.annual_plan), Fraction(100))
    year = reading.cut_off.year
    new_year, year_end = date(year, 1, 1), date(year, 12, 31)
    begin = max(reading.planned_start or new_year, new_year)
    end = min(reading.planned_completion or year_end, year_end)
    if begin > year_end:
        return Fraction(0)
    if end < begin:
        begin, end = new_year, year_end
    return _share(reading.cut_off, begin, end, _quarters_gone if policy.preset == "quarters" else _days_gone)


def _share(day: date, begin: date, end: date, gone: Callable[[date], Fraction]) -> Fraction:
    """Percent of the way from the first day to the last, both included, that lies behind at the day's end."""
    if day < begin:
        return Fraction(0)
    before = gone(begin - timedelta(days=1))
    return (gone(min(day, end)) - before) * 100 / (gone(end) - before)


def _days_gone(day: date) -> Fraction:
    return Fraction(day.toordinal())


def _quarters_gone(day: date) -> Fraction:
    """The preset's percent reached at the end of this day, counted on through the years."""
    quarter = (day.month - 1) // MONTHS_IN_QUARTER
    first = date(day.year, quarter * MONTHS_IN_QUARTER + 1, 1)
    last = Month(day.year, (quarter + 1) * MONTHS_IN_QUARTER).end
    part = Fraction((day - first).days + 1, (last - first).days + 1)
    return day.year * 100 + QUARTERS[quarter] + part * (QUARTERS[quarter + 1] - QUARTERS[quarter])


def _months_gone(day: date, monthly_plan: tuple[Decimal, ...]) -> Fraction:
    whole = sum((Fraction(amount) for amount in monthly_plan[: day.month - 1]), Fraction(0))
    return whole + Fraction(monthly_plan[day.month - 1]) * Fraction(day.day, Month.containing(day).days)


# --- figures as they are stored ---


def _two_places(number: Fraction | None) -> Decimal | None:
    return None if number is None else rounded(number, 2)


def _plain_or_none(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)
