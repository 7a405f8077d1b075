"""Hostile and odd files of all kinds, each with its verdict: none taken wrongly, none that costs much.

All are read by one process that is measured: no file costs more than 5 seconds of the processor or 300 MB.
"""

import csv
import io
import json
import os
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.exchange import oldfiles, workbooks
from tests.exchange.workbooks import HEAD, KEYS, NOTE, TITLE, part_of, row, saved, table, with_part, workbook
from tests.factories import make_official, moment
from tracker.exchange.archive import LARGEST_FILE, MEGABYTE, MOST_PARTS, column_letter

SHEET = "xl/worksheets/sheet1.xml"
MOST_SECONDS, MOST_MEGABYTES = 5, 300


@dataclass(frozen=True)
class Case:
    """A file and its verdict: refused with a code and words of the sentence, or what its rows say."""

    make: Callable[[], bytes]
    refused: str = ""
    said: str = ""
    # What is asserted of the sound rows, one after the other.
    rows: Sequence[dict[str, str]] = ()
    errors: Sequence[tuple[int, str, str]] = ()


CASES: dict[str, Case] = {}


def refuse(name: str, code: str, said: str, make: Callable[[], bytes] | bytes) -> None:
    content = make
    CASES[name] = Case(content if callable(content) else lambda: content, refused=code, said=said)


def take(
    name: str,
    make: Callable[[], bytes] | bytes,
    *rows: dict[str, str],
    errors: Sequence[tuple[int, str, str]] = (),
) -> None:
    content = make
    CASES[name] = Case(content if callable(content) else lambda: content, rows=rows, errors=errors)


def letter(key: str) -> str:
    return column_letter(KEYS.index(key))


GOOD = {"project_name": "虚构产线1改造项目", "planned_total": "2000.00", "cumulative_investment": "800.00"}


def sheet_of(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    before = part_of(content, SHEET)
    after = change(before)
    assert after != before
    return with_part(content, SHEET, after)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(old, new, 1)


# --- files that are no table, whatever they are called ---

NO_TABLE = "This is no table"
refuse("empty", "file_empty", "Choose the saved workbook", b"")
refuse("too large", "file_too_large", "larger than 10 MB", lambda: table(row()) + bytes(LARGEST_FILE))
refuse("pdf", "is_pdf", "This is a PDF", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj")
refuse("pdf with a zip behind it", "is_pdf", "This is a PDF", lambda: b"%PDF-1.4\n" + table(row()))
refuse("png", "is_picture", "This is a picture", b"\x89PNG\r\n\x1a\n" + bytes(100))
refuse("jpeg", "is_picture", "This is a picture", b"\xff\xd8\xff\xe0" + bytes(100))
refuse("gif with a zip behind it", "is_picture", "This is a picture", lambda: b"GIF89a" + table(row()))
refuse("rich text", "is_document", "Copy the table", rb"{\rtf1\ansi a}")
refuse("program of windows", "not_a_workbook", NO_TABLE, b"MZ\x90\x00" + bytes(200))
refuse("program of unix", "not_a_workbook", NO_TABLE, b"\x7fELF\x02\x01\x01" + bytes(200))
refuse("gzip", "not_a_workbook", NO_TABLE, b"\x1f\x8b\x08\x00" + zlib.compress(bytes(1000)))
refuse("rar", "not_a_workbook", NO_TABLE, b"Rar!\x1a\x07\x01\x00" + bytes(100))
refuse("7z", "not_a_workbook", NO_TABLE, b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(100))
refuse("database", "not_a_workbook", NO_TABLE, b"SQLite format 3\x00" + bytes(100))
refuse("noughts", "not_a_workbook", NO_TABLE, bytes(10_000))
refuse("noise", "not_a_workbook", NO_TABLE, lambda: random.Random(4).randbytes(200_000))
PAGE = "<table><tr><td>企业名称</td></tr></table>"
refuse("page named xls", "is_page", "web page", PAGE.encode())
refuse("page with doctype", "is_page", "web page", ("<!DOCTYPE html><html>" + PAGE).encode())
refuse(
    "page after a mark and blanks", "is_page", "web page", b"\xef\xbb\xbf  \r\n" + ("<html>" + PAGE).encode()
)
refuse("page in the county's encoding", "is_page", "web page", ("<HTML>" + PAGE).encode("gb18030"))
refuse(
    "xml workbook of 2003", "is_page", "web page", b'<?xml version="1.0"?><Workbook><Worksheet/></Workbook>'
)
refuse("web archive", "is_page", "web page", b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n")
refuse("utf-16 text", "is_utf16", "CSV UTF-8", "\ufeff企业名称\t项目名称".encode("utf-16-le"))
refuse("utf-16 the other way round", "is_utf16", "CSV UTF-8", "\ufeff企业名称\t项目".encode("utf-16-be"))
refuse("utf-16 without a mark", "not_a_workbook", NO_TABLE, "enterprise;project".encode("utf-16-le"))


def zipped(parts: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", how) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


refuse("zip of texts", "not_a_workbook", NO_TABLE, lambda: zipped({"a.txt": b"a"}))
refuse("zip of a workbook", "not_a_workbook", NO_TABLE, lambda: zipped({"表.xlsx": table(row())}))
refuse("zip with nothing in it", "file_broken", "damaged", b"PK\x05\x06" + bytes(18))
refuse("word", "is_document", "Copy the table", lambda: zipped({"word/document.xml": b"<w/>"}))
refuse("slides", "is_document", "Copy the table", lambda: zipped({"ppt/presentation.xml": b"<p/>"}))
refuse("binary workbook", "is_xlsb", ".xlsb", lambda: zipped({"xl/workbook.bin": b"\x83\x01"}))
refuse("opendocument table", "is_ods", ".ods", lambda: zipped({"mimetype": b"x", "content.xml": b"<o/>"}))
refuse("java archive", "not_a_workbook", NO_TABLE, lambda: zipped({"META-INF/MANIFEST.MF": b"a: b"}))
CONTAINER = oldfiles.container
refuse("locked xlsx", "is_locked", "protected by a password", lambda: CONTAINER(b"x", "EncryptedPackage"))
refuse("old word", "is_document", "Copy the table", lambda: CONTAINER(b"x", "WordDocument"))
refuse("old slides", "is_document", "Copy the table", lambda: CONTAINER(b"x", "PowerPoint Document"))
refuse("mail message", "not_a_workbook", NO_TABLE, lambda: CONTAINER(b"x", "__substg1.0_0037"))
refuse("container cut off", "not_a_workbook", NO_TABLE, lambda: oldfiles.xls([HEAD, row()])[:600])

# --- archives that want to be more than they are ---

UNPACKED = "Unpacked, the file is larger"
refuse(
    "bomb in the texts",
    "unpacks_too_large",
    UNPACKED,
    lambda: with_part(table(row()), "xl/sharedStrings.xml", b" " * 60 * MEGABYTE),
)
refuse(
    "bomb in a part that nobody reads",
    "unpacks_too_large",
    UNPACKED,
    lambda: with_part(table(row()), "xl/media/image1.png", bytes(90 * MEGABYTE)),
)
refuse(
    "many small bombs",
    "unpacks_too_large",
    UNPACKED,
    lambda: zipped(
        {"xl/workbook.xml": b"<w/>"} | {f"xl/worksheets/s{n}.xml": b" " * MEGABYTE for n in range(120)}
    ),
)
refuse(
    "very many parts",
    "unpacks_too_large",
    UNPACKED,
    lambda: zipped({"xl/workbook.xml": b"<w/>"} | {f"p{n}": b"" for n in range(MOST_PARTS + 1)}),
)


def lies_about_size() -> bytes:
    content = with_part(table(row()), "xl/sharedStrings.xml", b" " * 60 * MEGABYTE)
    return content.replace((60 * MEGABYTE).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))


def twice_the_same_part() -> bytes:
    twice = io.BytesIO(table(row()))
    with zipfile.ZipFile(twice, "a") as more:
        more.writestr("xl/worksheets/Sheet1.xml".replace("S", "s", 1), b"<worksheet/>")
    return twice.getvalue()


def flagged_as_locked() -> bytes:
    content = bytearray(table(row()))
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    return bytes(content)


def packed_strangely() -> bytes:
    content = bytearray(table(row()))
    for sign, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = 0
        while (start := content.find(sign, start)) >= 0:
            struct.pack_into("<H", content, start + at, 97)
            start += 4
    return bytes(content)


DAMAGED = "The file is damaged"
refuse("bomb that lies about its size", "file_broken", DAMAGED, lies_about_size)
refuse("a part twice", "file_broken", DAMAGED, twice_the_same_part)
refuse("archive flagged as locked", "is_locked", "protected by a password", flagged_as_locked)
refuse("packed in a way that nobody knows", "file_broken", DAMAGED, packed_strangely)
refuse("half a workbook", "file_broken", DAMAGED, lambda: table(row())[: len(table(row())) // 2])
refuse("only the sign of a zip", "file_broken", DAMAGED, b"PK\x03\x04" + bytes(500))
refuse("two workbooks one after the other", "file_broken", DAMAGED, lambda: table(row(2)) + table(row(1)))
take(
    "part that climbs out of its folder",
    lambda: with_part(table(row()), "../../etc/passwd.xml", b"<x/>"),
    GOOD,
)
take("workbook with macros", lambda: with_part(table(row()), "xl/vbaProject.bin", b"\xcc" * 500), GOOD)
take("workbook with a picture", lambda: with_part(table(row()), "xl/media/a.png", b"\x89PNG" * 500), GOOD)

# --- workbooks whose inside is odd ---

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"
)
refuse("entities that expand", "file_broken", DAMAGED, lambda: with_part(table(row()), SHEET, BOMB))
refuse(
    "entity from a file",
    "file_broken",
    DAMAGED,
    lambda: with_part(
        table(row()),
        SHEET,
        b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]><worksheet>&a;</worksheet>',
    ),
)
refuse(
    "sheet cut off", "file_broken", DAMAGED, lambda: with_part(table(row()), SHEET, b"<worksheet><sheetData>")
)
refuse("sheet of noise", "file_broken", DAMAGED, lambda: with_part(table(row()), SHEET, b"\xff\xfe\x00\x00"))
refuse(
    "sheets nested very deep",
    "file_broken",
    DAMAGED,
    lambda: with_part(table(row()), SHEET, b"<a>" * 200_000),
)
for reference in (b"A0", b"ZZZZZ9", b"A99999999", b"9A", "Ａ１".encode(), b"A-1", b"$A$1"):
    refuse(
        f"cell at {reference.decode()}",
        "file_broken",
        DAMAGED,
        lambda reference=reference: sheet_of(table(row()), replaced(b'r="A1"', b'r="' + reference + b'"')),
    )
for corner, code, said in (
    (b"A1048576", "too_many_rows", "row 1048576 holds something"),
    (b"XFD1", "too_many_columns", "column XFD holds something"),
):
    refuse(
        f"stray cell at {corner.decode()}",
        code,
        said,
        lambda corner=corner: sheet_of(
            table(row()),
            replaced(
                b"</sheetData>", b'<row r="1048576"><c r="' + corner + b'"><v>1</v></c></row></sheetData>'
            ),
        ),
    )
take(
    "coloured cells down to the last row",
    lambda: sheet_of(
        table(row()), replaced(b"</sheetData>", b'<row r="1048576"><c r="A1048576" s="1"/></row></sheetData>')
    ),
    GOOD,
)
refuse(
    "a flood of cells",
    "unpacks_too_large",
    UNPACKED,
    lambda: with_part(
        table(row()),
        SHEET,
        b"<worksheet><sheetData><row>" + b"<c/>" * 2_000_100 + b"</row></sheetData></worksheet>",
    ),
)
refuse(
    "a flood of merged cells",
    "too_many_cells",
    "too many cells",
    lambda: sheet_of(
        table(row()),
        replaced(
            b"</worksheet>",
            b"<mergeCells>" + b'<mergeCell ref="A1:B2"/>' * 20_001 + b"</mergeCells></worksheet>",
        ),
    ),
)
refuse("more rows than a table has", "too_many_rows", "up to 10000 rows", lambda: workbooks.large(10_001))
take(
    "everything merged with everything",
    lambda: sheet_of(
        table(row()),
        replaced(b"</worksheet>", b'<mergeCells><mergeCell ref="A4:XFD1048576"/></mergeCells></worksheet>'),
    ),
    GOOD,
)
refuse("no sheets", "no_table", "No sheet has", lambda: workbook({"空": []}))
refuse(
    "some other list",
    "no_table",
    "No sheet has",
    lambda: workbook({"名单": [["姓名", "电话"], ["张三", "1"]]}),
)
refuse("a head alone", "no_rows", "nothing under its head", lambda: workbook({"表": [HEAD]}))
refuse("a total alone", "no_rows", "nothing under its head", lambda: table(["合计", *[None] * 9, 5]))
refuse(
    "columns missing", "columns_missing", "planned total", lambda: workbook({"表": [HEAD[:10], row()[:10]]})
)
take(
    "a text of forty thousand signs",
    lambda: table(row(problem="难" * 32_000)),
    errors=[(4, letter("problem"), "too_long")],
)
take("signs that nobody sees", lambda: table(row(project="虚构\u200b产线1改造项目\u202e")), {})


def hidden_sheet() -> bytes:
    book = Workbook()
    book.active.title = "可见"
    for cells in (HEAD, row(1)):
        book.active.append(cells)
    book.create_sheet("隐藏").sheet_state = "veryHidden"
    return saved(book)


def formulas(*, stored: bytes | None) -> bytes:
    content = table(row(1, total="=1000+1000"))
    if stored is None:
        return content
    return sheet_of(
        content,
        lambda part: part.replace(b"<v></v>", stored).replace(b"<v />", stored).replace(b"<v/>", stored),
    )


take("a sheet that is hidden", hidden_sheet, GOOD)
take("a formula with its result", lambda: formulas(stored=b"<v>2000</v>"), GOOD)
take(
    "a formula without a result",
    lambda: formulas(stored=None),
    errors=[(4, letter("total"), "formula_without_value")],
)
take(
    "a formula with the result of a program",
    lambda: table(row(1, project="=cmd|'/C calc'!A0")),
    errors=[(4, letter("project"), "formula_without_value")],
)
for fault in ("#REF!", "#DIV/0!", "#N/A", "#NAME?"):
    take(
        f"a formula that failed with {fault}",
        lambda fault=fault: table(row(1, township=fault, total=fault)),
        errors=[
            (4, letter("township"), "formula_without_value"),
            (4, letter("total"), "formula_without_value"),
        ],
    )


def from_a_mac(*, as_number: bool) -> bytes:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    day = (date(2026, 3, 5) - date(1904, 1, 1)).days
    for cells in ([*TITLE], NOTE, HEAD, row(started=day if as_number else date(2026, 3, 5))):
        book.active.append(cells)
    return saved(book)


STARTED = "Day(day=datetime.date(2026, 3, 5), is_month_only=False)"
take("days from 1904 as dates", lambda: from_a_mac(as_number=False), GOOD | {"started": STARTED})
take("days from 1904 as numbers", lambda: from_a_mac(as_number=True), GOOD | {"started": STARTED})

# --- old workbooks ---

ROWS = [TITLE, NOTE, HEAD, row()]
ROW = {**GOOD, "started": STARTED}
take("old workbook", lambda: oldfiles.xls(ROWS), ROW)
take("old workbook with a formula", lambda: oldfiles.xls([*ROWS[:3], ["=7", *row()[1:]]]), ROW)
take(
    "old workbook from a mac",
    lambda: oldfiles.xls([*ROWS[:3], row(started=44_624.0)], is_1904=True),
    errors=[(4, letter("started"), "not_a_date")],
)
TOO_MANY = "too many cells"


def old_with(body: bytes) -> bytes:
    begin = oldfiles.record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    return oldfiles.container(oldfiles.stream({"表": begin + body + oldfiles.record(0x000A)}))


refuse(
    "old workbook that reaches to the far corner",
    "too_many_cells",
    TOO_MANY,
    lambda: old_with(oldfiles.cell(0, 0, 1) + oldfiles.cell(65_535, 255, 1)),
)
refuse(
    "old workbook with a cell in the last row",
    "too_many_rows",
    "row 65536 holds something",
    lambda: old_with(oldfiles.cell(0, 0, 1) + oldfiles.cell(65_535, 0, 1)),
)
refuse(
    "old workbook with a cell in the last column",
    "too_many_columns",
    "column IV holds something",
    lambda: old_with(oldfiles.cell(0, 0, 1) + oldfiles.cell(0, 255, 1)),
)
refuse(
    "old workbook that is locked",
    "is_locked",
    "protected by a password",
    lambda: oldfiles.xls(ROWS, extra=oldfiles.record(0x002F, b"\x01" + bytes(53))),
)
refuse("old workbook of noughts", "no_table", "No sheet has", lambda: oldfiles.container(bytes(5_000)))
refuse(
    "old workbook whose records lie",
    "file_broken",
    DAMAGED,
    lambda: oldfiles.container(oldfiles.xls(ROWS)[1536:3000] + b"\x04\x02\xff\xff" * 500),
)


def goes_in_circles() -> bytes:
    content = bytearray(oldfiles.xls(ROWS))
    struct.pack_into("<I", content, 512 + 4 * 3, 2)
    return bytes(content)


refuse("old workbook whose sectors go in circles", "file_broken", DAMAGED, goes_in_circles)
refuse(
    "old workbook with a hundred far corners",
    "too_many_cells",
    TOO_MANY,
    lambda: oldfiles.container(
        oldfiles.stream(
            {
                f"s{n}": oldfiles.record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
                + oldfiles.cell(65_000, 200, 1)
                + oldfiles.cell(0, 0, 1)
                + oldfiles.record(0x000A)
                for n in range(100)
            }
        )
    ),
)

# --- text ---


def text_of(cell: Any) -> str:
    return "" if cell is None else str(cell)


def as_text(rows: Iterable[Sequence[Any]], delimiter: str = ",", end: str = "\r\n") -> str:
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=delimiter, lineterminator=end)
    writer.writerows([text_of(cell) for cell in cells] for cells in rows)
    return content.getvalue()


for encoding in ("utf-8", "utf-8-sig", "gb18030", "gbk"):
    take(f"text in {encoding}", lambda encoding=encoding: as_text(ROWS).encode(encoding), ROW)
for delimiter, called in ((";", "semicolons"), ("\t", "tabs")):
    take(f"text with {called}", lambda delimiter=delimiter: as_text(ROWS, delimiter).encode(), ROW)
    take(f"text with {called} in gb18030", lambda d=delimiter: as_text(ROWS, d).encode("gb18030"), ROW)
for end, called in (("\n", "unix"), ("\r", "an old mac")):
    take(f"text with the line ends of {called}", lambda end=end: as_text(ROWS, end=end).encode(), ROW)
take("text that names its delimiter", lambda: b"sep=;\r\n" + as_text(ROWS, ";").encode(), ROW)
take("text with empty lines", lambda: as_text([[], [], *ROWS, [], []]).encode(), ROW)
take("text with trailing commas", lambda: as_text([[*cells, *[""] * 300] for cells in ROWS]).encode(), ROW)
take("text with a line break in a cell", lambda: as_text([*ROWS[:3], row(problem="一\n二")]).encode(), ROW)
take(
    "text with thousands separators",
    lambda: as_text([*ROWS[:3], row(total="2,000.00", cumulative="￥ 800")]).encode(),
    ROW,
)
take(
    "text kept from computing",
    lambda: as_text([*ROWS[:3], row(note="'-设备安装")]).encode(),
    ROW | {"progress_note": "-设备安装"},
)
take(
    "text that wants to start a program",
    lambda: as_text([*ROWS[:3], row(problem="=cmd|'/C calc'!A0")]).encode(),
    ROW | {"problem": "=cmd|'/C calc'!A0"},
)
take(
    "text whose code was made a number",
    lambda: as_text([*ROWS[:3], row(code="2.60337E+19")]).encode(),
    errors=[(4, letter("code"), "not_a_project_code")],
)
take(
    "text with rare signs",
    lambda: as_text([*ROWS[:3], row(problem="𠮷𡈽")]).encode("gb18030"),
    ROW | {"problem": "𠮷𡈽"},
)
take("text with an odd control sign", lambda: as_text([*ROWS[:3], row(problem="一\x1f二")]).encode(), ROW)
refuse("text with a nought in it", "not_a_workbook", NO_TABLE, lambda: as_text(ROWS).encode() + b"\x00")
refuse(
    "text whose quotes never end",
    "quotes_broken",
    "From row 4 on",
    lambda: as_text(ROWS[:3]).encode() + b'"abc,1,2',
)
refuse(
    "text whose quotes are torn",
    "quotes_broken",
    "From row 4 on",
    lambda: as_text(ROWS[:3]).encode() + b'1,"ab"c,2\r\n',
)
refuse("text of one line", "no_table", "No sheet has", b"a" * 1000)
refuse("text of one endless cell", "quotes_broken", "From row 1 on", b"a" * 5 * MEGABYTE)
refuse("text of nothing but commas", "too_many_cells", TOO_MANY, b"," * 5 * MEGABYTE)
refuse("text of nothing but lines", "no_table", "No sheet has", b"\n" * 5 * MEGABYTE)
refuse("text of nothing but quotes", "quotes_broken", "From row 1 on", b'"' * (5 * MEGABYTE + 1))
refuse(
    "text with too many columns",
    "too_many_columns",
    "up to 200 columns",
    lambda: (",".join("x" * 300)).encode(),
)
refuse(
    "text with too many rows",
    "too_many_rows",
    "up to 10000 rows",
    lambda: as_text([*ROWS[:3], *([row()] * 10_200)]).encode(),
)
refuse("text with a mark alone", "no_table", "No sheet has", b"\xef\xbb\xbf")
refuse("text cut off in a sign", "not_a_workbook", NO_TABLE, "企业名称,项目名称,统一".encode()[:-1])
refuse("figures without a head", "no_table", "No sheet has", lambda: as_text([row()] * 50).encode())

# --- tables whose figures could be read wrongly ---

for unit, times in (("元", 10_000), ("千元", 10), ("亿元", 0.0001)):
    head = [text.replace("万元", unit) for text in HEAD]
    money = {
        key: row()[KEYS.index(key)] * times for key in ("total", "equipment", "plan", "cumulative", "ytd")
    }
    take(f"head in {unit}", lambda head=head, money=money: table(row(**money), head=head), GOOD)
    bare = [text.replace("（万元）", "") for text in HEAD]
    take(
        f"note in {unit}",
        lambda bare=bare, money=money, unit=unit: table(
            row(**money), head=bare, above=[TITLE, [f"金额单位：{unit}"]]
        ),
        GOOD,
    )
take(
    "units in the cells",
    lambda: table(row(total="2千万元".replace("千万", "000万"), cumulative="8000000元", ytd="0.08亿元")),
    GOOD | {"ytd_investment": "800.00"},
)
BARE = [text.replace("（万元）", "") for text in HEAD]
for unit in ("百万元", "万美元", "十亿元", "千万元"):
    refuse(
        f"note in {unit}",
        "unknown_unit",
        f"the unit {unit}",
        lambda unit=unit: table(row(), head=BARE, above=[[f"单位：{unit}"]]),
    )
    refuse(
        f"head in {unit}",
        "columns_missing",
        "planned total",
        lambda unit=unit: table(row(), head=[text.replace("万元", unit) for text in HEAD]),
    )
take(
    "head with the unit spaced out",
    lambda: table(row(), head=[t.replace("万元", "万 元") for t in HEAD]),
    GOOD,
)
take(
    "full-width digits",
    lambda: table(row(total="２０００．００", cumulative="８００", progress="４５％")),
    GOOD,
)
take(
    "a figure with a word", lambda: table(row(total="约2000")), errors=[(4, letter("total"), "not_an_amount")]
)
take("a figure twice", lambda: table(row(total="2000/3000")), errors=[(4, letter("total"), "not_an_amount")])
take(
    "a figure in brackets", lambda: table(row(total="(2000)")), errors=[(4, letter("total"), "not_an_amount")]
)
take("a figure beyond all", lambda: table(row(total=1e300)), errors=[(4, letter("total"), "not_an_amount")])
take(
    "a figure that is a day",
    lambda: table(row(total=date(2026, 1, 1))),
    errors=[(4, letter("total"), "not_an_amount")],
)
take(
    "a figure that is a truth", lambda: table(row(total=True)), errors=[(4, letter("total"), "not_an_amount")]
)
DAYS = {
    "2026-03-05": "2026-03-05",
    "2026/3/5": "2026/3/5",
    "dots": "2026.3.5",
    "year month day": "2026年3月5日",
    "without 日": "2026年03月05",
    "with 号": "2026年3月5号",
    "digits": "20260305",
    "a number of digits": 20260305,
    "with a time": "2026-03-05 00:00:00",
    "full-width": "２０２６年３月５日",
    "counted": 46086,
    "numerals": "二〇二六年三月五日",
    "a moment": datetime(2026, 3, 5, 13, 30),  # noqa: DTZ001  # a workbook knows no zone
}
for called, written in DAYS.items():
    take(f"day as {called}", lambda written=written: table(row(started=written)), GOOD | {"started": STARTED})
for called, written, code in (
    ("a month that may be two", 2026.1, "january_or_october"),
    ("the thirtieth of february", "2026-02-30", "not_a_date"),
    ("without a year", "3月5日", "not_a_date"),
    ("a quarter", "2026年一季度", "not_a_date"),
    ("american", "03/05/2026", "not_a_date"),
    ("long ago", "1926-03-05", "not_a_date"),
    ("two days", "2026-03-05至2026-04-05", "not_a_date"),
    ("a counted day that was made text", "46086", "not_a_date"),
):
    take(
        f"day as {called}",
        lambda written=written: table(row(started=written)),
        errors=[(4, letter("started"), code)],
    )


def merged_head() -> bytes:
    start = KEYS.index("planned_start")
    top: list[Any] = list(HEAD)
    top[start], top[start + 1] = "开工时间", None
    below: list[Any] = [None] * len(HEAD)
    below[start], below[start + 1] = "计划", "实际"
    first, last = column_letter(start), column_letter(start + 1)
    return workbook({"表": [TITLE, top, below, row()]}, merges=[f"{first}2:{last}2"])


take("head over two rows", merged_head, ROW)
START = KEYS.index("planned_start")
GROUPS: list[Any] = [*HEAD[:START], "开工时间", "", "竣工时间", "", *HEAD[START + 4 :]]
BELOW = [*[""] * START, "计划", "实际", "计划", "实际"]
take("head whose merges are lost", lambda: workbook({"表": [NOTE, GROUPS, BELOW, row()]}), ROW)
take("text whose head was merged over two rows", lambda: as_text([NOTE, GROUPS, BELOW, row()]).encode(), ROW)
take(
    "table shifted down and to the right",
    lambda: workbook({"表": [[]] * 9 + [[None] * 5 + list(cells) for cells in ROWS]}),
    ROW,
)
take(
    "columns turned round", lambda: workbook({"表": [list(reversed(cells)) for cells in (HEAD, row())]}), ROW
)
take("head repeated on each page", lambda: table(row(1), HEAD, row(2)), GOOD, {"planned_total": "2000.00"})
take(
    "total among the rows",
    lambda: table(row(1), [None, "小计", *[None] * 8, 9], ["合　计"], row(2)),
    GOOD,
    {},
)
take("the same row twice", lambda: table(row(1), row(1)), GOOD, GOOD)
take("heads broken by lines", lambda: table(row(), head=[text[:2] + "\n" + text[2:] for text in HEAD]), ROW)


# --- reading them all ---


@dataclass
class Told:
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    megabytes: float = 0


NAMES = sorted(CASES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for number, name in enumerate(NAMES):
        (folder / f"{number:03d}").write_bytes(CASES[name].make())
    return folder


@pytest.fixture(scope="module")
def told(folder: Path) -> Told:
    done = subprocess.run(
        [sys.executable, "-m", "tests.exchange.verdicts", str(folder)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "JIGAI_ENV": "test"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    *lines, last = map(json.loads, done.stdout.splitlines())
    return Told({NAMES[int(line["name"])]: line for line in lines}, last["megabytes"])


def test_there_are_more_than_a_hundred_and_twenty():
    assert len(CASES) >= 120


@pytest.mark.parametrize("name", NAMES)
def test_a_file_gets_its_verdict(name: str, told: Told):
    case, verdict = CASES[name], told.verdicts[name]
    if case.refused:
        assert verdict.get("refused") == case.refused, verdict
        assert case.said in verdict["said"]
        return
    assert "refused" not in verdict, verdict
    assert [tuple(error) for error in verdict["errors"]] == list(case.errors)
    sound = [one for one in verdict["rows"] if one]
    assert len(sound) == len(case.rows)
    for one, expected in zip(sound, case.rows, strict=True):
        assert {key: one[key] for key in expected} == expected


def test_none_costs_more_than_it_may(told: Told):
    slow = {name: one["seconds"] for name, one in told.verdicts.items() if one["seconds"] > MOST_SECONDS}
    assert slow == {}
    assert told.megabytes < MOST_MEGABYTES


@pytest.mark.once  # files are read by programs, not by the database
@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.django_db
def test_the_page_answers_each_of_them_with_its_sentence_or_a_preview(
    client: Client, folder: Path, told: Told
):
    client.force_login(make_official("team_lead", language="en"))
    with time_machine.travel(moment(date(2026, 11, 2)), tick=False):
        for number, name in enumerate(NAMES):
            file = folder / f"{number:03d}"
            if file.stat().st_size > MEGABYTE / 4:
                continue
            sent = {
                "file": SimpleUploadedFile("表.xlsx", file.read_bytes()),
                "cycle": "2026-10-H2",
            }
            answer = client.post(reverse("office:imports"), sent)
            assert answer.status_code in {200, 302}, name
            if CASES[name].refused and answer.status_code == 200:
                assert CASES[name].said in answer.content.decode(), name
            if answer.status_code == 302 and (CASES[name].errors or CASES[name].refused):
                assert client.get(answer["Location"]).status_code == 200, name
