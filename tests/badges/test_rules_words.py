"""Why a badge is what it is, and what would raise it, in plain words."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from string import Formatter

import pytest

from tracker.badges.figures import plain
from tracker.badges.improvement import StepKind, nearest_improvement
from tracker.badges.policy import DEFAULT_POINTS, WUHAN_RATIO
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
from tracker.badges.words import WORDS, amount, day, explain, explain_improvement

# The end of October: 304 of 365 days, 83.3 % of a full-year plan.
ON_PLAN = Reading(
    cut_off=date(2026, 10, 31),
    stage=Stage.BUILDING,
    planned_start=date(2026, 1, 1),
    actual_start=date(2026, 1, 5),
    planned_completion=date(2026, 12, 31),
    planned_total=Decimal(2000),
    annual_plan=Decimal(1000),
    ytd_investment=Decimal(800),
    progress_percent=Decimal(85),
    inclusion_state=InclusionState.INCLUDED,
    included_on=date(2026, 1, 20),
)
YELLOWS = (Past(Badge.YELLOW),) * 3
GOOD = (Past(Badge.BLUE, met_gold=True),)


@pytest.mark.parametrize(
    ("known", "english", "chinese"),
    [
        (
            {"ytd_investment": Decimal(691)},
            "Investment is 14.2 points behind plan (planned 83.3 %, actual 69.1 %); yellow from 10 points.",
            "投资完成进度落后序时进度14.2个百分点（计划83.3%，实际69.1%），落后10个百分点起亮黄牌。",
        ),
        (
            {"progress_percent": Decimal(20)},
            "Progress is 63.3 points behind plan (planned 83.3 %, actual 20.0 %); red above 30 points.",
            "形象进度落后序时进度63.3个百分点（计划83.3%，实际20.0%），落后超过30个百分点亮红牌。",
        ),
        (
            {},
            "On plan; nearest to yellow: investment is 3.3 points behind plan "
            "(planned 83.3 %, actual 80.0 %); yellow from 10 points.",
            "总体符合计划；最接近黄牌的是：投资完成进度落后序时进度3.3个百分点（计划83.3%，实际80.0%），"
            "落后10个百分点起亮黄牌。",
        ),
        (
            {"ytd_investment": Decimal(900), "progress_percent": Decimal(88)},
            "On plan; nearest to yellow: progress is 4.7 points ahead of plan "
            "(planned 83.3 %, actual 88.0 %).",
            "总体符合计划；最接近黄牌的是：形象进度超前序时进度4.7个百分点（计划83.3%，实际88.0%）。",
        ),
        (
            {"planned_start": None, "annual_plan": None},
            "On plan: the project has started.",
            "总体符合计划：项目已开工。",
        ),
        (
            {"stage": Stage.FILED, "planned_start": date(2026, 8, 1), "actual_start": None},
            "Not started by 31 October 2026 though planned for August 2026 "
            "(3 months missed); red from 3 months.",
            "计划2026年8月开工，截至2026年10月31日尚未开工（逾期3个月），逾期3个月起亮红牌。",
        ),
        (
            {
                "stage": Stage.FILED,
                "planned_start": date(2026, 10, 9),
                "planned_completion": date(2027, 12, 31),
                "actual_start": None,
            },
            "Not started by 31 October 2026 though planned for October 2026 (1 month missed); "
            "yellow once the planned month has ended.",
            "计划2026年10月开工，截至2026年10月31日尚未开工（逾期1个月），计划月份结束仍未开工亮黄牌。",
        ),
        (
            {"inclusion_state": InclusionState.SUBMITTED, "actual_start": date(2026, 9, 16)},
            "Not included in statistics 45 days after the start on 16 September 2026; yellow after 30 days.",
            "2026年9月16日开工，45天后仍未纳统，超过30天亮黄牌。",
        ),
        (
            {"inclusion_state": InclusionState.SUBMITTED},
            "Not included in statistics 299 days after the start on 5 January 2026; red after 60 days.",
            "2026年1月5日开工，299天后仍未纳统，超过60天亮红牌。",
        ),
        (
            {"cycles_missing": 2},
            "No inspection for 2 cycles; yellow from 2 cycles.",
            "已有2期未调度，缺2期起亮黄牌。",
        ),
        (
            {"ytd_investment": Decimal(691), "past": YELLOWS},
            "Yellow in 4 cycles running, which makes it red: "
            "investment is 14.2 points behind plan (planned 83.3 %, actual 69.1 %).",
            "已连续4期为黄牌，按规则亮红牌：投资完成进度落后序时进度14.2个百分点（计划83.3%，实际69.1%）。",
        ),
        (
            {"ytd_investment": Decimal(950), "past": GOOD},
            "Clearly ahead in two cycles running: investment is 11.7 points ahead of plan "
            "(planned 83.3 %, actual 95.0 %).",
            "连续两期明显超前：投资完成进度超前序时进度11.7个百分点（计划83.3%，实际95.0%）。",
        ),
        (
            {"ytd_investment": Decimal(950)},
            "Clearly ahead; gold follows if the next cycle is as good: "
            "investment is 11.7 points ahead of plan (planned 83.3 %, actual 95.0 %).",
            "本期明显超前，下期保持可升为金牌：投资完成进度超前序时进度11.7个百分点（计划83.3%，实际95.0%）。",
        ),
        (
            {
                "cut_off": date(2026, 12, 15),
                "ytd_investment": Decimal(1000),
                "progress_percent": Decimal(95),
                "past": GOOD,
            },
            "Clearly ahead in two cycles running: this year's investment plan is fulfilled (100.0 %).",
            "连续两期明显超前：已完成全年投资计划（100.0%）。",
        ),
        (
            {
                "ytd_investment": Decimal(691),
                "held": (ApprovedReason(Dimension.INVESTMENT, date(2026, 12, 31), ReasonKind.MARKET),),
            },
            "Held at blue by an approved reason (market stop) until 31 December 2026: "
            "investment is 14.2 points behind plan (planned 83.3 %, actual 69.1 %).",
            "因市场原因停滞（已批准），至2026年12月31日暂按蓝牌："
            "投资完成进度落后序时进度14.2个百分点（计划83.3%，实际69.1%）。",
        ),
        (
            {
                "ytd_investment": Decimal(691),
                "cycles_missing": 4,
                "held": (ApprovedReason(Dimension.INVESTMENT, date(2026, 12, 31), ReasonKind.LAND),),
            },
            "No inspection for 4 cycles; red from 4 cycles; "
            "an approved reason (land) holds investment at blue until 31 December 2026.",
            "已有4期未调度，缺4期起亮红牌；投资完成进度因用地原因（已批准），至2026年12月31日暂按蓝牌。",
        ),
        (
            {"stage": Stage.SUSPENDED},
            "Not rated: the project is suspended.",
            "暂不评牌：项目已暂停。",
        ),
        (
            {"stage": Stage.FILED, "actual_start": None, "planned_start": date(2026, 11, 1)},
            "Not rated: the start is planned for November 2026 and not yet overdue.",
            "暂不评牌：计划2026年11月开工，尚未逾期。",
        ),
    ],
)
def test_one_sentence_says_why(known, english, chinese):
    reading = replace(ON_PLAN, **known)
    verdict = judge(reading, DEFAULT_POINTS)
    assert explain(verdict, reading, DEFAULT_POINTS, "en") == english
    assert explain(verdict, reading, DEFAULT_POINTS, "zh") == chinese


def test_the_ratio_rule_is_told_as_a_ratio():
    reading = replace(ON_PLAN, ytd_investment=Decimal(500))
    verdict = judge(reading, WUHAN_RATIO)
    assert explain(verdict, reading, WUHAN_RATIO, "en") == (
        "Investment is at 60.0 % of the plan to date (planned 83.3 %, actual 50.0 %); yellow below 80 %."
    )
    assert explain(verdict, reading, WUHAN_RATIO, "zh") == (
        "投资完成进度为序时进度的60.0%（计划83.3%，实际50.0%），低于80%亮黄牌。"
    )


def test_a_gap_is_never_rounded_into_another_colour():
    monthly = (Decimal(50), *[Decimal(0)] * 10, Decimal(50))
    reading = replace(
        ON_PLAN, monthly_plan=monthly, annual_plan=Decimal(100), ytd_investment=Decimal("40.04")
    )
    verdict = judge(reading, DEFAULT_POINTS)
    assert verdict.badge is Badge.BLUE
    assert "9.96 points behind" in explain(verdict, reading, DEFAULT_POINTS, "en")
    reading = replace(reading, ytd_investment=Decimal("19.98"))
    assert "30.02 points behind" in explain(judge(reading, DEFAULT_POINTS), reading, DEFAULT_POINTS, "en")


def test_the_reason_is_also_kept_as_a_code_with_figures():
    verdict = judge(replace(ON_PLAN, ytd_investment=Decimal(691)), DEFAULT_POINTS)
    assert verdict.reason.code == "investment_behind_plan"
    assert verdict.reason.figures == {
        "planned": "83.29",
        "actual": "69.1",
        "gap": "14.19",
        "yellow_at": "10",
        "red_above": "30",
    }
    assert json.loads(json.dumps(verdict.as_dict()))["lights"][2]["badge"] == "yellow"


def test_every_phrase_has_the_same_figures_in_both_languages():
    for key, phrases in WORDS.items():
        english, chinese = (
            {name for _, name, _, _ in Formatter().parse(phrases[tongue]) if name} for tongue in phrases
        )
        assert english == chinese, key


# --- what would raise it ---


@pytest.mark.parametrize(
    ("known", "english", "chinese"),
    [
        (
            {"ytd_investment": Decimal("668.01")},
            "96 万元 more by 15 November 2026 reaches blue",
            "2026年11月15日前再完成投资96万元可升为蓝牌",
        ),
        (
            {"progress_percent": Decimal(70)},
            "Progress of 77.4 % (7.4 points more) by 15 November 2026 reaches blue",
            "2026年11月15日前形象进度达到77.4%（再提高7.4个百分点）可升为蓝牌",
        ),
        (
            {"ytd_investment": Decimal("668.01"), "progress_percent": Decimal(70)},
            "96 万元 more and progress of 77.4 % (7.4 points more) by 15 November 2026 together reach blue",
            "2026年11月15日前再完成投资96万元、形象进度达到77.4%（再提高7.4个百分点）可升为蓝牌",
        ),
        (
            {"inclusion_state": InclusionState.SUBMITTED},
            "Inclusion in statistics by 15 November 2026 reaches blue",
            "2026年11月15日前完成纳统手续可升为蓝牌",
        ),
        (
            {
                "stage": Stage.FILED,
                "actual_start": None,
                "planned_start": date(2026, 8, 1),
                "planned_completion": date(2028, 8, 1),
                "ytd_investment": Decimal(1000),
                "inclusion_state": InclusionState.NOT_DUE,
            },
            "A start by 15 November 2026 reaches blue",
            "2026年11月15日前开工可升为蓝牌",
        ),
        (
            {"ytd_investment": Decimal(950), "overdue_rectification": True},
            None,  # gold asks that two cycles be good, and this one was not
            None,
        ),
        (
            {"ytd_investment": Decimal(990)},
            "The present figures, inspected again for 15 November 2026, reach gold",
            "保持现有进度，2026年11月15日调度时可升为金牌",
        ),
    ],
)
def test_the_nearest_way_up_by_the_next_cut_off(known, english, chinese):
    # A plan of 1,000 万元 with 864 due by 15 November: less than 10 points behind is 764.01 or more.
    reading = replace(
        ON_PLAN,
        **{"monthly_plan": (*[Decimal(84)] * 10, Decimal(48), Decimal(112)), **known},
    )
    ahead = replace(reading, cut_off=date(2026, 11, 15))
    improvement = nearest_improvement(ahead, DEFAULT_POINTS, after=judge(reading, DEFAULT_POINTS))
    told = [improvement and explain_improvement(improvement, language) for language in ("en", "zh")]
    assert told == [english, chinese]


def test_a_red_is_shown_the_way_to_yellow_first():
    reading = replace(ON_PLAN, ytd_investment=Decimal(400))
    improvement = nearest_improvement(reading, DEFAULT_POINTS)
    assert explain_improvement(improvement, "en") == "132.88 万元 more by 31 October 2026 reaches yellow"


def test_a_red_that_came_of_yellows_is_shown_the_way_to_blue_as_yellow_would_stay_red():
    reading = replace(ON_PLAN, ytd_investment=Decimal(400), past=YELLOWS)
    improvement = nearest_improvement(reading, DEFAULT_POINTS)
    assert improvement.reaches is Badge.BLUE


def test_what_is_missing_for_gold_is_listed_in_full():
    reading = replace(
        ON_PLAN,
        inclusion_state=InclusionState.SUBMITTED,
        actual_start=date(2026, 10, 20),
        cycles_missing=1,
        overdue_rectification=True,
        past=GOOD,
    )
    improvement = nearest_improvement(reading, DEFAULT_POINTS)
    assert [step.kind for step in improvement.steps] == [
        StepKind.INVESTMENT,
        StepKind.INCLUSION,
        StepKind.REPORT,
        StepKind.RECTIFICATION,
    ]
    assert explain_improvement(improvement, "en") == (
        "132.88 万元 more, inclusion in statistics, an up-to-date inspection and the overdue rectification "
        "closed by 31 October 2026 together reach gold"
    )


@pytest.mark.parametrize(
    "known", [{"ytd_investment": Decimal(1000), "past": GOOD}, {"stage": Stage.SUSPENDED}]
)
def test_there_is_no_way_up_from_gold_or_for_a_project_that_is_not_rated(known):
    assert nearest_improvement(replace(ON_PLAN, **known), DEFAULT_POINTS) is None


# --- numbers and dates ---


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("0.00", "0"),
        ("-0.00", "0"),
        ("96.00", "96"),
        ("96.50", "96.5"),
        ("1E+3", "1000"),
        ("0.01", "0.01"),
        ("10", "10"),
    ],
)
def test_a_number_is_written_without_idle_zeros(number, written):
    assert plain(Decimal(number)) == written


def test_amounts_and_dates_are_written_as_they_are_read():
    assert amount(Decimal("1234567.80")) == "1,234,567.8"
    assert day(date(2026, 10, 31), "en") == "31 October 2026"
    assert day(date(2026, 10, 31), "zh") == "2026年10月31日"
