"""Every number of the badge rule that a county may set."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self

from tracker.badges.figures import plain

# A project planned for January has missed one month when January ends.
START_YELLOW_AFTER_MONTHS = 1


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
