"""What the heads and the cells of a county's half-monthly table mean.

Plain Python. Counties write the same thing in many ways; what is known of them is listed here. What cannot be
read for certain is refused rather than guessed. Money becomes 万元 with two decimals, progress per cent.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from types import MappingProxyType

import tracker.library.rules as library
from tracker.calendars.periods import HalfMonth, Month, NotAPeriod
from tracker.spreadsheets.rules import unguarded

# What a reader of workbooks gives for one cell; an empty text is an empty cell.
Cell = str | float | int | bool | date | datetime | time | timedelta


class Field(StrEnum):
    """What a column can hold."""

    NUMBER = "number"
    ENTERPRISE = "enterprise"
    CREDIT_CODE = "credit_code"
    TOWNSHIP = "township"
    CHAIN = "chain"
    INDUSTRY = "industry"
    RUNG = "rung"
    PROJECT = "project"
    PROJECT_CODE = "project_code"
    NATURE = "nature"
    PLANNED_TOTAL = "planned_total"
    PLANNED_EQUIPMENT = "planned_equipment"
    ANNUAL_PLAN = "annual_plan"
    FILED = "filed_on"
    PLANNED_START = "planned_start_on"
    STARTED = "started_on"
    PLANNED_COMPLETION = "planned_completion_on"
    COMPLETED = "completed_on"
    CUMULATIVE = "cumulative_investment"
    YTD = "ytd_investment"
    PROGRESS = "progress_percent"
    PROGRESS_NOTE = "progress_note"
    INCLUSION = "inclusion_state"
    INCLUDED = "included_on"
    PROBLEM = "problem"
    RESPONSIBLE = "responsible_name"
    CONTACT = "contact_name"
    PHONE = "contact_phone"
    REMARK = "remark"


# Without these columns a table says too little to be taken.
REQUIRED = (
    Field.ENTERPRISE,
    Field.CREDIT_CODE,
    Field.PROJECT,
    Field.PLANNED_TOTAL,
    Field.CUMULATIVE,
    Field.YTD,
    Field.PROGRESS,
)
# Filled once for several rows of one enterprise when the cells are merged; figures are never repeated.
REPEATED_WHEN_MERGED = frozenset(
    {
        Field.ENTERPRISE,
        Field.CREDIT_CODE,
        Field.TOWNSHIP,
        Field.CHAIN,
        Field.INDUSTRY,
        Field.RUNG,
        Field.RESPONSIBLE,
        Field.CONTACT,
        Field.PHONE,
    }
)
DATES = frozenset(
    {
        *(Field.FILED, Field.PLANNED_START, Field.STARTED, Field.PLANNED_COMPLETION, Field.COMPLETED),
        Field.INCLUDED,
    }
)
# The head (without blanks) of the column that we add to a table given back; handed in again it says nothing.
OUR_REMARKS = frozenset({"导入提示", "Importremarks"})
YEARLY = frozenset({Field.ANNUAL_PLAN, Field.YTD})

# Heads without blanks, brackets, units and years, the rows of a head written one after the other.
_WHEN = "(时间|日期|年月|年份)?"
_DONE = "(累计)?(已)?完成(固定资产)?投资(额|情况)?"
HEADS: tuple[tuple[Field, re.Pattern[str]], ...] = tuple(
    (field, re.compile(pattern))
    for field, pattern in (
        (Field.NUMBER, "序号|编号|序列"),
        (
            Field.ENTERPRISE,
            "(项目)?企业(单位)?(名称)?|(项目|建设|实施|申报)?单位(名称)?|项目(法人|业主)(单位)?(名称)?",
        ),
        (Field.CREDIT_CODE, "(企业|单位)?(统一)?(社会)?信用代码(证号)?|统一代码"),
        (
            Field.TOWNSHIP,
            "(所属|所在)?(乡镇|镇街|镇|街道|园区|属地|乡镇街道?|乡镇园区|镇街园区|乡镇街道园区|镇域)",
        ),
        (Field.CHAIN, "(所属)?产业链(条)?(名称)?"),
        (Field.INDUSTRY, "(所属)?(国民经济)?行业(小类|类别|分类)?(代码|编码)"),
        (Field.RUNG, "企业(类别|类型|等级|梯队|层级)|(科技企业)?培育(梯队|等级)"),
        (Field.PROJECT, "(技改|技术改造)?项目(名称)?"),
        (Field.PROJECT_CODE, "(投资)?(技改)?项目(统一)?(代码|编码|赋码)|备案(项目)?(代码|编码)"),
        (Field.NATURE, "(项目)?建设性质|项目性质"),
        (Field.PLANNED_TOTAL, "(项目)?(计划|概算)?总投资(额)?(总额)?|计划总投资(额)?(合计|总额)"),
        (
            Field.PLANNED_EQUIPMENT,
            "((项目)?(计划|概算)?总投资(额)?)?(其中)?设备(工器具)?(购置)?(费用|费|投资)?(额)?",
        ),
        (Field.ANNUAL_PLAN, "(项目)?(本年)?(年)?计划(完成)?投资(额)?|本年(度)?投资计划|计划投资本年"),
        (Field.FILED, "(项目)?(立项)?备案" + "(时间|日期|年月)"),
        (Field.PLANNED_START, f"(项目)?开工{_WHEN}计划(开工)?{_WHEN}|计划开工{_WHEN}"),
        (Field.STARTED, f"(项目)?开工{_WHEN}实际(开工)?{_WHEN}|实际开工{_WHEN}"),
        (
            Field.PLANNED_COMPLETION,
            f"(项目)?(竣工|完工|建成)(投产)?{_WHEN}计划(竣工|完工)?{_WHEN}|计划(竣工|完工|建成)(投产)?{_WHEN}",
        ),
        (
            Field.COMPLETED,
            f"(项目)?(竣工|完工|建成)(投产)?{_WHEN}实际(竣工|完工)?{_WHEN}|实际(竣工|完工|建成)(投产)?{_WHEN}",
        ),
        (
            Field.CUMULATIVE,
            f"({_DONE})?自?开工(以来|至今|起)(累计)?({_DONE})?|累计(已)?完成(固定资产)?投资(额)?"
            "|(已)?完成投资(额|情况)?累计",
        ),
        (
            Field.YTD,
            f"({_DONE})?本年(内)?(累计)?({_DONE})?(累计)?|{_DONE}本年(以来)?(累计)?|本年以来(累计)?({_DONE})?",
        ),
        (Field.PROGRESS, "(项目)?(工程)?(形象|完成)?进度(%|百分比|百分数|完成率|比例)?"),
        (
            Field.PROGRESS_NOTE,
            "(项目)?(工程)?(形象)?进度(说明|描述|文字|阶段|情况)|(项目)?(工程|建设)?进展(情况)?",
        ),
        (Field.INCLUSION, "(入库|纳统|入统)*(是否)?(入库|纳统|入统|入库纳统|纳统入库)(情况|状态)?"),
        (Field.INCLUDED, "(入库|纳统|入统)*" + "(时间|日期|年月)"),
        (Field.PROBLEM, "(目前)?存在(的)?(主要)?(问题|困难)(及困难|和困难|与困难)?|(主要)?问题"),
        (Field.RESPONSIBLE, "(县级)?(包保|包联|包靠|责任)(责任)?(人|干部|领导)(姓名)?"),
        (Field.CONTACT, "(企业|项目|单位)?联系人(姓名)?"),
        (Field.PHONE, "(企业|项目)?(联系人)?(联系)?(电话|方式|手机)(号码)?|手机号码?|联系人电话"),
        (Field.REMARK, "备注|其他说明"),
    )
)

UNITS = {"亿元": Decimal(10_000), "万元": Decimal(1), "千元": Decimal("0.1"), "元": Decimal("0.0001")}
_UNIT = re.compile(r"[(\[【]?(?:单位:?)?(亿元|万元|千元|(?<![亿万千])元)[)\]】]?")
_YEAR = re.compile(r"(20[0-9]{2})年度?")


@dataclass(frozen=True)
class Head:
    """What one head says: the field, and the unit and the year where it names them."""

    field: Field
    unit: str = ""
    year: int | None = None


def bare_head(head: str) -> str:
    """A head as it is compared: without blanks, brackets, its unit and its year."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", head))
    text = _YEAR.sub("本年", _UNIT.sub("", text))
    text = re.sub(r"(本|当|今|全)年度?|(?<!本)年度", "本年", text)
    text = re.sub(r"[0-9]{1,2}[-—~至][0-9]{1,2}月份?|截[至止]?[0-9]{0,2}月?[底末]?", "", text)
    return re.sub(r"[()\[\]【】《》<>:;,.、。*※\"'/—-]", "", text)


def meaning_of(head: str, learnt: Mapping[str, Field] = MappingProxyType({})) -> Head | None:
    """What stands under this head (the texts of its rows one after the other); none when it is not known.

    `learnt` says what a county means by heads (bare) that are not listed here; it never goes before the list.
    """
    bare = bare_head(head)
    if not bare:
        return None
    known = next((field for field, pattern in HEADS if pattern.fullmatch(bare)), None)
    field = known or learnt.get(bare)
    if field is None:
        return None
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", head))
    unit, year = _UNIT.search(text), _YEAR.search(text)
    return Head(field, unit[1] if unit else "", int(year[1]) if year and field in YEARLY else None)


class UnknownUnit(Exception):
    """A note names a unit that is none of ours; `unit` says which."""

    def __init__(self, unit: str) -> None:
        super().__init__(unit)
        self.unit = unit


def unit_named(text: str) -> str:
    """The unit that a note above the table names ("单位：万元"), or nothing; never a guess at another one."""
    text = unicodedata.normalize("NFKC", text)
    match = re.search(r"单位:\s*(?:人民币)?\s*([^\s,;、:()]{0,4}?元)", text)
    if match and match[1] not in UNITS:
        raise UnknownUnit(match[1])
    return match[1] if match else ""


def half_month_named(text: str) -> HalfMonth | None:
    """The half-month of a note, a title or a file's name: "调度时点：2026年10月31日", "2026-10下"."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    half = re.search(r"(20[0-9]{2})[年.-]([0-9]{1,2})月?(上|下)(?:半月)?", text)
    day = re.search(
        r"(?:时点|截[至止]|截止时间|日期|时间):?(20[0-9]{2})[年./-]([0-9]{1,2})[月./-]([0-9]{1,2})", text
    ) or re.search(r"(20[0-9]{2})年([0-9]{1,2})月([0-9]{1,2})日", text)
    try:
        if day:
            return HalfMonth.containing(date(int(day[1]), int(day[2]), int(day[3])))
        if half:
            return HalfMonth(int(half[1]), int(half[2]), 1 if half[3] == "上" else 2)
    except (ValueError, NotAPeriod):
        return None
    return None


class UnreadableCell(Exception):
    """A cell that cannot be read for certain; `code` says why, `values_named` what the limit is."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code, values)
        self.code = code
        self.values_named = values


@dataclass(frozen=True)
class Day:
    """A date, or a month of which the day is not known."""

    day: date
    is_month_only: bool = False


NOTHING = frozenset({"", "-", "--", "—", "——", "–", "/", "\\", "无", "暂无", "未定", "待定", "n/a"})
NOT_YET = NOTHING | {"未开工", "未竣工", "未完工", "未投产", "未入库", "否", "在建"}
# What a spreadsheet shows where it could not compute.
_FAULT = re.compile(r"#(REF!|DIV/0!|N/A|NAME\?|NULL!|NUM!|VALUE!|SPILL!|CALC!|BUSY!|GETTING_DATA)")
_EPOCH = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 2000, 2099


def text_of(cell: Cell) -> str:
    """What is written in a cell, as one line without signs that nobody sees."""
    if isinstance(cell, str) and cell.isprintable():
        return " ".join(cell.split())
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        return (
            cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ", "minutes")
        )
    if isinstance(cell, int | float):
        return str(int(cell)) if float(cell).is_integer() else repr(cell)
    if isinstance(cell, date | time):
        return cell.isoformat()
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in str(cell))
    # A CSV of ours, or one that was opened and saved as a workbook since, has its guards as plain signs.
    return unguarded(" ".join(visible.split()))


def day_of(cell: Cell, *, is_end: bool = False) -> Day | None:
    """The day in a cell; of a month alone the first day, or the last one where something ends."""
    if isinstance(cell, datetime):
        return _checked(cell.date())
    if isinstance(cell, date):
        return _checked(cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _day_of_number(float(cell), is_end)
    text = unicodedata.normalize("NFKC", text_of(cell)).lower()
    if text in NOT_YET:
        return None
    text = _in_digits(text)
    text = re.sub(r"\s*[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?(\.[0-9]+)?$", "", text)
    text = re.sub(r"\s", "", text)
    parts = re.fullmatch(
        r"([0-9]{4})[年./-]([0-9]{1,2})(?:[月./-]([0-9]{1,2})日?号?)?", text
    ) or re.fullmatch(r"([0-9]{4})(0[1-9]|1[0-2])([0-3][0-9])?", text)
    if parts is None:
        parts = re.fullmatch(
            r"([0-9]{4})[年./-]([0-9]{1,2})月?()(?:上旬|中旬|下旬|份|初|中|底|末|月底|月初)?", text
        )
    if parts is None:
        raise UnreadableCell("not_a_date")
    year, month = int(parts[1]), int(parts[2])
    try:
        if parts[3]:
            return _checked(date(year, month, int(parts[3])))
        return _month(year, month, is_end)
    except (ValueError, NotAPeriod) as wrong:
        raise UnreadableCell("not_a_date") from wrong


_NUMERALS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def _in_digits(text: str) -> str:
    """A date that is written in Chinese numerals ("二〇二六年三月五日") in digits."""
    if not re.match(r"二[〇零0][一二三四五六七八九〇零0]{2}年", text):
        return text
    text = re.sub(r"(?<![一二三四五六七八九])十", "一十", text)
    return re.sub(r"十(?![一二三四五六七八九])", "〇", text).replace("十", "").translate(_NUMERALS)


DAYS_FROM_1900_TO_1904 = 1_462
_FIRST_COUNTED, _LAST_COUNTED = 36_526, 73_051  # 2000 to 2099


def is_counted_day(cell: Cell) -> bool:
    """Whether a bare number may be a day as spreadsheets count them, from 1900 or from 1904."""
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return is_number and _FIRST_COUNTED - DAYS_FROM_1900_TO_1904 <= float(cell) < _LAST_COUNTED  # type: ignore[arg-type]  # it is a number


def _day_of_number(number: float, is_end: bool) -> Day:
    """A day counted as spreadsheets do, or a month that was typed as the number 2026.3."""
    if FIRST_YEAR <= number <= LAST_YEAR + 1:
        year, _, month = repr(number).partition(".")
        # 2026.1 may have been typed as 2026.10: a spreadsheet drops the nought.
        if month == "1":
            raise UnreadableCell("january_or_october")
        if not month.isdigit() or not 1 <= int(month) <= 12:
            raise UnreadableCell("not_a_date")
        return _month(int(year), int(month), is_end)
    if _FIRST_COUNTED <= number < _LAST_COUNTED:
        return _checked(_EPOCH + timedelta(days=int(number)))
    if number.is_integer() and re.fullmatch(r"20[0-9]{2}(0[1-9]|1[0-2])([0-3][0-9])?", str(int(number))):
        found = day_of(str(int(number)), is_end=is_end)
        assert found is not None
        return found
    raise UnreadableCell("not_a_date")


def _month(year: int, month: int, is_end: bool) -> Day:
    whole = Month(year, month)
    return Day(_checked(whole.end if is_end else whole.start).day, is_month_only=True)


def _checked(day: date) -> Day:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UnreadableCell("not_a_date")
    return Day(day)


CENT = Decimal("0.01")
LARGEST_AMOUNT = Decimal(10) ** 10
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?")


def amount_of(cell: Cell, unit: str) -> Decimal | None:
    """The money in a cell, in 万元 with two decimals; a unit in the cell goes before `unit`, the head's."""
    number = _number_of(cell, "not_an_amount", UNITS)
    if number is None:
        return None
    figure, own_unit = number
    if figure < 0:
        raise UnreadableCell("negative_amount")
    amount = (figure * UNITS[own_unit or unit]).quantize(CENT, ROUND_HALF_UP)
    if amount >= LARGEST_AMOUNT:
        raise UnreadableCell("amount_too_large")
    return amount


def percent_of(cell: Cell, *, is_fraction: bool) -> Decimal | None:
    """The percentage in a cell; `is_fraction` says that a bare 0.45 there means 45."""
    number = _number_of(cell, "not_a_percentage", ("%",))
    if number is None:
        return None
    figure, sign = number
    percent = (figure * 100 if is_fraction and not sign else figure).quantize(CENT, ROUND_HALF_UP)
    if not 0 <= percent <= 100:
        raise UnreadableCell("not_a_percentage")
    return percent


def _number_of(cell: Cell, code: str, signs: Iterable[str]) -> tuple[Decimal, str] | None:
    if isinstance(cell, bool | date | time | timedelta):
        raise UnreadableCell(code)
    text = repr(cell) if isinstance(cell, int | float) else unicodedata.normalize("NFKC", text_of(cell))
    text = re.sub(r"[\s,¥￥]", "", text).lower()
    if text in NOTHING:
        return None
    found = next((sign for sign in signs if text.endswith(sign)), "")
    text = text.removesuffix(found)
    if isinstance(cell, float) and re.fullmatch(r"[0-9.]+e-[0-9]{1,3}", text):
        # 0.00001 as a program writes it; it is nothing in 万元 and nothing in per cent.
        text = f"{cell:.12f}"
    if not _PLAIN_NUMBER.fullmatch(text):
        raise UnreadableCell(code)
    return Decimal(text), found


def are_fractions(cells: Iterable[Cell]) -> bool:
    """Whether a column of bare numbers gives shares of one: none is above 1, some lie between 0 and 1."""
    numbers = [_bare_number(cell) for cell in cells]
    given = [number for number in numbers if number is not None]
    return all(number <= 1 for number in given) and any(0 < number < 1 for number in given)


def is_doubtful_share(cell: Cell) -> bool:
    """Whether a bare number in a column of percentages might as well be a share of one."""
    number = _bare_number(cell)
    return number is not None and 0 < number <= 1


def _bare_number(cell: Cell) -> float | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    text = unicodedata.normalize("NFKC", cell).strip() if isinstance(cell, str) else ""
    return float(text) if _PLAIN_NUMBER.fullmatch(text) else None


NATURES = {
    "新建": "new",
    "扩建": "expansion",
    "改扩建": "expansion",
    "改建和技术改造": "transformation",
    "改建": "transformation",
    "技术改造": "transformation",
    "技改": "transformation",
    "单纯建造生活设施": "living_facilities",
    "迁建": "relocation",
    "恢复": "restoration",
    "单纯购置": "purchase_only",
}
RUNGS = {
    "科技型中小企业": "technology_sme",
    "高新技术企业": "high_tech",
    "高企": "high_tech",
    "科技领军企业": "leading",
    "其他": "",
    "一般企业": "",
}
# "否" and an empty cell say only that it is not included; what else is known of the project then stands.
NOT_INCLUDED = ""
INCLUSIONS = {
    "是": "included",
    "已入库": "included",
    "已纳统": "included",
    "入库": "included",
    "纳统": "included",
    "√": "included",
    "y": "included",
    "否": NOT_INCLUDED,
    "未入库": NOT_INCLUDED,
    "未纳统": NOT_INCLUDED,
    "×": NOT_INCLUDED,
    "x": NOT_INCLUDED,
    "n": NOT_INCLUDED,
    "不适用": "not_applicable",
    "无需入库": "not_applicable",
    "无需纳统": "not_applicable",
    "不纳统": "not_applicable",
    "正在准备材料": "preparing",
    "准备材料": "preparing",
    "准备中": "preparing",
    "正在准备": "preparing",
    "已报送": "submitted",
    "已上报": "submitted",
    "已申报": "submitted",
    "审核中": "submitted",
    "退回": "returned",
    "已退回": "returned",
    "被退回": "returned",
    "退库": "removed",
    "已退库": "removed",
    "移出": "removed",
    "暂不需纳统": "not_due",
}
# The first word found in the text decides; later steps stand before earlier ones.
STAGES: tuple[tuple[str, str], ...] = (
    ("终止|取消|不再实施", "terminated"),
    ("^成效已核验$", "outcome_verified"),
    ("^储备$", "reserve"),
    ("停工|停建|暂停|缓建", "suspended"),
    ("试生产|试运行|试产", "building"),
    ("未投产|未竣工|未完工|即将竣工|即将投产|准备投产|准备竣工", "building"),
    ("投产|达产", "in_production"),
    ("竣工|完工|建成", "completed"),
    ("未开工|前期|未动工|准备开工|筹备", "filed"),
    ("设备订货|设备采购|已开工|开工建设|土地平整|场地平整", "started"),
    ("基础|主体|封顶|厂房|安装|调试|施工|建设|装修|进场", "building"),
)


def nature_of(text: str) -> str | None:
    """The construction nature; none when the cell is empty."""
    return _word(text, NATURES, "unknown_nature")


def rung_of(text: str) -> str | None:
    """The rung of the cultivation ladder; none when the cell is empty."""
    return _word(text, RUNGS, "unknown_rung")


def inclusion_of(text: str) -> str:
    """The state of inclusion that a cell names; empty when it says only that the project is not included."""
    return _word(text, INCLUSIONS, "unknown_inclusion") or NOT_INCLUDED


def _word(text: str, words: Mapping[str, str], code: str) -> str | None:
    word = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).lower()
    if word in NOTHING:
        return None
    if word not in words:
        # Of the words for one thing the first is the one to recommend.
        recommended = {meaning: known for known, meaning in reversed(list(words.items()))}
        raise UnreadableCell(code, known="、".join(reversed(recommended.values())))
    return words[word]


def stage_of(note: str, *, has_started: bool, has_completed: bool) -> str:
    """The stage that the words of the progress name; without such words it follows from the dates."""
    for pattern, stage in STAGES:
        if re.search(pattern, note):
            return stage
    if has_completed:
        return "completed"
    return "building" if has_started else "filed"


def industry_of(text: str) -> str:
    """The class of GB/T 4754: its digits, whether or not its section's letter or its name stands beside."""
    match = re.match(r"[A-Ta-t]?([0-9]{2,4})(?![0-9])", library.normalised_code(text))
    if match is None:
        raise UnreadableCell("not_an_industry")
    return match[1]


# --- a row ---


@dataclass(frozen=True)
class Column:
    """A column of the table that is understood."""

    index: int
    letter: str
    head: str
    field: Field
    unit: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Line:
    """One row of the table as it stands in the sheet: its number there, and what its cells hold by column."""

    number: int
    cells: tuple[Cell, ...]
    percent_shown: frozenset[int] = frozenset()
    # Formulas without a stored result.
    uncomputed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Note:
    """Something to tell about a place in the table; row 0 is the table as a whole."""

    row: int
    code: str
    letter: str = ""
    head: str = ""
    written: str = ""
    values: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Row:
    """What one row says of an enterprise, a project and its half-month. None is an empty cell."""

    number: int
    enterprise_name: str
    credit_code: str
    township: str | None
    chain: str | None
    industry: str | None
    rung: str | None
    project_name: str
    project_code: str | None
    nature: str | None
    planned_total: Decimal
    planned_equipment: Decimal | None
    annual_plan: Decimal | None
    filed: Day | None
    planned_start: Day | None
    started: Day | None
    planned_completion: Day | None
    completed: Day | None
    cumulative_investment: Decimal
    ytd_investment: Decimal
    progress_percent: Decimal
    progress_note: str | None
    stage: str
    inclusion: str
    included_on: date | None
    problem: str | None
    responsible_name: str | None
    contact_name: str | None
    contact_phone: str | None
    remark: str | None


@dataclass(frozen=True)
class ReadRow:
    """A row with what is wrong in it (then it is refused) and what is merely odd."""

    number: int
    row: Row | None
    errors: tuple[Note, ...]
    warnings: tuple[Note, ...]


LONGEST = {
    Field.ENTERPRISE: 120,
    Field.TOWNSHIP: 60,
    Field.CHAIN: 60,
    Field.PROJECT: 160,
    Field.PROGRESS_NOTE: 60,
    Field.PROBLEM: 200,
    Field.RESPONSIBLE: 60,
    Field.CONTACT: 60,
    Field.PHONE: 30,
    Field.REMARK: 300,
}
WRITTEN_SHOWN = 60


def masked(field: Field | None, text: str) -> str:
    """What a cell of the column says, as it may be told again: nobody needs a telephone number for that."""
    return library.masked_phone(text) if field == Field.PHONE else library.with_masked_phones(text)


class _Reader:
    """Reads one row cell by cell and keeps what cannot be read: a row tells all its errors at once."""

    def __init__(self, line: Line, columns: Mapping[Field, Column], shares: bool) -> None:
        self.line = line
        self.columns = columns
        self.shares = shares
        self.errors: list[Note] = []
        self.warnings: list[Note] = []

    def cell(self, field: Field) -> Cell:
        column = self.columns.get(field)
        return self.line.cells[column.index] if column and column.index < len(self.line.cells) else ""

    def note(self, field: Field | None, code: str, **values: str | int) -> Note:
        column = self.columns.get(field) if field else None
        written = masked(field, text_of(self.cell(field)))[:WRITTEN_SHOWN] if field else ""
        place = (column.letter, column.head) if column else ("", "")
        return Note(self.line.number, code, *place, written, tuple(values.items()))

    def wrong(self, field: Field | None, code: str, **values: str | int) -> None:
        self.errors.append(self.note(field, code, **values))

    def odd(self, field: Field | None, code: str, **values: str | int) -> None:
        self.warnings.append(self.note(field, code, **values))

    def read(self, field: Field, reading: Callable[[Cell], object]) -> object:
        try:
            return reading(self.cell(field))
        except UnreadableCell as unreadable:
            self.wrong(field, unreadable.code, **unreadable.values_named)
            return None

    def text(self, field: Field, *, is_name: bool = False) -> str | None:
        """The text of a cell; one that is a name is written as everybody writes it."""
        text = text_of(self.cell(field))
        text = library.normalised(text) if is_name else text
        if len(text) > LONGEST[field]:
            self.wrong(field, "too_long", most=LONGEST[field])
            return None
        return text or None

    def phone(self) -> str | None:
        """A telephone number; a masked one, as the remarks give it back, leaves the number that is kept."""
        text = self.text(Field.PHONE)
        return None if text is None or library.is_masked(text) else text

    def needed(self, field: Field) -> str:
        text = self.text(field, is_name=True)
        if text is None and not any(error.letter == self.columns[field].letter for error in self.errors):
            self.wrong(field, "missing")
        return text or ""

    def computed(self) -> None:
        """A formula whose result is missing or a fault is no value, in whichever column it stands."""
        for field, column in self.columns.items():
            cell = self.cell(field)
            is_fault = isinstance(cell, str) and bool(_FAULT.fullmatch(cell))
            if (is_fault or column.index in self.line.uncomputed) and field != Field.NUMBER:
                self.errors = [error for error in self.errors if error.letter != column.letter]
                self.wrong(field, "formula_without_value")

    def day(self, field: Field, *, is_end: bool = False) -> Day | None:
        found = self.read(field, lambda cell: day_of(cell, is_end=is_end))
        assert found is None or isinstance(found, Day)
        return found

    def amount(self, field: Field) -> Decimal | None:
        unit = self.columns[field].unit if field in self.columns else "万元"
        found = self.read(field, lambda cell: amount_of(cell, unit))
        assert found is None or isinstance(found, Decimal)
        return found

    def needed_amount(self, field: Field, amount: Decimal | None, *, may_be_empty: bool) -> Decimal:
        """An empty figure is 0 before the start; later nobody may guess it."""
        if amount is None and not may_be_empty and not self.has_error(field):
            self.wrong(field, "missing")
        return amount or Decimal("0.00")

    def has_error(self, field: Field) -> bool:
        return any(error.letter == self.columns[field].letter for error in self.errors)

    def percent(self) -> Decimal | None:
        column = self.columns[Field.PROGRESS]
        cell = self.cell(Field.PROGRESS)
        is_shown = column.index in self.line.percent_shown and not isinstance(cell, str)
        found = self.read(Field.PROGRESS, lambda cell: percent_of(cell, is_fraction=is_shown or self.shares))
        assert found is None or isinstance(found, Decimal)
        if found is not None and not is_shown and not self.shares and is_doubtful_share(cell):
            self.odd(Field.PROGRESS, "share_or_percentage")
        return found

    def word(self, field: Field, meaning: Callable[[str], str | None]) -> str | None:
        found = self.read(field, lambda cell: meaning(text_of(cell)))
        assert found is None or isinstance(found, str)
        return found

    def industry(self) -> str | None:
        text = text_of(self.cell(Field.INDUSTRY))
        try:
            return None if text in NOTHING else industry_of(text)
        except UnreadableCell as unreadable:
            # The industry decides nothing: it is left as it was.
            self.odd(Field.INDUSTRY, unreadable.code)
            return None

    def project_code(self) -> str | None:
        text = text_of(self.cell(Field.PROJECT_CODE))
        if library.normalised_code(text).lower() in NOTHING:
            self.odd(Field.PROJECT_CODE, "no_project_code")
            return None
        try:
            code = library.project_code(text)
        except ValueError:
            self.wrong(Field.PROJECT_CODE, "not_a_project_code")
            return None
        if not library.has_right_check_digit(code):
            self.odd(Field.PROJECT_CODE, "check_digit")
        return code


def columns_for(columns: Iterable[Column], year: int) -> dict[Field, Column]:
    """Which column gives which field in this year's table; naming the year goes before naming none."""
    chosen: dict[Field, Column] = {}
    for column in sorted(columns, key=lambda column: (column.year != year, column.index)):
        if column.year in (None, year):
            chosen.setdefault(column.field, column)
    return chosen


def read_lines(lines: Iterable[Line], columns: Mapping[Field, Column]) -> list[ReadRow]:
    """All rows of the table, each with its errors."""
    lines = list(lines)
    at = columns[Field.PROGRESS].index
    bare = [line.cells[at] for line in lines if at < len(line.cells) and at not in line.percent_shown]
    shares = are_fractions(bare)
    return [_read_line(line, columns, shares) for line in lines]


def _read_line(line: Line, columns: Mapping[Field, Column], shares: bool) -> ReadRow:
    reader = _Reader(line, columns, shares)
    credit_code = library.normalised_code(text_of(reader.cell(Field.CREDIT_CODE)))
    if not credit_code:
        reader.wrong(Field.CREDIT_CODE, "missing")
    started, completed = reader.day(Field.STARTED), reader.day(Field.COMPLETED, is_end=True)
    has_started = started is not None or completed is not None
    total = reader.amount(Field.PLANNED_TOTAL)
    cumulative, ytd, progress = reader.amount(Field.CUMULATIVE), reader.amount(Field.YTD), reader.percent()
    note = reader.text(Field.PROGRESS_NOTE)
    included = reader.day(Field.INCLUDED, is_end=True)
    problem = reader.text(Field.PROBLEM)
    row = Row(
        number=line.number,
        enterprise_name=reader.needed(Field.ENTERPRISE),
        credit_code=credit_code,
        township=reader.text(Field.TOWNSHIP, is_name=True),
        chain=reader.text(Field.CHAIN, is_name=True),
        industry=reader.industry(),
        rung=reader.word(Field.RUNG, rung_of),
        project_name=reader.needed(Field.PROJECT),
        project_code=reader.project_code(),
        nature=reader.word(Field.NATURE, nature_of),
        planned_total=reader.needed_amount(Field.PLANNED_TOTAL, total, may_be_empty=False),
        planned_equipment=reader.amount(Field.PLANNED_EQUIPMENT),
        annual_plan=reader.amount(Field.ANNUAL_PLAN),
        filed=reader.day(Field.FILED),
        planned_start=reader.day(Field.PLANNED_START),
        started=started,
        planned_completion=reader.day(Field.PLANNED_COMPLETION, is_end=True),
        completed=completed,
        cumulative_investment=reader.needed_amount(
            Field.CUMULATIVE, cumulative, may_be_empty=not has_started
        ),
        ytd_investment=reader.needed_amount(Field.YTD, ytd, may_be_empty=not has_started),
        progress_percent=reader.needed_amount(Field.PROGRESS, progress, may_be_empty=not has_started),
        progress_note=note,
        stage=stage_of(note or "", has_started=has_started, has_completed=completed is not None),
        inclusion=reader.word(Field.INCLUSION, inclusion_of) or NOT_INCLUDED,
        included_on=included.day if included else None,
        problem=None if Field.PROBLEM not in columns else "" if (problem or "") in NOTHING else problem,
        responsible_name=reader.text(Field.RESPONSIBLE, is_name=True),
        contact_name=reader.text(Field.CONTACT, is_name=True),
        contact_phone=reader.phone(),
        remark=reader.text(Field.REMARK),
    )
    reader.computed()
    errors = sorted(reader.errors, key=lambda error: (len(error.letter), error.letter))
    return ReadRow(line.number, None if errors else row, tuple(errors), tuple(reader.warnings))


def oddities(row: Row, cut_off: date) -> list[tuple[Field, str]]:
    """What is possible in a sound row but worth a second look; never a reason to refuse it."""
    before_start, finished = {"reserve", "filed"}, {"completed", "in_production"}
    asked = [
        (Field.PLANNED_EQUIPMENT, "equipment_above_total", (row.planned_equipment or 0) > row.planned_total),
        (Field.STARTED, "start_after_cut_off", _is_after(row.started, cut_off)),
        (Field.COMPLETED, "completion_after_cut_off", _is_after(row.completed, cut_off)),
        (Field.STARTED, "start_before_filing", _is_before(row.started, row.filed)),
        (
            Field.PLANNED_COMPLETION,
            "planned_end_before_start",
            _is_before(row.planned_completion, row.planned_start),
        ),
        (
            Field.PROGRESS_NOTE,
            "stage_without_start",
            not (row.stage in before_start or row.started or row.completed),
        ),
        (Field.PROGRESS_NOTE, "start_without_stage", row.stage in before_start and row.started is not None),
        (
            Field.PROGRESS,
            "finished_below_hundred",
            (row.stage in finished or row.completed is not None) and row.progress_percent < 100,
        ),
        (
            Field.CUMULATIVE,
            "figures_before_start",
            row.stage in before_start and row.cumulative_investment > 0,
        ),
        (Field.INCLUDED, "included_after_cut_off", row.included_on is not None and row.included_on > cut_off),
        (Field.INCLUDED, "included_without_date", row.inclusion == "included" and row.included_on is None),
        (
            Field.INCLUDED,
            "date_without_inclusion",
            row.inclusion != "included" and row.included_on is not None,
        ),
    ]
    return [(field, code) for field, code, is_odd in asked if is_odd]


def _is_after(found: Day | None, cut_off: date) -> bool:
    """Of a month alone only the month is compared."""
    if found is None:
        return False
    return found.day > cut_off and not (
        found.is_month_only and Month.containing(found.day) == Month.containing(cut_off)
    )


def _is_before(one: Day | None, other: Day | None) -> bool:
    if one is None or other is None:
        return False
    is_same_month = Month.containing(one.day) == Month.containing(other.day)
    return one.day < other.day and not (is_same_month and (one.is_month_only or other.is_month_only))
