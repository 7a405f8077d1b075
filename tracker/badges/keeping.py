"""A reading as an award keeps it, and back: judged again years later, it must come out the same."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from tracker.badges.figures import plain
from tracker.badges.rules import (
    ApprovedReason,
    Badge,
    BadReading,
    Dimension,
    InclusionState,
    Past,
    Reading,
    ReasonKind,
    Stage,
)


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
