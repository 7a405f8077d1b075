"""The county's own half-monthly table: its title, heads, notes and words, as the county draws it.

Plain Python, like the rules that read it. Nothing is added to what the county's file has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.exchange.rules import Field, stage_of
from tracker.spreadsheets.writing import FORMATS, Kind

SHEET, NOTES_SHEET = "半月调度表", "填表说明"
TITLE = "{county}工业技改项目半月调度表"
INVENTED = "（示例数据，企业均为虚构）"
ABOVE = "填报单位：县技改提质工作专班        调度时点：{year}年{month}月{day}日        单位：万元"
BELOW = (
    "说明：1. 累计完成投资为开工以来累计数；"
    "2. 计划总投资500万元以下项目不纳入统计；3. 每月15日、月末各报一次。"
)
LEFT_OUT = "注：另有{number}个项目的最近一次调度不在本期，未列入本表。"
NOTES = (
    "本表每半月调度一次。",
    "金额单位均为万元，保留两位小数。",
    "项目代码为投资项目在线审批监管平台赋码。",
)
TITLE_ROW, ABOVE_ROW, HEAD_ROW, SUB_HEAD_ROW = 1, 2, 3, 4
FIRST_ROW = 5


@dataclass(frozen=True)
class Drawn:
    """One column: its head, the head under a common one where there is such, its width, how figures look."""

    field: Field
    head: str
    sub: str = ""
    width: int = 14
    kind: Kind = Kind.TEXT

    @property
    def number_format(self) -> str:
        """As a spreadsheet wants it."""
        return FORMATS[self.kind]


def drawn(year: int) -> tuple[Drawn, ...]:
    """The columns of a year's table in their order."""
    money, day = Kind.MONEY, Kind.DAY
    return (
        Drawn(Field.NUMBER, "序号", width=6, kind=Kind.WHOLE),
        Drawn(Field.ENTERPRISE, "企业名称", width=28),
        Drawn(Field.CREDIT_CODE, "统一社会信用代码", width=21),
        Drawn(Field.TOWNSHIP, "所属乡镇（园区）"),
        Drawn(Field.CHAIN, "产业链"),
        Drawn(Field.INDUSTRY, "行业代码", width=9),
        Drawn(Field.RUNG, "企业类别", width=16),
        Drawn(Field.PROJECT, "项目名称", width=34),
        Drawn(Field.PROJECT_CODE, "项目代码", width=26),
        Drawn(Field.NATURE, "建设性质", width=17),
        Drawn(Field.PLANNED_TOTAL, "计划总投资\n（万元）", kind=money),
        Drawn(Field.PLANNED_EQUIPMENT, "其中：设备\n（万元）", kind=money),
        Drawn(Field.ANNUAL_PLAN, f"{year}年计划投资\n（万元）", kind=money),
        Drawn(Field.PLANNED_START, "开工时间", "计划", kind=day),
        Drawn(Field.STARTED, "开工时间", "实际", kind=day),
        Drawn(Field.PLANNED_COMPLETION, "竣工时间", "计划", kind=day),
        Drawn(Field.COMPLETED, "竣工时间", "实际", kind=day),
        Drawn(Field.CUMULATIVE, "完成投资（万元）", "开工以来累计", kind=money),
        Drawn(Field.YTD, "完成投资（万元）", f"{year}年累计", kind=money),
        Drawn(Field.PROGRESS, "形象进度", "%", width=8, kind=Kind.TEXT),
        Drawn(Field.PROGRESS_NOTE, "形象进度", "说明", width=18),
        Drawn(Field.INCLUSION, "入库纳统", "是否入库", width=15),
        Drawn(Field.INCLUDED, "入库纳统", "入库时间", kind=day),
        Drawn(Field.PROBLEM, "存在问题", width=24),
        Drawn(Field.RESPONSIBLE, "包保责任人", width=11),
        Drawn(Field.CONTACT, "企业联系人", width=11),
        Drawn(Field.PHONE, "联系电话"),
    )


# The words that the county writes for each code, in the order in which they are offered.
NATURES: Mapping[str, str] = {
    "transformation": "改建和技术改造",
    "new": "新建",
    "expansion": "扩建",
    "relocation": "迁建",
    "restoration": "恢复",
    "purchase_only": "单纯购置",
    "living_facilities": "单纯建造生活设施",
}
RUNGS: Mapping[str, str] = {
    "technology_sme": "科技型中小企业",
    "high_tech": "高新技术企业",
    "leading": "科技领军企业",
    "": "其他",
}
INCLUSIONS: Mapping[str, str] = {
    "included": "是",
    "not_included": "否",
    "not_due": "暂不需纳统",
    "preparing": "正在准备材料",
    "submitted": "已报送",
    "returned": "已退回",
    "removed": "已退库",
    "not_applicable": "不适用",
}
STAGES: Mapping[str, str] = {
    "reserve": "储备",
    "filed": "前期手续办理",
    "started": "已开工",
    "building": "建设中",
    "completed": "已竣工",
    "in_production": "已投产",
    "outcome_verified": "成效已核验",
}


def progress_in_words(note: str, stage: str, *, has_started: bool, has_completed: bool) -> str:
    """The note on the progress, from which the stage is read again; without one the stage's own word."""
    is_read = stage_of(note, has_started=has_started, has_completed=has_completed) == stage
    return note if is_read else STAGES.get(stage, note)


def says_only_the_stage(note: str | None, stage: str) -> bool:
    """Whether a note is no more than the word for the stage that we wrote ourselves."""
    return note is not None and note == STAGES.get(stage)
