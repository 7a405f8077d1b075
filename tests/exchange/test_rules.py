"""What heads and cells of a county's table mean."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tracker.calendars.periods import HalfMonth
from tracker.exchange import rules
from tracker.exchange.rules import Day, Field, UnreadableCell


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("企业名称", Field.ENTERPRISE),
        ("项目单位", Field.ENTERPRISE),
        ("统一社会信用代码", Field.CREDIT_CODE),
        ("所属乡镇（园区）", Field.TOWNSHIP),
        ("行业代码", Field.INDUSTRY),
        ("项 目 名 称", Field.PROJECT),
        ("项目统一代码", Field.PROJECT_CODE),
        ("计划总投资\n（万元）", Field.PLANNED_TOTAL),
        ("总投资（亿元）", Field.PLANNED_TOTAL),
        ("其中：设备\n（万元）", Field.PLANNED_EQUIPMENT),
        ("2026年计划投资\n（万元）", Field.ANNUAL_PLAN),
        ("年度计划投资", Field.ANNUAL_PLAN),
        ("开工时间计划", Field.PLANNED_START),
        ("实际开工日期", Field.STARTED),
        ("竣工时间计划", Field.PLANNED_COMPLETION),
        ("竣工时间实际", Field.COMPLETED),
        ("完成投资（万元）开工以来累计", Field.CUMULATIVE),
        ("自开工以来累计完成投资(万元)", Field.CUMULATIVE),
        ("累计完成投资", Field.CUMULATIVE),
        ("完成投资（万元）2026年累计", Field.YTD),
        ("2026年1-10月累计完成投资", Field.YTD),
        ("本年累计完成投资", Field.YTD),
        ("形象进度%", Field.PROGRESS),
        ("形象进度（％）", Field.PROGRESS),
        ("形象进度说明", Field.PROGRESS_NOTE),
        ("入库纳统是否入库", Field.INCLUSION),
        ("是否纳统", Field.INCLUSION),
        ("入库纳统入库时间", Field.INCLUDED),
        ("存在问题", Field.PROBLEM),
        ("包保责任人", Field.RESPONSIBLE),
        ("企业联系人", Field.CONTACT),
        ("联系电话", Field.PHONE),
        ("备注", Field.REMARK),
    ],
)
def test_a_head_is_understood_in_the_ways_that_counties_write_it(head: str, field: Field):
    meaning = rules.meaning_of(head)
    assert meaning is not None
    assert meaning.field == field


@pytest.mark.parametrize("head", ["", "开工时间", "税收", "企业名称山东虚构有限公司", "2026", "（万元）"])
def test_a_head_that_may_mean_several_things_or_nothing_is_left_alone(head: str):
    assert rules.meaning_of(head) is None


def test_a_head_says_its_unit_and_its_year():
    meaning = rules.meaning_of("2025年计划投资（亿元）")
    assert meaning == rules.Head(Field.ANNUAL_PLAN, "亿元", 2025)


@pytest.mark.parametrize(
    ("cell", "start", "end"),
    [
        (date(2026, 8, 11), Day(date(2026, 8, 11)), Day(date(2026, 8, 11))),
        (datetime.fromisoformat("2026-08-11 09:30"), Day(date(2026, 8, 11)), Day(date(2026, 8, 11))),
        ("2025年11月", Day(date(2025, 11, 1), True), Day(date(2025, 11, 30), True)),
        ("2026.3", Day(date(2026, 3, 1), True), Day(date(2026, 3, 31), True)),
        (2026.3, Day(date(2026, 3, 1), True), Day(date(2026, 3, 31), True)),
        (2026.11, Day(date(2026, 11, 1), True), Day(date(2026, 11, 30), True)),
        ("2028年2月", Day(date(2028, 2, 1), True), Day(date(2028, 2, 29), True)),
        ("2026/06/17", Day(date(2026, 6, 17)), Day(date(2026, 6, 17))),
        ("2026-6-1", Day(date(2026, 6, 1)), Day(date(2026, 6, 1))),
        ("2025年10月12日", Day(date(2025, 10, 12)), Day(date(2025, 10, 12))),
        ("２０２６年３月５日", Day(date(2026, 3, 5)), Day(date(2026, 3, 5))),
        ("2026-06-17 00:00:00", Day(date(2026, 6, 17)), Day(date(2026, 6, 17))),
        ("2026年6月底", Day(date(2026, 6, 1), True), Day(date(2026, 6, 30), True)),
        ("20260617", Day(date(2026, 6, 17)), Day(date(2026, 6, 17))),
        (46190.0, Day(date(2026, 6, 17)), Day(date(2026, 6, 17))),
        ("", None, None),
        ("—", None, None),
        ("未开工", None, None),
    ],
)
def test_a_date_is_read_as_precisely_as_it_was_written(cell: Any, start: Day | None, end: Day | None):
    assert rules.day_of(cell) == start
    assert rules.day_of(cell, is_end=True) == end


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (2026.1, "january_or_october"),
        (2026.0, "not_a_date"),
        (2026.13, "not_a_date"),
        ("2026年13月", "not_a_date"),
        ("2026-02-30", "not_a_date"),
        ("26.3", "not_a_date"),
        ("明年春天", "not_a_date"),
        ("1899-12-31", "not_a_date"),
        (date(1900, 1, 3), "not_a_date"),
        (45.0, "not_a_date"),
        (1e300, "not_a_date"),
        (float("nan"), "not_a_date"),
        (True, "not_a_date"),
        (timedelta(days=3), "not_a_date"),
        (time(8, 30), "not_a_date"),
    ],
)
def test_a_date_that_is_not_certain_is_refused(cell: Any, code: str):
    with pytest.raises(UnreadableCell) as refused:
        rules.day_of(cell)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "unit", "amount"),
    [
        (1212.5, "万元", "1212.50"),
        ("1,212.5", "万元", "1212.50"),
        ("１，２１２．５", "万元", "1212.50"),
        ("1 212.5 万元", "元", "1212.50"),
        (12_125_000, "元", "1212.50"),
        (1.2, "亿元", "12000.00"),
        ("1.2亿元", "万元", "12000.00"),
        (0.005, "万元", "0.01"),
        (1e-7, "万元", "0.00"),
        (0, "万元", "0.00"),
        ("-", "万元", None),
        ("", "万元", None),
    ],
)
def test_money_becomes_wan_yuan_with_two_decimals(cell: Any, unit: str, amount: str | None):
    assert rules.amount_of(cell, unit) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (-1.0, "negative_amount"),
        ("约300", "not_an_amount"),
        ("=1+1", "not_an_amount"),
        ("#DIV/0!", "not_an_amount"),
        ("1e999999", "not_an_amount"),
        ("300-400", "not_an_amount"),
        (float("inf"), "not_an_amount"),
        (float("nan"), "not_an_amount"),
        (1e200, "not_an_amount"),
        (True, "not_an_amount"),
        (date(2026, 3, 1), "not_an_amount"),
        ("99999999999", "amount_too_large"),
    ],
)
def test_money_that_cannot_be_is_refused(cell: Any, code: str):
    with pytest.raises(UnreadableCell) as refused:
        rules.amount_of(cell, "万元")
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("cell", "is_fraction", "percent"),
    [
        (45.0, False, "45.00"),
        (0.45, True, "45.00"),
        ("40%", False, "40.00"),
        ("40%", True, "40.00"),
        ("４０％", False, "40.00"),
        (1.0, True, "100.00"),
        (100, False, "100.00"),
        (0, True, "0.00"),
    ],
)
def test_progress_becomes_per_cent(cell: Any, is_fraction: bool, percent: str):
    assert rules.percent_of(cell, is_fraction=is_fraction) == Decimal(percent)


@pytest.mark.parametrize("cell", [120, "120%", -1, "约四成", "-5%", 1e9, "nan"])
def test_progress_beyond_0_and_100_is_refused(cell: Any):
    with pytest.raises(UnreadableCell):
        rules.percent_of(cell, is_fraction=False)


@pytest.mark.parametrize(
    ("cells", "are_fractions"),
    [
        ([0.45, 1.0, 0], True),
        ([45.0, 0.5], False),
        ([0, 1, 0], False),
        (["0.45", ""], True),
        ([], False),
    ],
)
def test_bare_numbers_are_shares_only_when_the_whole_column_is(cells: list[Any], are_fractions: bool):
    assert rules.are_fractions(cells) is are_fractions


@pytest.mark.parametrize(
    ("note", "stage"),
    [
        ("前期手续办理", "filed"),
        ("设备订货", "started"),
        ("基础施工", "building"),
        ("厂房主体封顶", "building"),
        ("设备安装", "building"),
        ("设备调试", "building"),
        ("试生产", "building"),
        ("已竣工投产", "in_production"),
        ("已竣工，未投产", "building"),
        ("竣工", "completed"),
        ("因资金停工", "suspended"),
        ("项目终止", "terminated"),
        ("", "building"),
    ],
)
def test_the_words_of_the_progress_name_the_stage(note: str, stage: str):
    assert rules.stage_of(note, has_started=True, has_completed=False) == stage


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("是", "included"),
        ("否", ""),
        ("", ""),
        ("不适用", "not_applicable"),
        ("正在准备材料", "preparing"),
        ("已报送", "submitted"),
        ("退回", "returned"),
    ],
)
def test_the_state_of_inclusion_is_read_in_the_countys_words(word: str, state: str):
    assert rules.inclusion_of(word) == state


def test_an_unknown_word_tells_which_words_are_known():
    with pytest.raises(UnreadableCell) as refused:
        rules.inclusion_of("差不多")
    assert (
        refused.value.values_named["known"] == "是、否、不适用、正在准备材料、已报送、退回、退库、暂不需纳统"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("调度时点：2026年10月31日", "2026-10-H2"),
        ("截至2026年10月15日 单位：万元", "2026-10-H1"),
        ("半月调度表-2026-10下.xlsx", "2026-10-H2"),
        ("2026年2月上半月", "2026-02-H1"),
        ("调度时点：2026年2月30日", None),
        ("技改项目表", None),
    ],
)
def test_a_note_names_its_half_month(text: str, code: str | None):
    assert rules.half_month_named(text) == (HalfMonth.parse(code) if code else None)
