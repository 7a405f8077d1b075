"""A backup that is not whole, or that is made to do harm, is refused before anything is unpacked."""

import gzip
import io
import itertools
import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from tracker.operations import container
from tracker.operations.container import Reader, Unusable, Writer, lines_of, safe_path

ROWS = b'[1,"one"]\n[2,"two"]\n'
NAME = "tables/tracker.thing.jsonl"


def written() -> bytes:
    file = io.BytesIO()
    writer = Writer(file)
    writer.add(NAME, io.BytesIO(ROWS), len(ROWS))
    writer.add("media/00000000", io.BytesIO(b"a photo"), 7)
    writer.finish({"product": "test"})
    return file.getvalue()


def read(content: bytes) -> dict[str, bytes]:
    return {member.name: part.read() for member, part in Reader.of(io.BytesIO(content)).members()}


def test_what_is_put_in_comes_out():
    assert read(written()) == {NAME: ROWS, "media/00000000": b"a photo"}


def test_any_tar_unpacks_it():
    with tarfile.open(fileobj=io.BytesIO(written()), mode="r:gz") as tar:
        assert tar.getnames() == [NAME, "media/00000000", "manifest.json"]
        assert tar.extractfile(NAME).read() == ROWS  # type: ignore[union-attr]


def test_one_changed_byte_anywhere_is_found():
    whole = written()
    unnoticed = []
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        try:
            read(bytes(changed))
        except Unusable:
            continue
        unnoticed.append(position)
    assert unnoticed == []


def test_without_the_seal_some_changed_bytes_would_go_unnoticed(monkeypatch: pytest.MonkeyPatch):
    whole = bytearray(written())
    whole[4] ^= 1  # of a time in gzip's head, which nobody reads
    with pytest.raises(Unusable):
        read(bytes(whole))
    at = len(whole) - container.SEAL_LENGTH
    resealed = bytes(whole[:at]) + container._seal(
        int(whole[at + 15 :].split(b"manifest=")[1][:20]), sha256(whole[:at]).hexdigest()
    )
    assert read(resealed)[NAME] == ROWS


def test_a_file_that_is_cut_off_or_another_kind_of_file_is_refused():
    whole = written()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - container.SEAL_LENGTH, len(whole) - 1):
        with pytest.raises(Unusable, match="does not end like a backup"):
            read(whole[:length])
    for other in (whole + b"\0", gzip.compress(b"something"), b"PK\x03\x04" * 1000):
        with pytest.raises(Unusable):
            read(other)


def forged(
    entries: list[tuple[tarfile.TarInfo, bytes]],
    members: list[dict[str, Any]],
    more: bytes = b"",
    **facts: Any,
) -> bytes:
    """A file with a sound seal, but with whatever members and manifest."""
    body = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, body, mtime=0) as zipped:
        for entry, content in entries:
            zipped.write(entry.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512))
        zipped.write(more)
    manifest_at = body.tell()
    words = json.dumps({"format": 1, "members": members, **facts}).encode()
    with gzip.GzipFile("", "wb", 9, body, mtime=0) as zipped:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(words)
        zipped.write(entry.tobuf(tarfile.GNU_FORMAT) + words + bytes(-len(words) % 512) + bytes(1024))
    content = body.getvalue()
    return content + container._seal(manifest_at, sha256(content).hexdigest())


def plain(name: str = NAME, content: bytes = ROWS) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    return entry, content


def listed(name: str = NAME, content: bytes = ROWS, **facts: Any) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": sha256(content).hexdigest(), **facts}


def of_kind(kind: bytes, leads_to: str = "/etc/passwd") -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(NAME)
    entry.type, entry.linkname = kind, leads_to
    return entry, b""


def test_the_forged_file_is_taken_when_nothing_is_wrong_with_it():
    assert read(forged([plain()], [listed()])) == {NAME: ROWS}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: forged([of_kind(tarfile.SYMTYPE)], [listed(content=b"")]), "no plain file"),
        (lambda: forged([of_kind(tarfile.LNKTYPE)], [listed(content=b"")]), "no plain file"),
        (lambda: forged([of_kind(tarfile.DIRTYPE)], [listed(content=b"")]), "no plain file"),
        (lambda: forged([of_kind(tarfile.CHRTYPE)], [listed(content=b"")]), "no plain file"),
        (lambda: forged([of_kind(tarfile.XHDTYPE)], [listed(content=b"")]), "no plain file"),
        (lambda: forged([plain("../../evil")], [listed("../../evil")]), "no backup has"),
        (lambda: forged([plain("/etc/evil")], [listed("/etc/evil")]), "no backup has"),
        (lambda: forged([plain("../../evil")], [listed()]), "should be"),
        (lambda: forged([plain()], [listed(size=2**60)]), "more than a file of its size"),
        (lambda: forged([plain()], [listed(size=-1)]), "no size"),
        (lambda: forged([plain()], [listed(size="9" * 30)]), "no size"),
        (lambda: forged([plain()], [listed(content=ROWS + b"x")]), "should be"),
        (lambda: forged([plain()], [listed(), listed()]), "twice"),
        (lambda: forged([plain(), plain("media/00000000")], [listed()]), "more in it"),
        (lambda: forged([plain()], [listed()], more=bytes(50_000_000)), "more in it"),
        (lambda: forged([plain()], [listed(sha256="0" * 64)]), "not what the manifest says"),
        (lambda: forged([], [listed()]), "unpacked"),
        (lambda: forged([plain()], [listed()], format=2), "format 2"),
        (lambda: forged([plain()], "all of them"), "manifest cannot be read"),  # type: ignore[arg-type]
    ],
)
def test_what_no_backup_holds_is_refused(make: Callable[[], bytes], why: str):
    with pytest.raises(Unusable, match=why):
        read(make())


@pytest.mark.parametrize(
    "line",
    [b"[1]\n", b"{}\n", b"[1,2", b"[1,2]", b"not json\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"\n"],
)
def test_a_line_that_is_no_row_is_refused(line: bytes):
    reader = Reader.of(io.BytesIO(forged([plain(content=line)], [listed(content=line)])))
    [(member, content)] = itertools.islice(reader.members(), 1)
    with pytest.raises(Unusable, match="Line 1"):
        list(lines_of(member, content, 2))


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "",
        ".",
        "a//b",
        "a/./b",
        "a\\..\\b",
        "a\0b",
        "a/",
        None,
        3,
        "a/..",
    ],
)
def test_an_uploaded_file_lies_below_the_media_folder(path: object):
    with pytest.raises(Unusable, match="outside of the media folder"):
        safe_path(path)


def test_a_photo_with_a_chinese_name_in_folders_is_no_danger():
    assert str(safe_path("photos/2026-11/开工 现场..jpg")) == "photos/2026-11/开工 现场..jpg"
