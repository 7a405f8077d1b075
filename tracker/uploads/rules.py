"""Which files are taken for photos and for papers, and what they become.

Plain Python. A file is known by its content, never by its name; limits hold before anything is decoded.
"""

import io
import re
import zipfile
import zlib

LARGEST_FILE = 10 * 1024 * 1024
# A decoder of WebP holds the picture several times over, so that fewer pixels fit into the same memory.
MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 40_000_000, "WEBP": 12_500_000}
SHORTEST_SIDE = 32
# A JPEG that is drawn in hundreds of passes keeps a processor busy for minutes; cameras use at most a dozen.
MOST_PASSES = 64
PASS = b"\xff\xda"
LONGEST_SIDE, LONGEST_SIDE_SMALL = 1600, 320
QUALITY, QUALITY_SMALL = 85, 75

HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif"})


class UnusableFile(Exception):
    """A file that is not taken; `code` says why, `values` what it is about."""

    def __init__(self, code: str, **values: int) -> None:
        super().__init__(code, values)
        self.code = code
        self.values_named = values


class UnusablePhoto(UnusableFile):
    """A file that no photo can be made of."""


class UnusablePaper(UnusableFile):
    """A file that is no paper."""


def format_of(content: bytes) -> str:
    """The format that the content has: JPEG, PNG or WEBP. Raises UnusablePhoto for any other."""
    if not content:
        raise UnusablePhoto("empty")
    if len(content) > LARGEST_FILE:
        raise UnusablePhoto("too_large", most=LARGEST_FILE // 1024 // 1024)
    if content.startswith(b"\xff\xd8\xff"):
        if content.count(PASS) > MOST_PASSES:
            raise UnusablePhoto("broken")
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise UnusablePhoto("heic")
    raise UnusablePhoto("not_a_photo")


def check_size(kind: str, width: int, height: int) -> None:
    """Refuse a picture that would take too much memory to draw, or that shows nothing."""
    if width * height > MOST_PIXELS[kind]:
        raise UnusablePhoto("too_many_pixels", most=MOST_PIXELS[kind] // 1_000_000)
    if min(width, height) < SHORTEST_SIDE:
        raise UnusablePhoto("too_small", least=SHORTEST_SIDE)


# --- papers: PDF, pictures, and what Word and Excel save ---

PDF, DOCX, XLSX, JPEG = "pdf", "docx", "xlsx", "jpg"
PICTURE_SIGNS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
ZIP_SIGN, OLE_SIGN = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Readers look for the end within the last kilobyte, and fill up after it.
PDF_END_WITHIN = 2048
MOST_PARTS, LARGEST_UNPACKED, LARGEST_RATIO = 2_000, 100 * 1024 * 1024, 200
LARGEST_LIST_OF_TYPES = 1024 * 1024
BROKEN_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError),
)
MAIN_PARTS = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX}
# Where a Word file names a template that Word would fetch from somewhere else.
TEMPLATE_OF = "word/_rels/settings.xml.rels"
_PDF_HEAD = re.compile(rb"%PDF-[12]\.[0-9]")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_PDF_ACTS = re.compile(rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA)(?![A-Za-z0-9])")
_CARRIED = re.compile(r"(^|/)(vbaProject|activeX|embeddings|oleObject)", re.IGNORECASE)


def paper_format_of(content: bytes) -> str:
    """What a paper is kept as: PDF, Word or Excel as they are, a picture as JPEG; raises UnusableFile."""
    if not content:
        raise UnusablePaper("empty")
    if len(content) > LARGEST_FILE:
        raise UnusablePaper("too_large", most=LARGEST_FILE // 1024 // 1024)
    if _PDF_HEAD.match(content):
        _check_pdf(content)
        return PDF
    if content.startswith(ZIP_SIGN):
        return _office_format(content)
    if content.startswith(OLE_SIGN):
        raise UnusablePaper("old_or_locked")
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise UnusablePhoto("heic")
    if content.startswith(PICTURE_SIGNS):
        return JPEG
    raise UnusablePaper("not_a_paper")


def _check_pdf(content: bytes) -> None:
    """Whole, and without a program or another file in it, also where its names are written in numbers."""
    if b"%%EOF" not in content[-PDF_END_WITHIN:]:
        raise UnusablePaper("broken")
    named = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)
    if _PDF_ACTS.search(named):
        raise UnusablePaper("carries_something")


def _office_format(content: bytes) -> str:
    """Word or Excel, by the parts in the archive; only its directory and the list of types are read."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            names = {entry.filename for entry in entries}
            listed = _head_of(archive, "[Content_Types].xml")
            template = _head_of(archive, TEMPLATE_OF) if TEMPLATE_OF in names else b""
    except KeyError as other:
        raise UnusablePaper("not_a_paper") from other
    except BROKEN_ARCHIVE as bad:
        raise UnusablePaper("broken") from bad
    if any(_CARRIED.search(name) for name in names) or b"macroEnabled" in listed or b"External" in template:
        raise UnusablePaper("carries_something")
    found = [kept_as for part, kept_as in MAIN_PARTS.items() if part in names]
    if len(found) != 1:
        raise UnusablePaper("not_a_paper")
    return found[0]


def _head_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(archive.getinfo(name)) as part:
        return part.read(LARGEST_LIST_OF_TYPES)


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_PARTS or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
        raise UnusablePaper("unpacks_too_large", most=LARGEST_UNPACKED // 1024 // 1024)
    if len({entry.filename for entry in entries}) != len(entries):
        raise UnusablePaper("broken")
    for entry in entries:
        if entry.flag_bits & 1:
            raise UnusablePaper("old_or_locked")
        if entry.file_size > 1024 * 1024 and entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1):
            raise UnusablePaper("unpacks_too_large", most=LARGEST_UNPACKED // 1024 // 1024)
