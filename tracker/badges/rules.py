"""The badge rule: from what is known of a project at a cut-off date to its badge, and why.

Everything here is a function from values to a value, so that a stored award can be judged again years
later and must come out the same. `docs/badge-rules.md` tells the rule in prose.

Figures are compared exactly (fractions, never floats); they are rounded only to be shown or stored.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from fractions import Fraction
from functools import total_ordering
from itertools import count, takewhile
from math import ceil, floor
from typing import Any, Literal, Self

from tracker.calendars.periods import Month

Language = Literal["zh", "en"]

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


class InclusionState(StrEnum):
    """How far a project's inclusion in statistics has come."""

    NOT_APPLICABLE = "not_applicable"
    NOT_DUE = "not_due"
    PREPARING = "preparing"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    INCLUDED = "included"
    REMOVED = "removed"


class ReasonKind(StrEnum):
    """The reasons for being behind that a county may approve."""

    FORCE_MAJEURE = "force_majeure"
    POLICY = "policy"
    MARKET = "market"
    LAND = "land"
    FUNDING = "funding"
    SUPPLIER = "supplier"


# Smaller projects are outside the survey of fixed-asset investment: 5 million yuan, in 万元.
SURVEYED_FROM = Decimal(500)
# A project planned for January has missed one month when January ends.
START_YELLOW_AFTER_MONTHS = 1
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


# --- the policy ---


class BadPolicy(ValueError):
    """A policy whose numbers contradict each other or cannot be read; `field` says which."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Every number that a county may set; percentage points unless the name says otherwise."""

    code: str
    kind: Literal["points", "ratio"] = "points"
    yellow_at: Decimal = Decimal(10)
    red_above: Decimal = Decimal(30)
    # Of the ratio kind only: percent of what was planned to date.
    ratio_yellow_below: Decimal = Decimal(80)
    ratio_red_below: Decimal = Decimal(60)
    start_red_after_months: int = 3
    inclusion_yellow_after_days: int = 30
    inclusion_red_after_days: int = 60
    # Of cycles missing.
    stale_at: int = 1
    fresh_yellow: int = 2
    fresh_red: int = 4
    gold_ahead_by: Decimal = Decimal(10)
    history_yellow_run: int = 4
    preset: Literal["quarters"] | None = None

    def __post_init__(self) -> None:
        hundred = Decimal(100)
        for field, is_sound, why in (
            ("code", bool(self.code.strip()), "a policy needs a code"),
            ("kind", self.kind in ("points", "ratio"), "is points or ratio"),
            ("yellow_at", self.yellow_at > 0, "must be above 0"),
            ("red_above", self.yellow_at < self.red_above <= hundred, "must lie above yellow_at, up to 100"),
            ("ratio_yellow_below", 0 < self.ratio_yellow_below <= hundred, "must lie above 0, up to 100"),
            ("ratio_red_below", 0 < self.ratio_red_below < self.ratio_yellow_below, "must lie below yellow"),
            (
                "start_red_after_months",
                self.start_red_after_months > START_YELLOW_AFTER_MONTHS,
                "must be above 1",
            ),
            ("inclusion_yellow_after_days", self.inclusion_yellow_after_days >= 0, "must not be negative"),
            (
                "inclusion_red_after_days",
                self.inclusion_red_after_days > self.inclusion_yellow_after_days,
                "must lie above inclusion_yellow_after_days",
            ),
            ("stale_at", self.stale_at >= 1, "must be at least 1"),
            ("fresh_yellow", self.fresh_yellow >= self.stale_at, "must not lie below stale_at"),
            ("fresh_red", self.fresh_red > self.fresh_yellow, "must lie above fresh_yellow"),
            ("gold_ahead_by", 0 <= self.gold_ahead_by <= hundred, "must lie between 0 and 100"),
            ("history_yellow_run", self.history_yellow_run > 1, "must be at least 2"),
            ("preset", self.preset in (None, "quarters"), "is quarters or nothing"),
        ):
            if not is_sound:
                raise BadPolicy(field, why)

    @property
    def looks_back(self) -> int:
        """How many previous cycles the rule can ask about."""
        return self.history_yellow_run - 1

    def to_dict(self) -> dict[str, str | int | None]:
        """The policy as JSON keeps it."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """The policy that JSON keeps; what is not said is as in the default policy."""
        known = {field.name: field.type for field in fields(cls)}
        for name in data:
            if name not in known:
                raise BadPolicy(name, "is not a number of the policy")
        if "code" not in data:
            raise BadPolicy("code", "a policy needs a code")
        values: dict[str, Any] = {name: _policy_value(name, known[name], data[name]) for name in data}
        return cls(**values)


def _policy_value(field: str, kind: object, value: object) -> object:
    if kind is Decimal:
        return _decimal(field, value)
    if kind is int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadPolicy(field, f"must be a whole number, not {value!r}")
        return value
    if value is not None and not isinstance(value, str):
        raise BadPolicy(field, f"must be text, not {value!r}")
    if value is None and field != "preset":
        raise BadPolicy(field, "is missing")
    return value


def _decimal(field: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise BadPolicy(field, f"must be a number, not {value!r}")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise BadPolicy(field, f"must be a number, not {value!r}") from None
    if not number.is_finite():
        raise BadPolicy(field, f"must be a number, not {value!r}")
    return number


# The rule published by Yinchuan in 2025; being less than 10 points behind is our tolerance.
DEFAULT_POINTS = Policy(code="default-1")
# Wuhan's rule for major projects: below 80 and 60 percent of the time-proportional progress.
WUHAN_RATIO = Policy(code="ratio-1", kind="ratio")
BUILT_IN = (DEFAULT_POINTS, WUHAN_RATIO)


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
        return self.planned_total is None or self.planned_total >= SURVEYED_FROM

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
    earned = _by_ratio(planned, actual, policy) if is_ratio else _by_points(planned - actual, policy)
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


def _by_points(gap: Fraction, policy: Policy) -> Badge:
    if gap > policy.red_above:
        return Badge.RED
    return Badge.YELLOW if gap >= policy.yellow_at else Badge.BLUE


def _by_ratio(planned: Fraction, actual: Fraction, policy: Policy) -> Badge:
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


# --- the nearest way up ---


class StepKind(StrEnum):
    """What can be done for a better badge, in the order in which it is told."""

    START = "start"
    INVESTMENT = "investment"
    PROGRESS = "progress"
    INCLUSION = "inclusion"
    REPORT = "report"
    RECTIFICATION = "rectification"


@dataclass(frozen=True)
class Step:
    """One thing to do; for investment and progress, how much more and up to what."""

    kind: StepKind
    more: Decimal | None = None
    to: Decimal | None = None


@dataclass(frozen=True)
class Improvement:
    """The least that reaches a better badge at a cut-off, and the reading that `judge` confirmed it on.

    No steps means that the present figures, reported again, are enough.
    """

    reaches: Badge
    by: date
    steps: tuple[Step, ...]
    reading: Reading


CENT = Fraction(1, 100)
TENTH = Fraction(1, 10)


def nearest_improvement(
    reading: Reading, policy: Policy, *, after: Verdict | None = None
) -> Improvement | None:
    """The least that reaches the next better badge at this reading's own cut-off.

    With `after`, the verdict of the cycle just judged, the reading is that of the next cycle: today's
    figures seen from the next cut-off, to which the plan and the clocks have moved on, and `after` joins
    the past. Without it, it is asked what would have been better at the same cut-off.

    Everything is first taken as done, then taken back as far as `judge` still gives the better badge, so
    nothing is promised that it would not confirm. None when nothing better is in reach.
    """
    if after is None:
        now = judge(reading, policy).badge
    else:
        now = after.badge
        reading = replace(reading, past=(Past.of(after), *reading.past))
    if now is Badge.NONE:
        return None
    for target in RANKED[now.rank + 1 :]:
        if improvement := _least(reading, policy, target):
            return improvement
    return None


def _least(reading: Reading, policy: Policy, target: Badge) -> Improvement | None:
    def reaches(attempt: Reading) -> bool:
        badge = judge(attempt, policy).badge
        return badge is not Badge.NONE and badge >= target

    attempt = _with_everything_done(reading)
    if not reaches(attempt):
        return None
    steps: list[Step] = []
    for kind in StepKind:
        match kind:
            case StepKind.INVESTMENT:
                attempt = _least_investment(reading, attempt, reaches)
                more = attempt.ytd_investment - reading.ytd_investment
                step = Step(kind, more, attempt.ytd_investment) if more else None
            case StepKind.PROGRESS:
                attempt = _least_progress(reading, attempt, reaches)
                to = attempt.progress_percent or Decimal(0)
                more = to - (reading.progress_percent or Decimal(0))
                step = Step(kind, more, to) if more else None
            case _:
                undone = _undo(kind, reading, attempt)
                step = None if reaches(undone) else Step(kind)
                attempt = attempt if step else undone
        if step:
            steps.append(step)
    return Improvement(judge(attempt, policy).badge, reading.cut_off, tuple(steps), attempt)


def _with_everything_done(reading: Reading) -> Reading:
    done = replace(reading, cycles_missing=0, overdue_rectification=False)
    if not reading.has_started:
        stage = Stage.STARTED if reading.stage in BEFORE_START else reading.stage
        done = replace(done, stage=stage, actual_start=reading.cut_off)
    if reading.needs_inclusion and not reading.is_included:
        done = replace(done, inclusion_state=InclusionState.INCLUDED, included_on=reading.cut_off)
    if reading.progress_percent is not None:
        done = replace(done, progress_percent=Decimal(100))
    if reading.annual_plan is not None:
        done = replace(done, ytd_investment=max(reading.ytd_investment, reading.annual_plan))
    return done


def _undo(kind: StepKind, reading: Reading, attempt: Reading) -> Reading:
    match kind:
        case StepKind.START:
            return replace(attempt, stage=reading.stage, actual_start=reading.actual_start)
        case StepKind.INCLUSION:
            return replace(attempt, inclusion_state=reading.inclusion_state, included_on=reading.included_on)
        case StepKind.REPORT:
            return replace(attempt, cycles_missing=reading.cycles_missing)
        case _:
            return replace(attempt, overdue_rectification=reading.overdue_rectification)


def _least_investment(reading: Reading, attempt: Reading, reaches: Callable[[Reading], bool]) -> Reading:
    before = Fraction(reading.ytd_investment)
    most = ceil((Fraction(attempt.ytd_investment) - before) / CENT)

    def having(hundredths: int) -> Reading:
        return replace(attempt, ytd_investment=reading.ytd_investment + Decimal(hundredths).scaleb(-2))

    return having(_first(most, lambda hundredths: reaches(having(hundredths))))


def _least_progress(reading: Reading, attempt: Reading, reaches: Callable[[Reading], bool]) -> Reading:
    if reading.progress_percent is None:
        return attempt
    tenths_now = floor(Fraction(reading.progress_percent) / TENTH)
    progress_now = reading.progress_percent

    def having(tenths: int) -> Reading:
        progress = Decimal(tenths_now + tenths).scaleb(-1) if tenths else progress_now
        return replace(attempt, progress_percent=progress)

    return having(_first(1000 - tenths_now, lambda tenths: reaches(having(tenths))))


def _first(last: int, is_enough: Callable[[int], bool]) -> int:
    """The smallest number from 0 to `last` that is enough, where `last` is and more never is too much."""
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return high


# --- kept with an award ---


def inputs_of(reading: Reading) -> dict[str, Any]:
    """The reading as JSON keeps it with an award; equal readings give equal text."""
    return {field.name: _kept(getattr(reading, field.name)) for field in fields(reading)}


def reading_from(inputs: Mapping[str, Any]) -> Reading:
    """The reading that was kept with an award."""
    known = {field.name for field in fields(Reading)}
    if unknown := sorted(set(inputs) - known):
        raise BadReading(unknown[0], "is not known to the rule")
    for name in ("cut_off", "stage"):
        if not inputs.get(name):
            raise BadReading(name, "is missing")
    values: dict[str, Any] = {}
    for name, kept in inputs.items():
        try:
            values[name] = kept if kept is None else _READERS.get(name, _same)(kept)
        except (ValueError, TypeError, KeyError, InvalidOperation) as error:
            raise BadReading(name, f"cannot be read from {kept!r}") from error
    return Reading(**values)


def _kept(value: Any) -> Any:
    match value:
        case Decimal():
            return plain(value)
        case date():
            return value.isoformat()
        case ApprovedReason():
            return {"dimension": value.dimension.value, "until": _kept(value.until), "kind": value.kind.value}
        case Past():
            return {"earned": value.earned.code, "met_gold": value.met_gold}
        case StrEnum():
            return value.value
        case tuple():
            return [_kept(item) for item in value]
        case _:
            return value


def _same(kept: Any) -> Any:
    return kept


def _kept_reason(kept: Mapping[str, Any]) -> ApprovedReason:
    return ApprovedReason(
        Dimension(kept["dimension"]), date.fromisoformat(kept["until"]), ReasonKind(kept["kind"])
    )


_READERS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        (
            "cut_off",
            "planned_start",
            "actual_start",
            "planned_completion",
            "actual_completion",
            "included_on",
        ),
        date.fromisoformat,
    ),
    **dict.fromkeys(("planned_total", "annual_plan", "ytd_investment", "progress_percent"), Decimal),
    "stage": Stage,
    "inclusion_state": InclusionState,
    "monthly_plan": lambda kept: tuple(Decimal(amount) for amount in kept),
    "held": lambda kept: tuple(_kept_reason(reason) for reason in kept),
    "past": lambda kept: tuple(Past(Badge(p["earned"]), p["met_gold"]) for p in kept),
}


# --- in words ---


WORDS: dict[str, dict[Language, str]] = {
    # Colours and subjects
    "red": {"en": "red", "zh": "红牌"},
    "yellow": {"en": "yellow", "zh": "黄牌"},
    "blue": {"en": "blue", "zh": "蓝牌"},
    "gold": {"en": "gold", "zh": "金牌"},
    "start": {"en": "start", "zh": "开工"},
    "progress": {"en": "progress", "zh": "形象进度"},
    "investment": {"en": "investment", "zh": "投资完成进度"},
    "inclusion": {"en": "inclusion in statistics", "zh": "纳统"},
    "freshness": {"en": "inspections", "zh": "调度及时性"},
    "force_majeure": {"en": "force majeure", "zh": "不可抗力"},
    "policy": {"en": "policy or permit delay", "zh": "政策或审批延迟"},
    "market": {"en": "market stop", "zh": "市场原因停滞"},
    "land": {"en": "land", "zh": "用地原因"},
    "funding": {"en": "funding", "zh": "资金原因"},
    "supplier": {"en": "supplier delay", "zh": "供应商延期"},
    # Not rated
    "suspended": {"en": "Not rated: the project is suspended.", "zh": "暂不评牌：项目已暂停。"},
    "terminated": {"en": "Not rated: the project was terminated.", "zh": "不评牌：项目已终止。"},
    "merged": {"en": "Not rated: the project was merged into another.", "zh": "不评牌：项目已并入其他项目。"},
    "no_planned_start": {
        "en": "Not rated: not started, and no planned start is recorded.",
        "zh": "暂不评牌：尚未开工，也未填报计划开工时间。",
    },
    "start_not_due": {
        "en": "Not rated: the start is planned for {month} and not yet overdue.",
        "zh": "暂不评牌：计划{month}开工，尚未逾期。",
    },
    # One light
    "behind": {
        "en": "{subject} is {gap} points behind plan (planned {planned} %, actual {actual} %)",
        "zh": "{subject}落后序时进度{gap}个百分点（计划{planned}%，实际{actual}%）",
    },
    "ahead": {
        "en": "{subject} is {gap} points ahead of plan (planned {planned} %, actual {actual} %)",
        "zh": "{subject}超前序时进度{gap}个百分点（计划{planned}%，实际{actual}%）",
    },
    "exact": {
        "en": "{subject} is exactly on plan ({actual} %)",
        "zh": "{subject}与序时进度持平（{actual}%）",
    },
    "ratio": {
        "en": "{subject} is at {ratio} % of the plan to date (planned {planned} %, actual {actual} %)",
        "zh": "{subject}为序时进度的{ratio}%（计划{planned}%，实际{actual}%）",
    },
    "start_missed": {
        "en": "not started by {cut_off} though planned for {month} ({months} missed)",
        "zh": "计划{month}开工，截至{cut_off}尚未开工（逾期{months}）",
    },
    "started": {"en": "the project has started", "zh": "项目已开工"},
    "not_included": {
        "en": "not included in statistics {days} after the start on {start}",
        "zh": "{start}开工，{days}后仍未纳统",
    },
    "inspections_missing": {"en": "no inspection for {cycles}", "zh": "已有{cycles}未调度"},
    # Its limits
    "points_yellow": {"en": "yellow from {n} points", "zh": "落后{n}个百分点起亮黄牌"},
    "points_red": {"en": "red above {n} points", "zh": "落后超过{n}个百分点亮红牌"},
    "ratio_yellow": {"en": "yellow below {n} %", "zh": "低于{n}%亮黄牌"},
    "ratio_red": {"en": "red below {n} %", "zh": "低于{n}%亮红牌"},
    "start_yellow": {"en": "yellow once the planned month has ended", "zh": "计划月份结束仍未开工亮黄牌"},
    "start_red": {"en": "red from {months}", "zh": "逾期{months}起亮红牌"},
    "inclusion_yellow": {"en": "yellow after {days}", "zh": "超过{days}亮黄牌"},
    "inclusion_red": {"en": "red after {days}", "zh": "超过{days}亮红牌"},
    "freshness_yellow": {"en": "yellow from {cycles}", "zh": "缺{cycles}起亮黄牌"},
    "freshness_red": {"en": "red from {cycles}", "zh": "缺{cycles}起亮红牌"},
    # Sentences
    "by_its_light": {"en": "{clause}; {limit}", "zh": "{clause}，{limit}"},
    "on_plan": {"en": "on plan; nearest to yellow: {clause}", "zh": "总体符合计划；最接近黄牌的是：{clause}"},
    "all_well": {"en": "on plan: {clause}", "zh": "总体符合计划：{clause}"},
    "held": {
        "en": "held at blue by an approved reason ({kind}) until {until}: {clause}",
        "zh": "因{kind}（已批准），至{until}暂按蓝牌：{clause}",
    },
    "held_too": {
        "en": "; an approved reason ({kind}) holds {subject} at blue until {until}",
        "zh": "；{subject}因{kind}（已批准），至{until}暂按蓝牌",
    },
    "yellow_run": {
        "en": "yellow in {cycles} running, which makes it red: {clause}",
        "zh": "已连续{cycles}为黄牌，按规则亮红牌：{clause}",
    },
    "clearly_ahead": {
        "en": "clearly ahead in two cycles running: {clause}",
        "zh": "连续两个半月明显超前：{clause}",
    },
    "clearly_ahead_once": {
        "en": "clearly ahead; gold follows if the next cycle is as good: {clause}",
        "zh": "本期明显超前，下期保持可升为金牌：{clause}",
    },
    "plan_fulfilled": {
        "en": "this year's investment plan is fulfilled ({actual} %)",
        "zh": "已完成全年投资计划（{actual}%）",
    },
    # The way up
    "step_start": {"en": "a start", "zh": "开工"},
    "step_investment": {"en": "{more} 万元 more", "zh": "再完成投资{more}万元"},
    "step_progress": {
        "en": "progress of {to} % ({more} points more)",
        "zh": "形象进度达到{to}%（再提高{more}个百分点）",
    },
    "step_inclusion": {"en": "inclusion in statistics", "zh": "完成纳统手续"},
    "step_report": {"en": "an up-to-date inspection", "zh": "恢复按期调度"},
    "step_rectification": {"en": "the overdue rectification closed", "zh": "完成逾期整改销号"},
    "one_step": {"en": "{steps} by {by} reaches {badge}", "zh": "{by}前{steps}可升为{badge}"},
    "several_steps": {"en": "{steps} by {by} together reach {badge}", "zh": "{by}前{steps}可升为{badge}"},
    "no_step": {
        "en": "the present figures, inspected again for {by}, reach {badge}",
        "zh": "保持现有进度，{by}调度时可升为{badge}",
    },
}

UNITS: dict[str, dict[Language, tuple[str, str]]] = {
    "months": {"en": (" month", " months"), "zh": ("个月", "个月")},
    "days": {"en": (" day", " days"), "zh": ("天", "天")},
    "cycles": {"en": (" cycle", " cycles"), "zh": ("个半月", "个半月")},
}
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def explain(verdict: Verdict, reading: Reading, policy: Policy, language: Language) -> str:
    """One sentence that says why the badge is what it is, with its figures."""
    if verdict.badge is Badge.NONE:
        month = _month(reading.planned_start, language) if reading.planned_start else ""
        return _say(verdict.reason.code, language, month=month)
    decisive = next(light for light in verdict.lights if light.dimension is verdict.decisive)
    clause = _clause(decisive, reading, policy, language)
    code = verdict.reason.code
    if code in ("clearly_ahead", "clearly_ahead_once"):
        sentence = _say(code, language, clause=_lead(decisive, policy, clause, language))
    elif code == "yellow_run":
        run = _counted(int(verdict.reason.figures["run"]), "cycles", language)
        sentence = _say(code, language, cycles=run, clause=clause)
    elif decisive.held:
        sentence = _say("held", language, clause=clause, **_held_words(decisive.held, language))
    elif verdict.badge is Badge.BLUE:
        sentence = _on_plan(decisive, policy, clause, language)
    else:
        limit = _limit(decisive, verdict.badge, policy, language)
        sentence = _say("by_its_light", language, clause=clause, limit=limit)
    for light in verdict.lights:
        if light.held and light is not decisive:
            subject = WORDS[light.dimension.value][language]
            sentence += _say("held_too", language, subject=subject, **_held_words(light.held, language))
    return _sentence(sentence) + {"en": ".", "zh": "。"}[language]


def explain_improvement(improvement: Improvement, language: Language) -> str:
    """What would reach the better badge, and by when: a phrase without a full stop."""
    steps = [
        _say(
            f"step_{step.kind.value}",
            language,
            more=amount(step.more) if step.more is not None else "",
            to=amount(step.to) if step.to is not None else "",
        )
        for step in improvement.steps
    ]
    template = ("no_step", "one_step", "several_steps")[min(len(steps), 2)]
    badge = WORDS[improvement.reaches.code][language]
    phrase = _say(
        template, language, steps=_listed(steps, language), by=day(improvement.by, language), badge=badge
    )
    return _sentence(phrase)


def day(on: date, language: Language) -> str:
    """A date as it is written: 31 October 2026, 2026年10月31日."""
    if language == "zh":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {MONTH_NAMES[on.month - 1]} {on.year}"


def amount(number: Decimal) -> str:
    """A number as it is read: thousands apart, no idle zeros."""
    whole, _, decimals = plain(number).partition(".")
    return f"{int(whole):,}" + (f".{decimals}" if decimals else "")


def plain(number: Decimal) -> str:
    """The shortest exact way to write a number, the same for equal numbers."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def rounded(number: Fraction, places: int) -> Decimal:
    """The number with so many decimals, halves away from zero, from its exact value."""
    shift = 10**places
    size = floor(abs(number) * shift + Fraction(1, 2))
    return Decimal(size if number >= 0 else -size).scaleb(-places)


def _two_places(number: Fraction | None) -> Decimal | None:
    return None if number is None else rounded(number, 2)


def _plain_or_none(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _say(key: str, language: Language, **figures: str) -> str:
    return WORDS[key][language].format(**figures)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(items: list[str], language: Language) -> str:
    if language == "zh":
        return "、".join(items)
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def _month(of: date, language: Language) -> str:
    return f"{of.year}年{of.month}月" if language == "zh" else f"{MONTH_NAMES[of.month - 1]} {of.year}"


def _counted(number: int, unit: str, language: Language) -> str:
    one, many = UNITS[unit][language]
    return f"{number}{one if number == 1 else many}"


def _shown(value: Fraction, meaning: Callable[[Fraction], object]) -> str:
    """One decimal, or as many as it takes not to look like another colour: 9.96 behind is not 10.0."""
    for places in count(1):
        near = rounded(value, places)
        if meaning(Fraction(near)) == meaning(value):
            return f"{near:f}"
    raise AssertionError("rounding comes as near as one likes")


def _held_words(reason: ApprovedReason, language: Language) -> dict[str, str]:
    return {"kind": WORDS[reason.kind.value][language], "until": day(reason.until, language)}


def _clause(light: Light, reading: Reading, policy: Policy, language: Language) -> str:
    """What there is to say of one light, without its limits."""
    if light.exact_planned is not None and light.exact_actual is not None:
        return _plan_clause(light, light.exact_planned, light.exact_actual, policy, language)
    number = light.count or 0
    match light.code:
        case "start_missed" if reading.planned_start:
            return _say(
                "start_missed",
                language,
                cut_off=day(reading.cut_off, language),
                month=_month(reading.planned_start, language),
                months=_counted(number, "months", language),
            )
        case "inclusion_awaited" | "inclusion_late" if reading.actual_start:
            days = _counted(number, "days", language)
            return _say("not_included", language, days=days, start=day(reading.actual_start, language))
        case "inspections_missing":
            return _say("inspections_missing", language, cycles=_counted(number, "cycles", language))
        case _:
            return _say("started", language)


def _plan_clause(
    light: Light, planned: Fraction, actual: Fraction, policy: Policy, language: Language
) -> str:
    gap = planned - actual
    figures = {
        "subject": WORDS[light.dimension.value][language],
        "planned": f"{rounded(planned, 1):f}",
        "actual": f"{rounded(actual, 1):f}",
    }
    if gap > 0 and policy.kind == "ratio":
        ratio = _shown(actual * 100 / planned, lambda percent: _by_ratio(Fraction(100), percent, policy))
        return _say("ratio", language, ratio=ratio, **figures)
    if gap > 0:
        shown = _shown(gap, lambda points: (points > 0, _by_points(points, policy)))
        return _say("behind", language, gap=shown, **figures)
    if gap < 0:
        shown = _shown(-gap, lambda points: (points > 0, points >= policy.gold_ahead_by))
        return _say("ahead", language, gap=shown, **figures)
    return _say("exact", language, **figures)


def _lead(light: Light, policy: Policy, clause: str, language: Language) -> str:
    """A gold's clause: the lead, or the plan fulfilled where there is no such lead any more."""
    if light.exact_gap is not None and light.exact_gap > -policy.gold_ahead_by:
        return _say("plan_fulfilled", language, actual=f"{rounded(light.exact_actual or Fraction(0), 1):f}")
    return clause


def _on_plan(light: Light, policy: Policy, clause: str, language: Language) -> str:
    if light.severity is None:
        return _say("all_well", language, clause=clause)
    if light.severity > 0:
        limit = _limit(light, Badge.YELLOW, policy, language)
        clause = _say("by_its_light", language, clause=clause, limit=limit)
    return _say("on_plan", language, clause=clause)


def _limit(light: Light, colour: Badge, policy: Policy, language: Language) -> str:
    """From where this light turns yellow, or red."""
    limit = (light.red_above if colour is Badge.RED else light.yellow_at) or Decimal(0)
    is_of_plan = light.dimension in (Dimension.PROGRESS, Dimension.INVESTMENT)
    rule = policy.kind if is_of_plan else light.dimension.value
    units = {unit: _counted(int(limit), unit, language) for unit in UNITS}
    return _say(f"{rule}_{colour.code}", language, n=amount(limit), **units)
