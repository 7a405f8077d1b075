"""What holds of the badge rule whatever the figures: nobody loses a badge by doing better."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tracker.badges.improvement import StepKind, nearest_improvement
from tracker.badges.keeping import inputs_of, reading_from
from tracker.badges.policy import DEFAULT_POINTS, WUHAN_RATIO, Policy
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
from tracker.badges.words import explain, explain_improvement
from tracker.calendars.periods import HalfMonth

CUT_OFFS = st.builds(
    lambda year, month, half: HalfMonth(year, month, half).end,
    st.sampled_from([2026, 2027, 2028]),
    st.integers(1, 12),
    st.sampled_from([1, 2]),
)
DAYS = st.dates(date(2025, 6, 1), date(2029, 6, 30))
MONEY = st.integers(0, 300_000).map(lambda cents: Decimal(cents).scaleb(-2))
# Plans are often round, and often just passed or just missed: such figures are drawn often.
PLANS = st.one_of(MONEY, st.sampled_from([Decimal(100), Decimal(365), Decimal(1000)]))
POLICIES = st.sampled_from(
    [
        DEFAULT_POINTS,
        WUHAN_RATIO,
        replace(DEFAULT_POINTS, code="quarters", preset="quarters"),
        replace(
            DEFAULT_POINTS, code="strict", yellow_at=Decimal(5), red_above=Decimal(15), history_yellow_run=2
        ),
    ]
)
REASONS = st.builds(ApprovedReason, st.sampled_from(Dimension), DAYS, st.sampled_from(ReasonKind))
PASTS = st.one_of(
    st.just((Past(Badge.BLUE, met_gold=True),)),
    st.just((Past(Badge.YELLOW),) * 3),
    st.lists(st.builds(Past, st.sampled_from(Badge), st.booleans()), max_size=5).map(tuple),
)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    cut_off = draw(CUT_OFFS)
    near = st.integers(-200, 120).map(lambda days: cut_off + timedelta(days=days))
    return Reading(
        cut_off=cut_off,
        stage=draw(st.sampled_from([*Stage, *[Stage.BUILDING] * 8])),
        planned_start=draw(st.one_of(st.none(), near, DAYS)),
        actual_start=draw(st.one_of(st.none(), near, DAYS)),
        planned_completion=draw(st.one_of(st.none(), DAYS, DAYS)),
        actual_completion=draw(st.one_of(st.none(), DAYS)),
        planned_total=draw(
            st.one_of(st.none(), st.sampled_from([Decimal(400), Decimal(500), Decimal(9000)]))
        ),
        annual_plan=draw(st.one_of(st.none(), PLANS, PLANS, PLANS)),
        monthly_plan=draw(
            st.one_of(st.none(), st.none(), st.lists(MONEY, min_size=12, max_size=12).map(tuple))
        ),
        ytd_investment=draw(PLANS),
        progress_percent=draw(
            st.one_of(st.none(), st.integers(0, 1000).map(lambda tenths: Decimal(tenths).scaleb(-1)))
        ),
        inclusion_state=draw(st.sampled_from([*InclusionState, *[InclusionState.INCLUDED] * 5])),
        included_on=draw(st.one_of(st.none(), near)),
        cycles_missing=draw(st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5])),
        overdue_rectification=draw(st.sampled_from([False, False, True])),
        held=tuple(draw(st.lists(REASONS, max_size=3))),
        past=draw(PASTS),
    )


def is_no_worse(better: Reading, than: Reading, policy: Policy) -> bool:
    new, old = judge(better, policy).badge, judge(than, policy).badge
    if Badge.NONE in (new, old):
        return new is old
    return new >= old


def is_no_worse_in_score(better: Reading, than: Reading, policy: Policy) -> bool:
    new, old = judge(better, policy).score, judge(than, policy).score
    return (new is None and old is None) or (new is not None and old is not None and new >= old)


@given(readings(), POLICIES, MONEY)
@settings(max_examples=250)
def test_more_investment_never_worsens_the_badge(reading, policy, more):
    better = replace(reading, ytd_investment=reading.ytd_investment + more)
    assert is_no_worse(better, reading, policy)
    assert is_no_worse_in_score(better, reading, policy)


@given(readings(), POLICIES, st.integers(0, 1000))
@settings(max_examples=250)
def test_more_progress_never_worsens_the_badge(reading, policy, tenths):
    assume(reading.progress_percent is not None)
    better = replace(reading, progress_percent=max(reading.progress_percent, Decimal(tenths).scaleb(-1)))
    assert is_no_worse(better, reading, policy)
    assert is_no_worse_in_score(better, reading, policy)


@given(readings(), POLICIES)
@settings(max_examples=200)
def test_inclusion_never_worsens_the_badge(reading, policy):
    assume(reading.inclusion_state is not InclusionState.NOT_APPLICABLE)
    better = replace(reading, inclusion_state=InclusionState.INCLUDED, included_on=reading.cut_off)
    assert is_no_worse(better, reading, policy)


@given(readings(), POLICIES, st.integers(0, 5))
@settings(max_examples=200)
def test_a_fresher_inspection_never_worsens_the_badge(reading, policy, missing):
    better = replace(reading, cycles_missing=min(missing, reading.cycles_missing))
    assert is_no_worse(better, reading, policy)


@given(readings(), POLICIES)
def test_a_closed_rectification_never_worsens_the_badge(reading, policy):
    assert is_no_worse(replace(reading, overdue_rectification=False), reading, policy)


@given(readings(), POLICIES, REASONS)
@settings(max_examples=200)
def test_an_approved_reason_never_worsens_the_badge(reading, policy, reason):
    assert is_no_worse(replace(reading, held=(*reading.held, reason)), reading, policy)


@given(readings(), POLICIES)
@settings(max_examples=200)
def test_everything_better_at_once_never_worsens_the_badge(reading, policy):
    better = replace(
        reading,
        ytd_investment=reading.ytd_investment + (reading.annual_plan or 0),
        progress_percent=None if reading.progress_percent is None else Decimal(100),
        cycles_missing=0,
        overdue_rectification=False,
    )
    assert is_no_worse(better, reading, policy)


@given(readings(), POLICIES, st.randoms(use_true_random=False))
def test_the_same_facts_give_the_same_verdict_in_whatever_order_they_come(reading, policy, chance):
    held = list(reading.held)
    chance.shuffle(held)
    inputs = list(inputs_of(reading).items())
    chance.shuffle(inputs)
    assert judge(replace(reading, held=tuple(held)), policy) == judge(reading, policy)
    assert judge(reading_from(dict(inputs)), policy) == judge(reading, policy)


@given(readings(), POLICIES)
@settings(max_examples=200)
def test_a_stored_reading_and_policy_are_judged_again_to_the_same_verdict(reading, policy):
    stored = json.dumps(inputs_of(reading), sort_keys=True)
    again = reading_from(json.loads(stored))
    assert again == reading
    assert json.dumps(inputs_of(again), sort_keys=True) == stored
    verdict = judge(again, Policy.from_dict(json.loads(json.dumps(policy.to_dict()))))
    assert verdict == judge(reading, policy)
    assert json.loads(json.dumps(verdict.as_dict())) == verdict.as_dict()


@given(readings(), POLICIES)
@settings(max_examples=200)
def test_the_badge_is_the_worst_light_but_for_gold_and_a_run_of_yellows(reading, policy):
    verdict = judge(reading, policy)
    lit = [light.badge for light in verdict.lights if light.badge]
    if verdict.badge is Badge.NONE:
        assert not lit
        return
    if verdict.badge is Badge.GOLD:
        assert set(lit) == {Badge.BLUE}
        assert verdict.meets_gold
        assert not verdict.is_stale
        assert not verdict.reason_applied
        assert reading.past[0].met_gold
    elif verdict.badge is not verdict.earned:
        assert (verdict.badge, verdict.earned, min(lit)) == (Badge.RED, Badge.YELLOW, Badge.YELLOW)
    else:
        assert verdict.badge is min(lit)
    assert verdict.score is None or 0 <= verdict.score <= 100


@given(readings(), POLICIES)
@settings(max_examples=200)
def test_every_verdict_can_be_told_in_one_sentence_in_both_languages(reading, policy):
    verdict = judge(reading, policy)
    english, chinese = (explain(verdict, reading, policy, language) for language in ("en", "zh"))
    assert english.endswith(".")
    assert english[0].isupper()
    assert chinese.endswith("。")
    assert chinese.count("。") == 1
    assert max(len(english), len(chinese)) <= 400
    assert "{" not in english + chinese
    assert not any("一" <= letter <= "鿿" for letter in english)


@given(st.integers(2000, 2100), st.integers(1, 365))
def test_what_is_planned_only_ever_grows_through_the_year(year, number):
    today = date(year, 1, 1) + timedelta(days=number)
    assume(today.year == year)
    planned = [
        judge(
            Reading(cut_off=day, stage=Stage.BUILDING, annual_plan=Decimal(100)),
            replace(DEFAULT_POINTS, code="q", preset=preset),
        )
        .light(Dimension.INVESTMENT)
        .exact_planned
        for preset in (None, "quarters")
        for day in (today - timedelta(days=1), today, date(year, 12, 31))
    ]
    assert planned[0] < planned[1] <= planned[2] == 100
    assert planned[3] < planned[4] <= planned[5] == 100


# --- the nearest way up ---


@given(readings(), POLICIES)
@settings(max_examples=250, deadline=None)
def test_an_improvement_is_confirmed_by_the_rule_and_nothing_in_it_is_too_much(reading, policy):
    now = judge(reading, policy).badge
    improvement = nearest_improvement(reading, policy)
    if improvement is None:
        return
    assert judge(improvement.reading, policy).badge is improvement.reaches
    assert improvement.reaches > now
    assert improvement.by == reading.cut_off
    assert improvement.steps
    for step in improvement.steps:
        less = without(step, improvement.reading, reading)
        assert judge(less, policy).badge < improvement.reaches
    for language in ("en", "zh"):
        assert "{" not in explain_improvement(improvement, language)


def without(step, improved: Reading, before: Reading) -> Reading:
    """The improved reading with one step not quite taken: a cent or a tenth of a point short, or not done."""
    match step.kind:
        case StepKind.INVESTMENT:
            assert improved.ytd_investment == before.ytd_investment + step.more == step.to
            return replace(improved, ytd_investment=improved.ytd_investment - Decimal("0.01"))
        case StepKind.PROGRESS:
            assert improved.progress_percent == before.progress_percent + step.more == step.to
            return replace(improved, progress_percent=improved.progress_percent - Decimal("0.1"))
        case StepKind.START:
            return replace(improved, stage=before.stage, actual_start=before.actual_start)
        case StepKind.INCLUSION:
            return replace(improved, inclusion_state=before.inclusion_state, included_on=before.included_on)
        case StepKind.REPORT:
            return replace(improved, cycles_missing=before.cycles_missing)
        case StepKind.RECTIFICATION:
            return replace(improved, overdue_rectification=True)


@given(readings(), POLICIES)
@settings(max_examples=200, deadline=None)
def test_what_is_promised_for_the_next_cycle_is_given_in_the_next_cycle(reading, policy):
    verdict = judge(reading, policy)
    ahead = replace(reading, cut_off=HalfMonth.containing(reading.cut_off).next().end, cycles_missing=0)
    improvement = nearest_improvement(ahead, policy, after=verdict)
    if improvement is None:
        return
    assert improvement.reaches > verdict.badge
    assert improvement.reading.past[0] == Past.of(verdict)
    assert judge(improvement.reading, policy).badge is improvement.reaches


@given(readings(), POLICIES)
@settings(max_examples=200, deadline=None)
def test_a_badge_below_blue_always_has_a_way_up_that_can_be_walked(reading, policy):
    # Planned dates that only a revision of the plan could change are not in the way of anything:
    # every light has something that can be done for it.
    if judge(reading, policy).badge in (Badge.RED, Badge.YELLOW):
        assert nearest_improvement(reading, policy) is not None
