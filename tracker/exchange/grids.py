"""From a file's bytes to sheets of cells, whatever kind of table it is: .xlsx, .xls or .csv.

The kind is told by the content; what a file is called says nothing.
"""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice
from pathlib import Path

from python_calamine import CalamineWorkbook

from tracker.exchange import apart
from tracker.exchange.archive import (
    LARGEST_FILE,
    LAST_COLUMN,
    LAST_ROW,
    MEGABYTE,
    SafeWorkbook,
    UnreadableFile,
    column_letter,
    opened,
)
from tracker.exchange.rules import Cell

Grid = list[list[Cell]]
# From row and column to row and column, both counted from 0 and inclusive.
Merge = tuple[int, int, int, int]
Position = tuple[int, int]


class Kind(StrEnum):
    """The kinds of files that are read."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"


class Epoch(StrEnum):
    """From when a workbook counts days that are kept as bare numbers."""

    FROM_1900 = "1900"
    FROM_1904 = "1904"
    DOUBTFUL = "doubtful"


@dataclass
class Sheet:
    """One sheet's cells, and what is known of some of them (row and column from 0)."""

    name: str
    grid: Grid
    merges: list[Merge] = field(default_factory=list)
    percents: frozenset[Position] = frozenset()
    # Formulas whose result was never stored: nothing here computes.
    uncomputed: frozenset[Position] = frozenset()
    epoch: Epoch = Epoch.FROM_1900


ZIP_SIGN = b"PK\x03\x04"
OLE_SIGN = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Whatever begins like this is no table, and the person is told what it is.
OTHER_SIGNS = (
    (b"%PDF", "is_pdf"),
    (b"{\\rtf", "is_document"),
    (b"\x89PNG", "is_picture"),
    (b"\xff\xd8\xff", "is_picture"),
    (b"GIF8", "is_picture"),
    (b"PK\x05\x06", "file_broken"),
)
_MARKUP = re.compile(
    rb"(?i)\s*(<!doctype|<\?xml|<html|<head|<body|<table|<meta|<style|<div|<workbook|mime-version:)"
)
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
# In Excel's records: days are counted from 1904. Found anywhere, bare numbers are no dates for certain.
_DATEMODE_1904 = b"\x22\x00\x02\x00\x01\x00"
# The first record of a workbook, and right behind it the one that says how the rest is locked.
_FILEPASS = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00.{12}\x2f\x00", re.DOTALL)
DELIMITERS = (",", ";", "\t")
ENCODINGS = ("utf-8-sig", "gb18030")
LONGEST_CELL = 32_767
MOST_DELIMITERS = LAST_ROW * LAST_COLUMN
LOOKED_AT = 60
APART = Path(apart.__file__)
# Seconds, also where others keep the processor busy.
LONGEST_WAIT = 30
# More signs that nobody sees than a table from some old program has among its texts.
FEWEST_SEEN = 0.99


def kind_of(content: bytes) -> Kind:
    """What kind of table the file is; raises UnreadableFile when it is none that is read."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFile("file_too_large", most=LARGEST_FILE // MEGABYTE)
    if not content:
        raise UnreadableFile("file_empty")
    if content.startswith(ZIP_SIGN):
        return Kind.XLSX
    if content.startswith(OLE_SIGN):
        return _kind_of_container(content)
    for sign, code in OTHER_SIGNS:
        if content.startswith(sign):
            raise UnreadableFile(code)
    if _MARKUP.match(content.removeprefix(b"\xef\xbb\xbf")[:1_000]):
        raise UnreadableFile("is_page")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("is_utf16")
    return Kind.CSV


def _kind_of_container(content: bytes) -> Kind:
    """Old Office files share one container; the names in its directory tell them apart."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise UnreadableFile("is_locked")
    if holds("WordDocument") or holds("PowerPoint Document"):
        raise UnreadableFile("is_document")
    if _FILEPASS.search(content):
        raise UnreadableFile("is_locked")
    if holds("Workbook") or holds("Book"):
        return Kind.XLS
    raise UnreadableFile("not_a_workbook")


def sheets_of(content: bytes) -> Iterator[Sheet]:
    """The file's sheets, one after the other; raises UnreadableFile."""
    readers: dict[Kind, Callable[[bytes], Iterator[Sheet]]] = {
        Kind.XLSX: lambda content: sheets_of_xlsx(opened(content)),
        Kind.XLS: _sheets_of_xls,
        Kind.CSV: _sheets_of_csv,
    }
    return readers[kind_of(content)](content)


# --- .xlsx ---


def sheets_of_xlsx(safe: SafeWorkbook) -> Iterator[Sheet]:
    """The sheets of a workbook that was looked through."""
    epoch = Epoch.FROM_1904 if safe.counts_from_1904 else Epoch.FROM_1900
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(safe.content)) as workbook:
            for index, name in enumerate(workbook.sheet_names):
                sheet = workbook.get_sheet_by_index(index)
                grid: Grid = sheet.to_python(skip_empty_area=False)
                merges = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
                yield Sheet(
                    name,
                    grid,
                    merges,
                    safe.percent_cells.get(name, frozenset()),
                    safe.uncomputed_cells.get(name, frozenset()),
                    epoch,
                )
    except UnreadableFile:
        raise
    except Exception as broken:
        raise UnreadableFile("file_broken") from broken
    except BaseException as panic:
        # A fault inside the reader's compiled part is no ordinary exception, but it concerns this file alone.
        if type(panic).__name__ != "PanicException":
            raise
        raise UnreadableFile("file_broken") from panic


# --- .xls ---


def _sheets_of_xls(content: bytes) -> Iterator[Sheet]:
    """Read by a process that is stopped when it needs too much; what it tells is only values."""
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the file is only on its input
            [sys.executable, "-I", str(APART)],
            env={},
            input=content,
            capture_output=True,
            timeout=LONGEST_WAIT,
            check=False,
        )
    except subprocess.TimeoutExpired as stopped:
        raise UnreadableFile("too_many_cells", most=LAST_ROW - 100) from stopped
    if done.returncode == apart.LOCKED:
        raise UnreadableFile("is_locked")
    if done.returncode == apart.BROKEN:
        raise UnreadableFile("file_broken")
    if done.returncode:
        # Out of memory or of time: a signal, or what the reader said of it.
        raise UnreadableFile("too_many_cells", most=LAST_ROW - 100)
    epoch = Epoch.DOUBTFUL if _DATEMODE_1904 in content else Epoch.FROM_1900
    for told in json.loads(done.stdout):
        grid = [[_cell(cell) for cell in row] for row in told["grid"]]
        yield Sheet(told["name"], bounded(grid), [tuple(merge) for merge in told["merges"]], epoch=epoch)


def _cell(told: object) -> Cell:
    if isinstance(told, list):
        kind, text = told
        readers: dict[str, Callable[[str], Cell]] = {
            "date": date.fromisoformat,
            "time": time.fromisoformat,
            "datetime": datetime.fromisoformat,
        }
        return readers[kind](text)
    assert isinstance(told, (str, float, int))
    return told


def bounded(grid: Grid) -> Grid:
    """The cells, if none of them that holds something lies too far out."""
    if len(grid) > LAST_ROW:
        raise UnreadableFile("too_many_rows", most=LAST_ROW - 100, row=len(grid))
    for row in grid:
        if len(row) > LAST_COLUMN and any(cell != "" for cell in islice(row, LAST_COLUMN, None)):
            last = max(index for index, cell in enumerate(row) if cell != "")
            raise UnreadableFile("too_many_columns", most=LAST_COLUMN, column=column_letter(last))
    return grid


# --- .csv ---


def _sheets_of_csv(content: bytes) -> Iterator[Sheet]:
    text = _decoded(content)
    delimiter = _delimiter_of(text)
    # Counted first: a line of nothing but delimiters would be laid out as millions of cells.
    if text.count(delimiter) > MOST_DELIMITERS:
        raise UnreadableFile("too_many_cells", most=LAST_ROW - 100)
    grid: Grid = []
    for row in _rows(text, delimiter):
        while row and not row[-1].strip():
            row.pop()
        if len(grid) >= LAST_ROW and row:
            raise UnreadableFile("too_many_rows", most=LAST_ROW - 100, row=len(grid) + 1)
        if len(row) > LAST_COLUMN:
            raise UnreadableFile("too_many_columns", most=LAST_COLUMN, column=column_letter(len(row) - 1))
        if len(grid) < LAST_ROW:
            grid.append([_text(cell) for cell in row])
    yield Sheet("", grid)


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text or len(_UNSEEN.findall(text)) > len(text) * (1 - FEWEST_SEEN):
            break
        return text
    raise UnreadableFile("not_a_workbook")


def _delimiter_of(text: str) -> str:
    """What makes the widest row near the top."""

    def width(delimiter: str) -> int:
        widest = 0
        with suppress(UnreadableFile):
            for row in islice(_rows(text[:200_000], delimiter), LOOKED_AT):
                widest = max(widest, len(row))
        return widest

    return max(DELIMITERS, key=width)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as broken:
            raise UnreadableFile("quotes_broken", row=number + 1) from broken
        number += 1
        yield row


def _text(cell: str) -> str:
    """A cell without the sign that keeps a spreadsheet from computing it."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@\t" and cell[1:] else cell
