"""Why a badge is what it is, and what would raise it: in words, in the two languages of an award."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import count
from typing import Literal

from tracker.badges.figures import plain, rounded
from tracker.badges.improvement import Improvement
from tracker.badges.policy import Policy
from tracker.badges.rules import (
    ApprovedReason,
    Badge,
    Dimension,
    Light,
    Reading,
    Verdict,
    by_points,
    by_ratio,
)

Language = Literal["zh", "en"]

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
        "zh": "连续两期明显超前：{clause}",
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
    "cycles": {"en": (" cycle", " cycles"), "zh": ("期", "期")},
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
        ratio = _shown(actual * 100 / planned, lambda percent: by_ratio(Fraction(100), percent, policy))
        return _say("ratio", language, ratio=ratio, **figures)
    if gap > 0:
        shown = _shown(gap, lambda points: (points > 0, by_points(points, policy)))
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
