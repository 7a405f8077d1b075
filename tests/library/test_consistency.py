"""Which facts contradict each other, as a table of examples; no database."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tracker.library.consistency import (
    PROJECT_RULES,
    YEAR_RULES,
    Finding,
    ProjectFacts,
    Rule,
    Severity,
    YearFacts,
    contradictions,
)
from tracker.library.telling import SENTENCES, TITLES, fields_named, said

TODAY = date(2026, 11, 2)
WRONG_DIGIT = "2101-371591-04-01-436245"
SOUND: dict[str, Any] = {
    "today": TODAY,
    "code": "2101-371591-04-01-436244",
    "stage": "building",
    "planned_total": Decimal(2000),
    "planned_construction": Decimal(300),
    "planned_installation": Decimal(200),
    "planned_equipment": Decimal(1400),
    "planned_other": Decimal(100),
    "funds_in_place": Decimal(900),
    "filed_on": date(2025, 11, 1),
    "planned_start_on": date(2026, 1, 1),
    "planned_completion_on": date(2026, 12, 31),
    "started_on": date(2026, 1, 5),
    "inclusion_state": "included",
    "included_on": date(2026, 1, 20),
    "annual_plan": Decimal(1200),
    "cumulative_investment": Decimal(1100),
    "ytd_investment": Decimal(1000),
    "progress_percent": Decimal(60),
    "cumulative_before": Decimal(1000),
    "ytd_before": Decimal(900),
    "cumulative_at_year_end": Decimal(100),
}
FILED = {"stage": "filed", "started_on": None, "cumulative_investment": None, "included_on": None}
FILED |= {
    "ytd_investment": None,
    "cumulative_at_year_end": None,
    "cumulative_before": None,
    "ytd_before": None,
}
DONE = {"stage": "completed", "completed_on": date(2026, 10, 1), "progress_percent": Decimal(100)}


def found(**changes: Any) -> list[str]:
    return [one.code for one in contradictions(ProjectFacts(**{**SOUND, **changes}), PROJECT_RULES)]


def test_sound_facts_hold_no_contradiction():
    assert found() == []
    assert found(**FILED) == []
    assert found(**DONE) == []


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("filed_on_ahead", {"filed_on": date(2026, 11, 3), "started_on": None, **FILED}),
        ("started_on_ahead", {"started_on": date(2026, 11, 3), "included_on": None}),
        ("equipment_delivered_on_ahead", {"equipment_delivered_on": date(2026, 11, 3)}),
        ("completed_on_ahead", {**DONE, "completed_on": date(2026, 11, 3)}),
        ("in_production_on_ahead", {"in_production_on": date(2026, 11, 3)}),
        ("on_target_on_ahead", {"on_target_on": date(2026, 11, 3)}),
        ("filing_extension_asked_on_ahead", {"filing_extension_asked_on": date(2027, 10, 20)}),
        ("completed_before_start", {**DONE, "completed_on": date(2026, 1, 4)}),
        ("planned_completion_before_start", {"planned_completion_on": date(2025, 12, 31)}),
        ("stage_without_start", {"started_on": None}),
        ("start_without_stage", {**FILED, "started_on": date(2026, 1, 5)}),
        ("stage_without_completion", {**DONE, "completed_on": None}),
        ("equipment_above_total", {"planned_equipment": Decimal("2000.01")}),
        ("components_above_total", {"planned_other": Decimal("100.01")}),
        ("year_above_total", {"ytd_investment": Decimal(1200), "cumulative_at_year_end": None}),
        ("check_digit", {"code": WRONG_DIGIT}),
        ("start_before_filing", {"filed_on": date(2026, 1, 6)}),
        ("filing_lapsed", {**FILED, "filed_on": date(2024, 11, 1)}),
        ("extension_without_ground", {"filing_extended_until": date(2028, 1, 1)}),
        ("components_below_total", {"planned_other": Decimal("99.99")}),
        ("funds_above_total", {"funds_in_place": Decimal(2001)}),
        ("plan_above_total", {"annual_plan": Decimal(2001)}),
        ("production_before_completion", {**DONE, "in_production_on": date(2026, 9, 30)}),
        (
            "target_before_production",
            {"in_production_on": date(2026, 9, 2), "on_target_on": date(2026, 9, 1)},
        ),
        ("included_before_start", {"included_on": date(2026, 1, 4)}),
        ("not_applicable_above_threshold", {"inclusion_state": "not_applicable", "included_on": None}),
        ("merged_without_target", {"stage": "merged"}),
        (
            "over_planned_total",
            {"cumulative_investment": Decimal("2100.01"), "cumulative_at_year_end": Decimal("1100.01")},
        ),
        ("investment_fell", {"cumulative_before": Decimal("1100.01")}),
        ("year_fell", {"ytd_before": Decimal("1000.01")}),
        ("year_does_not_carry_over", {"cumulative_at_year_end": Decimal(101)}),
        ("investment_before_start", {**FILED, "cumulative_investment": Decimal(10)}),
        ("finished_below_full", {**DONE, "progress_percent": Decimal(99)}),
    ],
)
def test_each_contradiction_of_a_project_is_found_alone(code: str, changes: dict[str, Any]):
    assert found(**changes) == [code]


@pytest.mark.parametrize(
    ("until", "asked", "codes"),
    [
        (date(2027, 11, 1), None, ["extension_not_later"]),
        (date(2028, 11, 1), None, []),
        (date(2028, 11, 2), None, ["extension_over_a_year"]),
        (date(2028, 11, 1), date(2026, 10, 2), []),
        (date(2028, 11, 1), date(2026, 11, 1), []),
        (date(2028, 11, 1), date(2026, 10, 1), ["extension_asked_out_of_time"]),
    ],
)
def test_an_extension_of_the_filing_is_for_a_year_and_asked_for_in_its_last_month(until, asked, codes):
    extension = {"filing_extension_ground": "用地未供", "filing_extension_asked_on": asked}
    filed_on = date(2024, 11, 1) if asked else date(2025, 11, 1)
    until = until.replace(year=until.year - 1) if asked else until
    assert found(filed_on=filed_on, filing_extended_until=until, **extension) == codes


@pytest.mark.parametrize(("total", "limit"), [("2100.00", False), ("2100.01", True)])
def test_up_to_five_per_cent_above_the_planned_total_nobody_asks(total: str, limit: bool):
    changes = {"cumulative_investment": Decimal(total), "cumulative_at_year_end": Decimal(total) - 1000}
    assert ("over_planned_total" in found(**changes)) is limit


def test_what_the_inspection_explained_is_not_asked_again():
    odd = {
        "cumulative_before": Decimal(1200),
        "ytd_before": Decimal(1100),
        "cumulative_at_year_end": Decimal(9),
    }
    assert found(**odd) == ["investment_fell", "year_fell", "year_does_not_carry_over"]
    assert found(**odd, is_explained=True) == []


def test_a_date_known_to_the_month_may_be_any_day_of_it():
    started_in_march = {"started_on": date(2026, 3, 1), "included_on": date(2026, 3, 20)}
    assert found(**started_in_march, filed_on=date(2026, 3, 15)) == ["start_before_filing"]
    assert found(**started_in_march, filed_on=date(2026, 3, 15), month_only=frozenset({"started_on"})) == []
    november = {**DONE, "completed_on": date(2026, 11, 30)}
    assert found(**november) == ["completed_on_ahead"]
    assert found(**november, month_only=frozenset({"completed_on"})) == []


def year(**changes: Any) -> list[str]:
    facts = {
        "staff": 50,
        "rd_staff": 8,
        "revenue": Decimal(3000),
        "rd_spend": Decimal(150),
        "assets": Decimal(2000),
    }
    facts |= {"revenue_before": Decimal(2800), "assets_before": Decimal(1900)}
    return [
        one.code for one in contradictions(YearFacts(TODAY, **{"year": 2025, **facts, **changes}), YEAR_RULES)
    ]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"rd_staff": 51}, ["rd_staff_above_staff"]),
        ({"rd_spend": Decimal("3000.01")}, ["rd_spend_above_revenue"]),
        ({"year": 2027}, ["year_ahead"]),
        ({"revenue": Decimal(30_000_000)}, ["revenue_jumped"]),
        ({"revenue": Decimal(280), "rd_spend": None}, ["revenue_jumped"]),
        ({"assets": Decimal(19_000)}, ["assets_jumped"]),
        ({"revenue": None, "rd_staff": None}, []),
    ],
)
def test_each_contradiction_of_a_year_is_found_alone(changes: dict[str, Any], codes: list[str]):
    assert year(**changes) == codes


def test_the_fingerprint_follows_the_facts_and_nothing_else():
    def of(**changes: Any) -> str:
        (one,) = contradictions(ProjectFacts(**{**SOUND, **changes}), PROJECT_RULES)
        return one.fingerprint

    lapsed = {**FILED, "filed_on": date(2024, 1, 1)}
    assert of(**lapsed) == of(**lapsed, today=date(2026, 12, 1), funds_in_place=Decimal(1))
    assert of(**lapsed) != of(**{**lapsed, "filed_on": date(2024, 1, 2)})
    above = {"funds_in_place": Decimal(2001)}
    assert of(**above) == of(funds_in_place=Decimal("2001.00"))
    assert of(**above) != of(funds_in_place=Decimal(2002))


@pytest.mark.parametrize("rule", [*PROJECT_RULES, *YEAR_RULES], ids=lambda rule: rule.code)
def test_each_rule_has_its_words_and_names_its_fields(rule: Rule[Any]):
    facts = ProjectFacts if rule in PROJECT_RULES else YearFacts
    assert set(rule.fields) <= {field.name for field in fields(facts)}
    finding = Finding(rule.code, Severity.WARNING, rule.fields, tuple((name, None) for name in rule.fields))
    assert "%(" not in said(finding)
    assert fields_named(finding)
    assert TITLES[rule.code]
    assert rule.code in SENTENCES
