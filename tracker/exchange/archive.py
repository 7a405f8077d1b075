"""An .xlsx, looked through before anything reads it: how large it is, and how far its cells reach.

Whoever hands in a file may be mistaken or malicious. What is read afterwards is a copy that holds only the
parts which were looked at here, so that no other reader can see more than was checked.
"""

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from posixpath import join, normpath
from xml.parsers import expat

MEGABYTE = 1024 * 1024
LARGEST_FILE = 10 * MEGABYTE
LARGEST_UNPACKED = 100 * MEGABYTE
# Of the parts that are read, texts and cells; a table of 5,000 rows needs a fifth of it.
LARGEST_READ = 50 * MEGABYTE
LARGEST_RATIO = 200
MOST_PARTS = 2_000
MOST_ELEMENTS = 2_000_000
MOST_MERGES = 20_000
LAST_ROW = 10_100
LAST_COLUMN = 200

# Pictures, colours and notes say nothing that is taken.
NOT_READ = ("docProps/", "customXml/", "xl/drawings/", "xl/media/", "xl/theme/", "xl/charts/", "xl/comments")
# What a zip without a workbook in it is, by a part that only such a file has.
OTHER_ZIPS = (
    ("xl/workbook.bin", "is_xlsb"),
    ("content.xml", "is_ods"),
    ("word/document.xml", "is_document"),
    ("ppt/presentation.xml", "is_document"),
)
PERCENT_FORMATS = frozenset({9, 10})
POSITION = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class UnreadableFile(Exception):
    """A file that no table can be read from; `code` says why, `values` what it is about."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code, values)
        self.code = code
        self.values_named = values


Places = dict[str, frozenset[tuple[int, int]]]


@dataclass(frozen=True)
class SafeWorkbook:
    """A checked copy of a workbook, and by sheet some of its cells (row and column from 0).

    Those shown as percentages, and those with a formula of which no result was stored, or that has failed.
    Days are counted from 1904 in workbooks that were made on a Mac.
    """

    content: bytes
    percent_cells: Places
    uncomputed_cells: Places
    counts_from_1904: bool


def column_letter(index: int) -> str:
    """The letter over a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The column, counted from 0, over which these letters stand."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def opened(content: bytes) -> SafeWorkbook:
    """The parts of an .xlsx that matter, each within its bounds; raises UnreadableFile otherwise."""
    try:
        parts = _unpacked(content)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as broken:
        raise UnreadableFile("file_broken") from broken
    look = _Look()
    # Styles come first: they say what a cell's style number means.
    for name in sorted(parts, key=lambda name: name != "xl/styles.xml"):
        look.through(name, parts[name])
    return SafeWorkbook(
        _packed(parts), look.by_sheet(look.percents), look.by_sheet(look.uncomputed), look.counts_from_1904
    )


def _unpacked(content: bytes) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        names = {entry.filename for entry in entries}
        if entries and entries[0].header_offset and min(each.header_offset for each in entries):
            # Something else stands before the archive: whoever opens the file may see that instead.
            raise UnreadableFile("file_broken")
        if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
            raise UnreadableFile("unpacks_too_large", most=LARGEST_UNPACKED // MEGABYTE)
        if "xl/workbook.xml" not in names:
            raise UnreadableFile(next((code for part, code in OTHER_ZIPS if part in names), "not_a_workbook"))
        room = LARGEST_READ
        for entry in entries:
            if entry.flag_bits & 1:
                raise UnreadableFile("is_locked")
            is_dense = entry.file_size > MEGABYTE and entry.file_size > LARGEST_RATIO * entry.compress_size
            if is_dense:
                raise UnreadableFile("unpacks_too_large", most=LARGEST_UNPACKED // MEGABYTE)
            if not entry.filename.endswith((".xml", ".rels")) or entry.filename.startswith(NOT_READ):
                continue
            if entry.filename in parts:
                raise UnreadableFile("file_broken")
            with archive.open(entry) as part:
                # What the directory says of a part's size may be a lie: read no further than there is room.
                parts[entry.filename] = part.read(room + 1)
            room -= len(parts[entry.filename])
            if room < 0:
                raise UnreadableFile("unpacks_too_large", most=LARGEST_READ // MEGABYTE)
    return parts


def _packed(parts: dict[str, bytes]) -> bytes:
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return copy.getvalue()


class _Look:
    """One look through all parts, element by element, that builds no tree."""

    def __init__(self) -> None:
        self.elements = 0
        self.merges = 0
        self.formats: dict[int, str] = {}
        self.styles: list[int] = []
        self.in_cell_styles = False
        self.sheet_names: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self.percents: dict[str, set[tuple[int, int]]] = {}
        self.uncomputed: dict[str, set[tuple[int, int]]] = {}
        self.counts_from_1904 = False
        self.row = self.column = -1
        self.style = 0
        self.is_formula = self.is_text_result = self.is_fault = False

    def through(self, name: str, part: bytes) -> None:
        self.name = name
        self.row = self.column = -1
        self.in_cell_styles = False
        self.is_formula = False
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.on_start
        parser.EndElementHandler = self.on_end if name == "xl/styles.xml" else None
        parser.StartDoctypeDeclHandler = self.on_doctype
        try:
            parser.Parse(part, True)
        except expat.ExpatError as broken:
            raise UnreadableFile("file_broken") from broken

    def on_doctype(self, *_declared: object) -> None:
        raise UnreadableFile("file_broken")

    def on_end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "cellXfs":
            self.in_cell_styles = False

    def on_start(self, tag: str, facts: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            raise UnreadableFile("too_many_cells", most=LAST_ROW - 100)
        word = tag.rpartition(":")[2]
        if word == "c":
            self.on_cell(facts)
        elif word == "row":
            self.on_row(facts)
        elif word in ("v", "is", "f"):
            self.on_value()
            if self.is_fault:
                self.uncomputed.setdefault(self.name, set()).add((self.row, self.column))
            elif word == "f" and not self.is_text_result:
                self.is_formula = True
                self.uncomputed.setdefault(self.name, set()).add((self.row, self.column))
            elif self.is_formula:
                # Only a result that holds something is one; the rest of the file is read without its texts.
                self.parser.CharacterDataHandler = self.on_result
        elif word == "mergeCell":
            self.merges += 1
            if self.merges > MOST_MERGES:
                raise UnreadableFile("too_many_cells", most=LAST_ROW - 100)
        else:
            self.on_other(word, facts)

    def on_result(self, _text: str) -> None:
        # It listens on until the next cell: to stop here would have the text told again, and again.
        self.uncomputed[self.name].discard((self.row, self.column))

    def on_row(self, facts: dict[str, str]) -> None:
        given = facts.get("r", "")
        self.row = int(given) - 1 if re.fullmatch(r"[0-9]{1,7}", given) else self.row + 1
        self.column = -1

    def on_cell(self, facts: dict[str, str]) -> None:
        if "r" in facts:
            match = POSITION.fullmatch(facts["r"])
            if match is None:
                raise UnreadableFile("file_broken")
            self.row, self.column = int(match[2]) - 1, column_index(match[1])
        else:
            self.column += 1
        if self.is_formula:
            self.is_formula = False
            self.parser.CharacterDataHandler = None
        # A formula may well result in an empty text: only that is told by its type.
        self.is_text_result = facts.get("t") == "str"
        self.is_fault = facts.get("t") == "e"
        style = facts.get("s", "0")
        self.style = int(style) if re.fullmatch(r"[0-9]{1,6}", style) else 0

    def on_value(self) -> None:
        """Only a cell that holds something counts: offices colour empty cells down to the last row."""
        if self.row >= LAST_ROW:
            raise UnreadableFile("too_many_rows", most=LAST_ROW - 100, row=self.row + 1)
        if self.column >= LAST_COLUMN:
            raise UnreadableFile("too_many_columns", most=LAST_COLUMN, column=column_letter(self.column))
        if self.is_percent(self.style):
            self.percents.setdefault(self.name, set()).add((self.row, self.column))

    def is_percent(self, style: int) -> bool:
        if style >= len(self.styles):
            return False
        number = self.styles[style]
        return number in PERCENT_FORMATS or "%" in self.formats.get(number, "")

    def on_other(self, word: str, facts: dict[str, str]) -> None:
        if word == "cellXfs":
            self.in_cell_styles = True
        elif word == "xf" and self.in_cell_styles:
            self.styles.append(_number(facts.get("numFmtId")))
        elif word == "numFmt":
            self.formats[_number(facts.get("numFmtId"))] = facts.get("formatCode", "")
        elif word == "workbookPr":
            self.counts_from_1904 = facts.get("date1904", "0") in ("1", "true")
        elif word == "sheet" and "name" in facts:
            ids = [value for key, value in facts.items() if key.rpartition(":")[2] == "id"]
            self.sheet_names[facts["name"]] = ids[0] if ids else ""
        elif word == "Relationship" and self.name == "xl/_rels/workbook.xml.rels":
            target = facts.get("Target", "")
            path = target[1:] if target.startswith("/") else normpath(join("xl", target))
            self.targets[facts.get("Id", "")] = path

    def by_sheet(self, cells: dict[str, set[tuple[int, int]]]) -> Places:
        """Cells that were found in the parts, by the sheet's name."""
        return {
            name: frozenset(cells.get(self.targets.get(link, ""), ()))
            for name, link in self.sheet_names.items()
        }


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else 0
