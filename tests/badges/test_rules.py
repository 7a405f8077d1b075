"""The badge rule, told by examples: what is known at the cut-off, and the colour that follows."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tracker.badges.keeping import inputs_of, reading_from
from tracker.badges.policy import BUILT_IN, DEFAULT_POINTS, WUHAN_RATIO, BadPolicy, Policy
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
    judge,
    worst,
)

RED, YELLOW, BLUE, GOLD, NONE = Badge.RED, Badge.YELLOW, Badge.BLUE, Badge.GOLD, Badge.NONE

# Everything is done, ahead of time: each test below takes away what it is about.
ALL_DONE = Reading(
    cut_off=date(2026, 6, 30),
    stage=Stage.BUILDING,
    planned_start=date(2026, 1, 1),
    actual_start=date(2026, 1, 1),
    planned_completion=date(2026, 12, 31),
    planned_total=Decimal(2000),
    annual_plan=Decimal(1000),
    ytd_investment=Decimal(1000),
    progress_percent=Decimal(100),
    inclusion_state=InclusionState.INCLUDED,
    included_on=date(2026, 1, 20),
)
GOOD = Past(BLUE, met_gold=True)


def reading(**known) -> Reading:
    return replace(ALL_DONE, **known)


def colours(reading: Reading, policy: Policy = DEFAULT_POINTS) -> dict[Dimension, Badge | None]:
    return {light.dimension: light.badge for light in judge(reading, policy).lights}


# --- order ---


def test_the_colours_have_an_order_and_not_rated_has_no_place_in_it():
    assert RED < YELLOW < BLUE < GOLD
    assert sorted([GOLD, RED, BLUE, YELLOW]) == [RED, YELLOW, BLUE, GOLD]
    assert [badge.rank for badge in (NONE, RED, YELLOW, BLUE, GOLD)] == [0, 1, 2, 3, 4]
    with pytest.raises(TypeError):
        _ = NONE < RED
    with pytest.raises(TypeError):
        _ = GOLD >= NONE


def test_the_worst_badge_of_an_enterprise_leaves_out_what_is_not_rated():
    assert worst([GOLD, NONE, YELLOW, BLUE]) is YELLOW
    assert worst([NONE]) is NONE
    assert worst([]) is NONE


# --- investment ---


@pytest.mark.parametrize(
    ("cut_off", "done", "policy", "expected"),
    [
        # Nothing spent on a full-year plan: yellow on 6 February, red on 20 April.
        (date(2026, 2, 5), 0, DEFAULT_POINTS, BLUE),
        (date(2026, 2, 6), 0, DEFAULT_POINTS, YELLOW),
        (date(2026, 4, 19), 0, DEFAULT_POINTS, YELLOW),
        (date(2026, 4, 20), 0, DEFAULT_POINTS, RED),
        # In a leap year each day weighs a little less.
        (date(2028, 2, 5), 0, DEFAULT_POINTS, BLUE),
        (date(2028, 2, 6), 0, DEFAULT_POINTS, YELLOW),
        (date(2028, 4, 18), 0, DEFAULT_POINTS, YELLOW),
        (date(2028, 4, 19), 0, DEFAULT_POINTS, RED),
        # 70 % and 50 % of the plan to date: points are lenient early and stricter late.
        (date(2026, 3, 31), Decimal("0.7"), DEFAULT_POINTS, BLUE),
        (date(2026, 6, 30), Decimal("0.7"), DEFAULT_POINTS, YELLOW),
        (date(2026, 3, 31), Decimal("0.7"), WUHAN_RATIO, YELLOW),
        (date(2026, 6, 30), Decimal("0.7"), WUHAN_RATIO, YELLOW),
        (date(2026, 3, 31), Decimal("0.5"), DEFAULT_POINTS, YELLOW),
        (date(2026, 3, 31), Decimal("0.5"), WUHAN_RATIO, RED),
        # Exactly on the ratio's borders.
        (date(2026, 3, 31), Decimal("0.8"), WUHAN_RATIO, BLUE),
        (date(2026, 3, 31), Decimal("0.6"), WUHAN_RATIO, YELLOW),
        (date(2026, 12, 31), Decimal("0.7"), DEFAULT_POINTS, YELLOW),
        (date(2026, 12, 31), Decimal("0.69"), DEFAULT_POINTS, RED),
    ],
)
def test_investment_against_a_full_year_plan(cut_off, done, policy, expected):
    days = 366 if cut_off.year == 2028 else 365
    # A plan of as many 万元 as the year has days: what is due is the number of the day.
    at = reading(
        cut_off=cut_off,
        planned_start=date(cut_off.year, 1, 1),
        planned_completion=date(cut_off.year, 12, 31),
        annual_plan=Decimal(days),
        ytd_investment=Decimal(done * cut_off.timetuple().tm_yday),
    )
    assert colours(at, policy)[Dimension.INVESTMENT] is expected
    assert judge(at, policy).badge is expected


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ("40.01", BLUE),
        ("40.00", YELLOW),
        ("20.00", YELLOW),
        ("19.99", RED),
        ("0", RED),
        ("50", BLUE),
        ("73.2", BLUE),
    ],
)
def test_exactly_10_points_behind_is_yellow_and_only_more_than_30_is_red(done, expected):
    half = (Decimal(50), *[Decimal(0)] * 10, Decimal(50))
    at = reading(annual_plan=Decimal(100), monthly_plan=half, ytd_investment=Decimal(done))
    light = judge(at, DEFAULT_POINTS).light(Dimension.INVESTMENT)
    assert (light.planned, light.badge) == (Decimal(50), expected)
    assert light.gap == 50 - Decimal(done)


def test_figures_are_compared_exactly_and_rounded_only_to_be_shown():
    # 20 of 200 days gone is exactly 10 %; a millionth of a point less behind is still blue.
    ten_percent = {"cut_off": date(2026, 1, 20), "planned_completion": date(2026, 7, 19)}
    on_the_border = reading(**ten_percent, ytd_investment=Decimal(0))
    just_inside = reading(**ten_percent, annual_plan=Decimal(10**6), ytd_investment=Decimal("0.01"))
    assert judge(on_the_border, DEFAULT_POINTS).light(Dimension.INVESTMENT).badge is YELLOW
    light = judge(just_inside, DEFAULT_POINTS).light(Dimension.INVESTMENT)
    assert (light.gap, light.badge) == (Decimal("10.00"), BLUE)


@pytest.mark.parametrize(
    ("known", "planned"),
    [
        # By days between the planned dates, both included, within the year.
        ({"planned_start": date(2026, 3, 1), "planned_completion": date(2026, 8, 31)}, "66.30"),  # 122 of 184
        ({"planned_start": date(2025, 7, 1), "planned_completion": date(2027, 6, 30)}, "49.59"),  # 181 of 365
        ({"planned_start": date(2026, 6, 30), "planned_completion": date(2026, 6, 30)}, "100.00"),
        ({"planned_start": date(2026, 7, 1)}, "0.00"),
        ({"planned_completion": date(2026, 5, 31)}, "100.00"),
        # A side that is not known is open to the end of the year.
        ({"planned_start": None, "planned_completion": None}, "49.59"),
        # A plan for a year in which completion is already overdue is a plan for the whole year.
        ({"planned_start": date(2025, 1, 1), "planned_completion": date(2025, 10, 31)}, "49.59"),
        ({"planned_start": date(2027, 2, 1), "planned_completion": date(2027, 9, 30)}, "0.00"),
        # The own monthly plan, the month under way by days.
        ({"monthly_plan": (Decimal(0),) * 5 + (Decimal(600), Decimal(400)) + (Decimal(0),) * 5}, "60.00"),
        (
            {
                "cut_off": date(2026, 6, 15),
                "monthly_plan": (Decimal(0),) * 5 + (Decimal(600), Decimal(400)) + (Decimal(0),) * 5,
            },
            "30.00",
        ),
        (
            {"cut_off": date(2026, 2, 14), "monthly_plan": (Decimal(100), Decimal(50)) + (Decimal(85),) * 10},
            "12.50",
        ),
        # A monthly plan of nothing is none; one of more than the annual plan asks for no more than all.
        ({"monthly_plan": (Decimal(0),) * 12}, "49.59"),
        ({"monthly_plan": (Decimal(500),) * 12}, "100.00"),
    ],
)
def test_how_much_of_the_annual_plan_should_be_done(known, planned):
    assert judge(reading(**known), DEFAULT_POINTS).light(Dimension.INVESTMENT).planned == Decimal(planned)


@pytest.mark.parametrize(
    ("cut_off", "planned"),
    [
        (date(2026, 3, 31), "20.00"),
        (date(2026, 6, 30), "50.00"),
        (date(2026, 9, 30), "75.00"),
        (date(2026, 12, 31), "100.00"),
        (date(2026, 1, 18), "4.00"),  # 18 of 90 days of the first 20 %
        (date(2026, 5, 15), "34.84"),  # 45 of 91 days of the next 30 %
    ],
)
def test_the_quarters_preset_asks_for_20_50_75_and_100_percent(cut_off, planned):
    policy = replace(DEFAULT_POINTS, code="quarters", preset="quarters")
    light = judge(reading(cut_off=cut_off), policy).light(Dimension.INVESTMENT)
    assert light.planned == Decimal(planned)


def test_the_preset_is_stretched_over_a_project_that_is_planned_for_a_part_of_the_year():
    policy = replace(DEFAULT_POINTS, code="quarters", preset="quarters")
    second_half = {"planned_start": date(2026, 7, 1), "planned_completion": date(2026, 12, 31)}
    at = reading(cut_off=date(2026, 9, 30), **second_half)
    assert judge(at, policy).light(Dimension.INVESTMENT).planned == Decimal("50.00")


def test_the_own_monthly_plan_comes_before_the_preset():
    policy = replace(DEFAULT_POINTS, code="quarters", preset="quarters")
    monthly = (Decimal(0),) * 11 + (Decimal(1000),)
    assert judge(reading(monthly_plan=monthly), policy).light(Dimension.INVESTMENT).planned == 0


@pytest.mark.parametrize("annual_plan", [None, Decimal(0)])
def test_without_an_annual_plan_there_is_no_investment_light(annual_plan):
    verdict = judge(reading(annual_plan=annual_plan, ytd_investment=Decimal(0)), DEFAULT_POINTS)
    light = verdict.light(Dimension.INVESTMENT)
    assert (light.badge, light.code) == (None, "no_annual_plan")
    assert verdict.badge is BLUE


# --- progress ---


@pytest.mark.parametrize(
    ("known", "planned", "expected"),
    [
        ({"progress_percent": Decimal(40)}, "49.59", BLUE),
        ({"progress_percent": Decimal(39)}, "49.59", YELLOW),
        ({"progress_percent": Decimal(19)}, "49.59", RED),
        # Carried over from last year: the ruler is the project's whole life, as its figure is.
        (
            {
                "planned_start": date(2025, 7, 1),
                "planned_completion": date(2027, 6, 30),
                "progress_percent": Decimal(41),
            },
            "50.00",
            BLUE,
        ),
        ({"planned_completion": date(2026, 3, 31), "progress_percent": Decimal(85)}, "100.00", YELLOW),
        ({"planned_start": date(2026, 8, 1), "progress_percent": Decimal(0)}, "0.00", BLUE),
    ],
)
def test_progress_against_a_straight_line_over_the_whole_project(known, planned, expected):
    light = judge(reading(**known), DEFAULT_POINTS).light(Dimension.PROGRESS)
    assert (light.planned, light.badge) == (Decimal(planned), expected)


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"planned_start": None}, "no_planned_dates"),
        ({"planned_completion": None}, "no_planned_dates"),
        ({"planned_completion": date(2025, 12, 31)}, "no_planned_dates"),
        ({"progress_percent": None}, "no_progress_figure"),
    ],
)
def test_progress_that_cannot_be_measured_has_no_light(known, code):
    light = judge(reading(**known), DEFAULT_POINTS).light(Dimension.PROGRESS)
    assert (light.badge, light.code) == (None, code)


def test_the_ratio_rule_applies_to_progress_too():
    at = reading(progress_percent=Decimal(38))  # 76.6 % of 49.59
    assert colours(at, WUHAN_RATIO)[Dimension.PROGRESS] is YELLOW
    assert colours(replace(at, progress_percent=Decimal(29)), WUHAN_RATIO)[Dimension.PROGRESS] is RED


# --- start ---


@pytest.mark.parametrize(
    ("cut_off", "expected", "missed"),
    [
        (date(2026, 1, 30), None, 0),
        (date(2026, 1, 31), YELLOW, 1),
        (date(2026, 2, 28), YELLOW, 2),
        (date(2026, 3, 30), YELLOW, 2),
        (date(2026, 3, 31), RED, 3),
        (date(2027, 1, 15), RED, 12),
    ],
)
@pytest.mark.parametrize("planned_day", [1, 20, 31])
def test_a_start_planned_for_january_is_missed_when_january_has_ended(planned_day, cut_off, expected, missed):
    at = reading(
        cut_off=cut_off, stage=Stage.FILED, actual_start=None, planned_start=date(2026, 1, planned_day)
    )
    light = judge(at, DEFAULT_POINTS).light(Dimension.START)
    assert (light.badge if light else None) is expected
    assert at.months_missed == missed


def test_a_start_after_the_cut_off_has_not_happened_at_the_cut_off():
    at = reading(cut_off=date(2026, 1, 31), actual_start=date(2026, 2, 1))
    assert colours(at)[Dimension.START] is YELLOW
    assert colours(replace(at, cut_off=date(2026, 2, 15)))[Dimension.START] is BLUE


def test_a_stage_under_way_without_a_date_of_start_counts_as_started():
    at = reading(actual_start=None)
    assert colours(at)[Dimension.START] is BLUE


# --- inclusion ---


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, BLUE), (30, BLUE), (31, YELLOW), (60, YELLOW), (61, RED)],
)
@pytest.mark.parametrize("state", ["not_due", "preparing", "submitted", "returned", "removed"])
def test_inclusion_is_asked_for_within_30_days_of_the_start(state, days, expected):
    started = date.fromordinal(date(2026, 6, 30).toordinal() - days)
    at = reading(actual_start=started, inclusion_state=state, included_on=None)
    assert colours(at)[Dimension.INCLUSION] is expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"included_on": date(2026, 6, 30)}, BLUE),
        ({"included_on": None}, BLUE),
        ({"included_on": date(2026, 7, 1)}, RED),  # not yet at this cut-off
        ({"inclusion_state": InclusionState.REMOVED}, RED),
        ({"inclusion_state": InclusionState.NOT_APPLICABLE}, None),
        ({"inclusion_state": InclusionState.PREPARING, "planned_total": Decimal("499.99")}, None),
        ({"inclusion_state": InclusionState.PREPARING, "planned_total": Decimal(500)}, RED),
        ({"inclusion_state": InclusionState.PREPARING, "planned_total": None}, RED),
        ({"inclusion_state": InclusionState.PREPARING, "actual_start": None}, None),
        (
            {"inclusion_state": InclusionState.NOT_DUE, "actual_start": None, "stage": Stage.FILED},
            BLUE,  # no clock runs before the start
        ),
    ],
)
def test_what_counts_as_included(known, expected):
    assert colours(reading(**known))[Dimension.INCLUSION] is expected


# --- freshness ---


@pytest.mark.parametrize(
    ("missing", "expected", "is_stale"),
    [(0, BLUE, False), (1, BLUE, True), (2, YELLOW, True), (3, YELLOW, True), (4, RED, True), (9, RED, True)],
)
def test_a_missing_inspection_is_first_marked_and_only_then_coloured(missing, expected, is_stale):
    verdict = judge(reading(cycles_missing=missing), DEFAULT_POINTS)
    assert (verdict.badge, verdict.is_stale) == (expected, is_stale)


# --- not rated ---


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"stage": Stage.SUSPENDED}, "suspended"),
        ({"stage": Stage.TERMINATED}, "terminated"),
        ({"stage": Stage.MERGED}, "merged"),
        ({"stage": Stage.RESERVE, "actual_start": None, "planned_start": date(2026, 7, 1)}, "start_not_due"),
        (
            {
                "stage": Stage.FILED,
                "actual_start": None,
                "cut_off": date(2026, 6, 29),
                "planned_start": date(2026, 6, 1),
            },
            "start_not_due",
        ),
        ({"stage": Stage.FILED, "actual_start": None, "planned_start": None}, "no_planned_start"),
    ],
)
def test_some_projects_are_not_rated(known, why):
    verdict = judge(reading(**known), DEFAULT_POINTS)
    assert (verdict.badge, verdict.reason.code) == (NONE, why)
    assert (verdict.lights, verdict.score, verdict.decisive) == ((), None, None)


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.IN_PRODUCTION, Stage.OUTCOME_VERIFIED])
def test_a_completed_project_is_judged_on(stage):
    at = reading(stage=stage, actual_completion=date(2026, 5, 1), inclusion_state=InclusionState.RETURNED)
    assert judge(at, DEFAULT_POINTS).badge is RED


# --- the badge is the worst light ---


def test_the_badge_is_the_worst_light_and_no_good_light_makes_up_for_it():
    at = reading(inclusion_state=InclusionState.PREPARING, actual_start=date(2026, 5, 15))
    verdict = judge(at, DEFAULT_POINTS)
    assert (verdict.badge, verdict.decisive) == (YELLOW, Dimension.INCLUSION)


def test_among_equal_lights_the_one_nearest_to_red_is_told():
    at = reading(progress_percent=Decimal(35), ytd_investment=Decimal(250))
    assert judge(at, DEFAULT_POINTS).decisive is Dimension.INVESTMENT
    at = reading(progress_percent=Decimal(25), ytd_investment=Decimal(350))
    assert judge(at, DEFAULT_POINTS).decisive is Dimension.PROGRESS
    at = reading(progress_percent=Decimal(30), ytd_investment=Decimal(300))
    assert judge(at, DEFAULT_POINTS).decisive is Dimension.PROGRESS


# --- gold ---


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, GOLD),
        ({"past": ()}, BLUE),
        ({"past": (Past(BLUE, met_gold=False), GOOD)}, BLUE),
        ({"past": (Past(NONE), GOOD)}, BLUE),
        ({"past": (Past(GOLD, met_gold=True),)}, GOLD),
        ({"ytd_investment": Decimal("595.89041095890410958904109590")}, GOLD),
        # Planned 181/365 = 49.589 %: 59.590 % is ahead by ten points, 59.589 % is not quite.
        ({"ytd_investment": Decimal("595.90")}, GOLD),
        ({"ytd_investment": Decimal("595.89")}, BLUE),
        # All of the year's plan is enough, when there is no ten points' lead left to have.
        ({"cut_off": date(2026, 12, 15), "ytd_investment": Decimal(1000)}, GOLD),
        ({"cut_off": date(2026, 12, 15), "ytd_investment": Decimal("999.99")}, BLUE),
        ({"overdue_rectification": True}, BLUE),
        ({"cycles_missing": 1}, BLUE),
        ({"inclusion_state": InclusionState.NOT_APPLICABLE}, GOLD),
        ({"planned_total": Decimal(480), "inclusion_state": InclusionState.NOT_DUE}, GOLD),
        ({"inclusion_state": InclusionState.SUBMITTED, "actual_start": date(2026, 6, 20)}, BLUE),
        ({"inclusion_state": InclusionState.SUBMITTED, "actual_start": None}, BLUE),
        ({"annual_plan": None}, BLUE),
        ({"progress_percent": None}, BLUE),
        ({"planned_completion": None}, BLUE),
        ({"progress_percent": Decimal(39)}, YELLOW),
    ],
)
def test_gold_is_clearly_ahead_and_complete_for_two_cycles(known, expected):
    at = reading(**{"past": (GOOD,), **known})
    assert judge(at, DEFAULT_POINTS).badge is expected


def test_the_first_cycle_that_is_good_enough_for_gold_is_remembered():
    first = judge(reading(cut_off=date(2026, 6, 15)), DEFAULT_POINTS)
    assert (first.badge, first.meets_gold) == (BLUE, True)
    second = judge(reading(past=(Past.of(first),)), DEFAULT_POINTS)
    assert second.badge is GOLD


# --- history ---


LATE = {"inclusion_state": InclusionState.PREPARING, "actual_start": date(2026, 5, 15)}  # 46 days: yellow


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], YELLOW),
        ([YELLOW, YELLOW], YELLOW),
        ([YELLOW, YELLOW, YELLOW], RED),
        ([YELLOW, YELLOW, YELLOW, YELLOW, YELLOW], RED),
        ([YELLOW, YELLOW, BLUE, YELLOW], YELLOW),
        ([BLUE, YELLOW, YELLOW, YELLOW], YELLOW),
        ([YELLOW, YELLOW, NONE, YELLOW], YELLOW),
        # A red of its own has already said what the run would say; the count begins again.
        ([YELLOW, YELLOW, RED, YELLOW], YELLOW),
        ([RED, RED, RED], YELLOW),
    ],
)
def test_yellow_in_four_cycles_running_is_red(earlier, expected):
    at = reading(**LATE, past=tuple(Past(badge) for badge in earlier))
    verdict = judge(at, DEFAULT_POINTS)
    assert (verdict.badge, verdict.earned) == (expected, YELLOW)


def test_a_red_that_came_of_yellows_goes_on_until_it_is_made_good():
    past: tuple[Past, ...] = ()
    given = []
    for _ in range(6):
        verdict = judge(reading(**LATE, past=past), DEFAULT_POINTS)
        given.append(verdict.badge)
        past = (Past.of(verdict), *past)
    assert given == [YELLOW, YELLOW, YELLOW, RED, RED, RED]
    assert judge(reading(past=past), DEFAULT_POINTS).badge is BLUE


def test_history_makes_no_difference_to_other_colours():
    yellows = (Past(YELLOW),) * 8
    assert judge(reading(past=yellows), DEFAULT_POINTS).badge is BLUE
    assert judge(reading(past=yellows, cycles_missing=4), DEFAULT_POINTS).badge is RED


def test_a_policy_says_how_far_it_looks_back():
    assert DEFAULT_POINTS.looks_back == 3
    at = reading(**LATE, past=(Past(YELLOW),))
    assert judge(at, replace(DEFAULT_POINTS, history_yellow_run=2)).badge is RED


# --- approved reasons ---


def reason(dimension=Dimension.INVESTMENT, until=date(2026, 6, 30), kind=ReasonKind.MARKET):
    return ApprovedReason(dimension, until, kind)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((), RED),
        ((reason(),), BLUE),  # up to and including its last day
        ((reason(until=date(2026, 6, 29)),), RED),
        ((reason(dimension=Dimension.PROGRESS),), RED),
        ((reason(until=date(2026, 6, 29)), reason(until=date(2026, 7, 15))), BLUE),
    ],
)
def test_an_approved_reason_holds_its_own_light_until_its_date(held, expected):
    verdict = judge(reading(ytd_investment=Decimal(0), held=held), DEFAULT_POINTS)
    assert verdict.badge is expected
    assert verdict.reason_applied == (expected is BLUE)


def test_a_light_that_is_blue_by_itself_is_not_held():
    verdict = judge(reading(held=(reason(),), past=(GOOD,)), DEFAULT_POINTS)
    assert (verdict.badge, verdict.reason_applied) == (GOLD, False)


def test_a_held_light_is_excused_but_not_ahead():
    at = reading(progress_percent=Decimal(30), held=(reason(Dimension.PROGRESS),), past=(GOOD,))
    verdict = judge(at, DEFAULT_POINTS)
    assert (verdict.badge, verdict.held, verdict.meets_gold) == (BLUE, (Dimension.PROGRESS,), False)


# --- score ---


@pytest.mark.parametrize(
    ("known", "score"),
    [
        ({}, "100"),
        ({"ytd_investment": Decimal(0)}, "60.33"),  # 40 x (1 - 49.589/50) = 0.33
        ({"ytd_investment": Decimal(0), "cut_off": date(2026, 12, 31)}, "60"),
        ({"inclusion_state": InclusionState.PREPARING}, "80"),
        (LATE, "90"),
        ({"inclusion_state": InclusionState.NOT_APPLICABLE}, "100"),
        ({"inclusion_state": InclusionState.NOT_APPLICABLE, "ytd_investment": Decimal(0)}, "50.41"),
        ({"annual_plan": None, "inclusion_state": InclusionState.PREPARING}, "66.67"),
        ({"annual_plan": None, "planned_start": None, "planned_total": Decimal(100)}, None),
        ({"stage": Stage.SUSPENDED}, None),
    ],
)
def test_the_score_weighs_progress_40_investment_40_inclusion_20(known, score):
    expected = None if score is None else Decimal(score)
    assert judge(reading(**known), DEFAULT_POINTS).score == expected


# --- policy ---


@pytest.mark.parametrize("policy", BUILT_IN)
def test_a_policy_is_stored_and_read_back(policy):
    assert Policy.from_dict(policy.to_dict()) == policy


def test_what_a_stored_policy_does_not_say_is_as_in_the_default():
    policy = Policy.from_dict({"code": "county-2", "yellow_at": "12.5", "history_yellow_run": 6})
    assert policy == replace(DEFAULT_POINTS, code="county-2", yellow_at=Decimal("12.5"), history_yellow_run=6)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", " "),
        ("code", None),
        ("kind", "average"),
        ("yellow_at", 0),
        ("yellow_at", "ten"),
        ("yellow_at", "NaN"),
        ("yellow_at", True),
        ("red_above", 10),
        ("red_above", 101),
        ("ratio_yellow_below", 101),
        ("ratio_red_below", 80),
        ("start_red_after_months", 1),
        ("start_red_after_months", 2.5),
        ("start_red_after_months", False),
        ("inclusion_yellow_after_days", -1),
        ("inclusion_red_after_days", 30),
        ("stale_at", 0),
        ("fresh_yellow", 0),
        ("fresh_red", 2),
        ("gold_ahead_by", -1),
        ("history_yellow_run", 1),
        ("preset", "halves"),
        ("preset", 4),
        ("colour", "red"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(BadPolicy, match=field) as refused:
        Policy.from_dict({"code": "county-2", field: value})
    assert refused.value.field == field


def test_a_policy_needs_a_code():
    with pytest.raises(BadPolicy, match="code"):
        Policy.from_dict({})


# --- what goes in ---


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("monthly_plan", (Decimal(1),) * 11),
        ("monthly_plan", (Decimal(1),) * 11 + (Decimal(-1),)),
        ("annual_plan", Decimal(-1)),
        ("progress_percent", Decimal("100.1")),
        ("progress_percent", Decimal(-1)),
        ("cycles_missing", -1),
        ("stage", "dreamt_of"),
        ("inclusion_state", "maybe"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(BadReading, match=field) as refused:
        reading(**{field: value})
    assert refused.value.field == field


def test_codes_as_a_database_keeps_them_are_understood():
    assert reading(stage="building", inclusion_state="included") == ALL_DONE


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "cut_off"),
        ({"cut_off": "2026-06-30"}, "stage"),
        ({"cut_off": "30.6.2026", "stage": "building"}, "cut_off"),
        ({"cut_off": "2026-06-30", "stage": "building", "annual_plan": "much"}, "annual_plan"),
        ({"cut_off": "2026-06-30", "stage": "building", "past": [{"earned": "red"}]}, "past"),
        ({"cut_off": "2026-06-30", "stage": "building", "mood": "good"}, "mood"),
    ],
)
def test_stored_inputs_that_cannot_be_read_are_refused_by_the_name_of_the_field(inputs, field):
    with pytest.raises(BadReading, match=field) as refused:
        reading_from(inputs)
    assert refused.value.field == field


def test_stored_inputs_are_plain_text_and_numbers():
    assert inputs_of(reading(held=(reason(),), past=(GOOD,), annual_plan=Decimal("1000.00"))) == {
        "cut_off": "2026-06-30",
        "stage": "building",
        "planned_start": "2026-01-01",
        "actual_start": "2026-01-01",
        "planned_completion": "2026-12-31",
        "actual_completion": None,
        "planned_total": "2000",
        "annual_plan": "1000",
        "monthly_plan": None,
        "ytd_investment": "1000",
        "progress_percent": "100",
        "inclusion_state": "included",
        "included_on": "2026-01-20",
        "cycles_missing": 0,
        "overdue_rectification": False,
        "held": [{"dimension": "investment", "until": "2026-06-30", "kind": "market"}],
        "past": [{"earned": "blue", "met_gold": True}],
    }
