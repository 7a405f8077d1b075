"""Small half-monthly tables made on the spot; every enterprise in them is invented."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from openpyxl import Workbook
from stdnum.cn import uscc

REAL = settings.BASE_DIR / "fixtures" / "半月调度表-2026-10下.xlsx"
NAME = "调度表.xlsx"
TITLE = ["庆云县工业技改项目半月调度表"]
NOTE = ["填报单位：县专班   调度时点：2026年10月31日   单位：万元"]
HEAD = [
    *(
        "序号",
        "企业名称",
        "统一社会信用代码",
        "所属乡镇（园区）",
        "产业链",
        "行业代码",
        "企业类别",
        "项目名称",
    ),
    *(
        "项目代码",
        "建设性质",
        "计划总投资（万元）",
        "其中：设备（万元）",
        "2026年计划投资（万元）",
        "计划开工时间",
    ),
    *(
        "实际开工时间",
        "计划竣工时间",
        "实际竣工时间",
        "开工以来累计完成投资（万元）",
        "2026年累计完成投资（万元）",
    ),
    *(
        "形象进度（%）",
        "形象进度说明",
        "是否入库",
        "入库时间",
        "存在问题",
        "包保责任人",
        "企业联系人",
        "联系电话",
    ),
]
KEYS = [
    *(
        "number",
        "enterprise",
        "credit_code",
        "township",
        "chain",
        "industry",
        "rung",
        "project",
        "code",
        "nature",
    ),
    *(
        "total",
        "equipment",
        "plan",
        "planned_start",
        "started",
        "planned_end",
        "completed",
        "cumulative",
        "ytd",
    ),
    *("progress", "note", "inclusion", "included_on", "problem", "responsible", "contact", "phone"),
]


def credit_code(number: int = 1) -> str:
    """A sound credit code of an invented enterprise."""
    stem = f"91371423MB{number:07d}"
    return stem + str(uscc.calc_check_digit(stem))


def project_code(number: int = 1) -> str:
    """A sound project code."""
    digits = f"260337142304{1:02d}{number:05d}"
    product = 10
    for digit in map(int, digits):
        product = ((product + digit) % 10 or 10) * 2 % 11
    digits += str((11 - product) % 10)
    return f"{digits[:4]}-{digits[4:10]}-{digits[10:12]}-{digits[12:14]}-{digits[14:]}"


def row(number: int = 1, **facts: Any) -> list[Any]:
    """One project under construction; the test names what is different about it."""
    whole = {
        **dict.fromkeys(KEYS),
        "number": number,
        "enterprise": f"虚构机械{number}有限公司",
        "credit_code": credit_code(number),
        "township": "虚构镇",
        "chain": "纸制品机械",
        "industry": "3542",
        "rung": "高新技术企业",
        "project": f"虚构产线{number}改造项目",
        "code": project_code(number),
        "nature": "改建和技术改造",
        "total": 2000,
        "equipment": 1200,
        "plan": 1000,
        "planned_start": date(2026, 3, 1),
        "started": date(2026, 3, 5),
        "planned_end": date(2027, 3, 31),
        "cumulative": 800,
        "ytd": 800,
        "progress": 45,
        "note": "设备安装",
        "inclusion": "是",
        "included_on": date(2026, 4, 2),
        "responsible": "官员甲",
        "contact": "张三",
        "phone": "13800000000",
    }
    assert set(facts) <= set(whole), "a column of the table"
    return [{**whole, **facts}[key] for key in KEYS]


def workbook(sheets: dict[str, Iterable[Sequence[Any]]], merges: Iterable[str] = ()) -> bytes:
    """A workbook of these sheets; `merges` are ranges of the first one."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in rows:
            sheet.append(list(cells))
    for merge in merges:
        book.worksheets[0].merge_cells(merge)
    return saved(book)


def saved(book: Workbook) -> bytes:
    """The workbook's bytes."""
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def table(
    *rows: Sequence[Any], above: Iterable[Sequence[Any]] = (TITLE, NOTE), head: Sequence[str] = HEAD
) -> bytes:
    """A workbook with one table of these rows."""
    return workbook({"调度表": [*above, head, *rows]})


def zipped(**parts: bytes) -> bytes:
    """A zip of these parts, whatever they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return content.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The workbook with one part replaced or added."""
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, part)
    return changed.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    """One part of a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def write(folder: Path, content: bytes, name: str = NAME) -> Path:
    """The workbook as a file."""
    path = folder / name
    path.write_bytes(content)
    return path


def large(count: int) -> bytes:
    """A table of so many rows, written faster than cell by cell."""
    small = table(row(1))
    sheet = part_of(small, "xl/worksheets/sheet1.xml").decode()
    before, _, after = sheet.partition("</sheetData>")
    rows = [before]
    for number in range(2, count + 1):
        cells = "".join(
            f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
            if isinstance(cell, (str, date))
            else f"<c><v>{cell}</v></c>"
            if cell is not None
            else "<c/>"
            for cell in row(number)
        )
        rows.append(f'<row r="{number + 3}">{cells}</row>')
    return with_part(small, "xl/worksheets/sheet1.xml", ("".join(rows) + "</sheetData>" + after).encode())
