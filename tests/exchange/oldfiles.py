"""Old .xls files made record by record, as Excel 97 writes them, and as nobody should."""

import struct
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
DATE_STYLE = 1
EPOCH = date(1899, 12, 30)


def record(kind: int, body: bytes = b"") -> bytes:
    """One record of the stream."""
    return struct.pack("<HH", kind, len(body)) + body


def text(value: str, length: str = "<H") -> bytes:
    """A text in two bytes a sign."""
    return struct.pack(length, len(value)) + b"\x01" + value.encode("utf-16-le")


def cell(row: int, column: int, value: Any) -> bytes:
    """The record of one cell."""
    place = struct.pack("<HHH", row, column, DATE_STYLE if isinstance(value, date) else 0)
    if value is None:
        return b""
    if isinstance(value, date):
        return record(0x0203, place + struct.pack("<d", (value - EPOCH).days))
    if isinstance(value, (int, float)):
        return record(0x0203, place + struct.pack("<d", value))
    if value.startswith("="):
        # A formula (of the constant 7) with a stored result of 3.
        return record(0x0006, place + struct.pack("<dHIH", 3.0, 0, 0, 3) + b"\x1e\x07\x00")
    return record(0x0204, place + text(value))


def sheet(rows: Iterable[Sequence[Any]], merges: Sequence[tuple[int, int, int, int]] = ()) -> bytes:
    """The records of one sheet."""
    body = b"".join(
        cell(number, column, value) for number, cells in enumerate(rows) for column, value in enumerate(cells)
    )
    merged = b"".join(struct.pack("<HHHH", *merge) for merge in merges)
    if merges:
        body += record(0x00E5, struct.pack("<H", len(merges)) + merged)
    return (
        record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)) + body + record(0x000A)
    )


def stream(sheets: dict[str, bytes], *, is_1904: bool = False, extra: bytes = b"") -> bytes:
    """A workbook's stream: what is common, then its sheets."""
    styles = b"".join(
        record(0x00E0, struct.pack("<HHHBBBBIIH", 0, number, 1, 0, 0, 0, 0, 0, 0, 0)) for number in (0, 14)
    )
    common = [
        record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)),
        extra,
        record(0x0042, struct.pack("<H", 1200)),
        record(0x0022, struct.pack("<H", is_1904)),
        styles,
    ]
    before = b"".join(common)
    names = [struct.pack("<BB", 0, 0) + text(name, "<B") for name in sheets]
    at = len(before) + sum(4 + 4 + len(name) for name in names) + 4
    listed = b""
    for name, body in zip(names, sheets.values(), strict=True):
        listed += record(0x0085, struct.pack("<I", at) + name)
        at += len(body)
    return before + listed + record(0x000A) + b"".join(sheets.values())


def container(content: bytes, name: str = "Workbook") -> bytes:
    """The stream in the container of old Office files."""
    content = content.ljust(-(-max(len(content), 4096) // SECTOR) * SECTOR, b"\0")
    sectors = len(content) // SECTOR
    tables = -(-(sectors + 2) // 128)
    while (sectors + 1 + tables) > tables * 128:
        tables += 1
    # Sectors: the allocation tables, the directory, then the stream.
    chain = [FAT] * tables + [END] + [tables + 2 + index for index in range(sectors - 1)] + [END]
    chain += [FREE] * (tables * 128 - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head += bytes(6) + struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, END, 0, END, 0)
    head += b"".join(struct.pack("<I", index if index < tables else FREE) for index in range(109))

    def entry(called: str, kind: int, child: int, start: int, size: int) -> bytes:
        name = (called.encode("utf-16-le") + b"\0\0").ljust(64, b"\0")
        length = len(called) * 2 + 2 if called else 0
        return (
            name
            + struct.pack("<HBBIII", length, kind, 1, FREE, FREE, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    directory = entry("Root Entry", 5, 1, END, 0) + entry(name, 2, FREE, tables + 1, len(content))
    directory += entry("", 0, FREE, 0, 0) * 2
    return head + b"".join(struct.pack("<I", link) for link in chain) + directory + content


def xls(rows: Iterable[Sequence[Any]], **how: Any) -> bytes:
    """A workbook with one sheet of these rows."""
    return container(stream({"调度表": sheet(rows)}, **how))
