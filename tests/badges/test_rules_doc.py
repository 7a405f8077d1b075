"""The examples in docs/badge-rules.md are what the rule gives, row by row."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tracker.badges.policy import BUILT_IN, DEFAULT_POINTS
from tracker.badges.rules import (
    ApprovedReason,
    Badge,
    Dimension,
    InclusionState,
    Past,
    Reading,
    ReasonKind,
    Stage,
    judge,
)

DOC = Path(__file__).parents[2] / "docs" / "badge-rules.md"
NOTHING = "–"


def table(first_heading: str) -> list[dict[str, str]]:
    """The rows of the document's table whose first column has this heading, by heading."""
    lines = DOC.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    headings, _, *body = rows
    return [dict(zip(headings, row, strict=True)) for row in body]


def some(text: str) -> str | None:
    return None if text == NOTHING else text


def reading_in(row: dict[str, str]) -> Reading:
    start, end = row["Planned"].split(" to ")
    included = some(row["Included"])
    started = some(row["Started"])
    held = some(row["Held"])
    past = []
    for word in (some(row["Before"]) or "").split():
        past.append(Past(Badge(word.rstrip("+")), met_gold=word.endswith("+")))
    reasons = []
    if held:
        dimension, until = held.split()
        reasons.append(ApprovedReason(Dimension(dimension), date.fromisoformat(until), ReasonKind.MARKET))
    return Reading(
        cut_off=date.fromisoformat(row["Cut-off"]),
        stage=Stage.BUILDING if started else Stage.FILED,
        planned_start=date.fromisoformat(start),
        planned_completion=date.fromisoformat(end),
        actual_start=date.fromisoformat(started) if started else None,
        planned_total=Decimal(row["Total"]),
        annual_plan=Decimal(row["Plan"]),
        ytd_investment=Decimal(row["Done"]),
        progress_percent=Decimal(row["Progress"]),
        inclusion_state=InclusionState.INCLUDED if included else InclusionState.PREPARING,
        included_on=date.fromisoformat(included) if included else None,
        cycles_missing=int(row["Missing"]),
        held=tuple(reasons),
        past=tuple(past),
    )


EXAMPLES = table("Case")


def test_the_document_has_examples_of_every_colour_and_both_policies():
    assert len(EXAMPLES) >= 12
    assert {row["badge"] for row in EXAMPLES} == {badge.code for badge in Badge}
    assert {row["Policy"] for row in EXAMPLES} == {policy.code for policy in BUILT_IN}


@pytest.mark.parametrize("row", EXAMPLES, ids=[row["Case"] for row in EXAMPLES])
def test_an_example_in_the_document_is_what_the_rule_gives(row):
    policy = next(policy for policy in BUILT_IN if policy.code == row["Policy"])
    verdict = judge(reading_in(row), policy)
    lights = {dimension.value: NOTHING for dimension in Dimension}
    lights.update({light.dimension.value: light.badge.code for light in verdict.lights if light.badge})
    assert {**lights, "badge": verdict.badge.code} == {name: row[name] for name in (*lights, "badge")}


def test_the_numbers_in_the_document_are_those_of_the_default_policy():
    default = DEFAULT_POINTS.to_dict()
    told = {}
    for row in table("Number"):
        names = [name.strip(" `") for name in row["Number"].split(",")]
        numbers = [number.strip(" `") for number in row["`default-1`"].split(",")]
        told.update(zip(names, numbers, strict=True))
    assert told == {name: str(number or "none") for name, number in default.items() if name != "code"}
