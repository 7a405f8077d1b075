"""The one file that a backup is: its members in a tar, a manifest of them, and a seal over all of it.

Plain Python. Gzip members follow each other: the tar with tables, and with media, the end of that tar with
the manifest, and a seal of fixed length that says where the manifest begins and what everything before the
seal hashes to. `tar xzf` unpacks it too; this reader also notices a single changed byte, and refuses whatever
its own writer would not write: links, other names, sizes that the file cannot hold.
"""

import gzip
import hashlib
import io
import json
import re
import shutil
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import IO, Any, Self, cast

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 * 1024**2
# A row with the largest workbook or attachment is well under this.
LONGEST_LINE = 256 * 1024**2
# Deflate cannot make more than this of one byte: what claims more is no honest file.
MOST_FROM_A_BYTE = 1032
BLOCK, PIECE = 512, 1024**2
# Tables shrink to a tenth, and quickly, at this level; photos and workbooks are compressed already.
TABLES_LEVEL, MEDIA_LEVEL = 5, 0

_MEMBER = re.compile(r"tables/[a-z0-9_]+\.[a-z0-9_]+\.jsonl|media/[0-9]{8}")
_SEAL = re.compile(rb"jigai-backup-seal manifest=([0-9]{20}) sha256=([0-9a-f]{64})\n\0*")


class Unusable(Exception):
    """The file is no backup, damaged, or one that must not be unpacked; the message says which."""


@dataclass(frozen=True)
class Member:
    """One thing in the file: a table's rows, or an uploaded file."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What the file holds: of its members first, then whatever the backup says of itself."""

    members: list[Member]
    facts: Mapping[str, Any]


def _seal(manifest_at: int, digest: str) -> bytes:
    """A gzip member, stored and so of fixed length, that says what all before it is."""
    words = f"jigai-backup-seal manifest={manifest_at:020d} sha256={digest}\n".encode().ljust(BLOCK, b"\0")
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    stored = b"\x01" + struct.pack("<HH", len(words), len(words) ^ 0xFFFF) + words
    return head + stored + struct.pack("<II", zlib.crc32(words), len(words))


SEAL_LENGTH = len(_seal(0, "0" * 64))
_WORDS_AT = 15


class _Hashed(io.RawIOBase):
    """Passes on what is written, and keeps its length and hash."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self.file, self.length, self.hash = file, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.file.write(data)
        self.hash.update(data)
        size = memoryview(data).nbytes
        self.length += size
        return size


class Writer:
    """Writes a backup from its first byte to its last."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._out = file, _Hashed(file)
        self._level = TABLES_LEVEL
        self._gzip = self._new_gzip()
        self.members: list[Member] = []

    def _new_gzip(self) -> gzip.GzipFile:
        return gzip.GzipFile("", "wb", self._level, self._out, mtime=0)

    def add(self, name: str, content: IO[bytes], size: int) -> None:
        """Put the next `size` bytes in; EOFError if there are fewer."""
        level = MEDIA_LEVEL if name.startswith("media/") else TABLES_LEVEL
        if level != self._level:
            self._gzip.close()
            self._level = level
            self._gzip = self._new_gzip()
        self.members.append(Member(name, size, self._put(name, content, size)))

    def _put(self, name: str, content: IO[bytes], size: int) -> str:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._gzip.write(entry.tobuf(tarfile.GNU_FORMAT))
        digest, left = hashlib.sha256(), size
        while left:
            piece = content.read(min(PIECE, left))
            if not piece:
                raise EOFError(name)
            digest.update(piece)
            self._gzip.write(piece)
            left -= len(piece)
        self._gzip.write(bytes(-size % BLOCK))
        return digest.hexdigest()

    def finish(self, facts: Mapping[str, Any]) -> str:
        """Write manifest and seal; the hash of everything before the seal, by which the file is known."""
        self._gzip.close()
        manifest_at, self._level = self._out.length, TABLES_LEVEL
        self._gzip = self._new_gzip()
        manifest = {"format": FORMAT, **facts, "members": [asdict(member) for member in self.members]}
        words = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        self._put(MANIFEST, io.BytesIO(words), len(words))
        self._gzip.write(bytes(2 * BLOCK))
        self._gzip.close()
        digest = self._out.hash.hexdigest()
        self._file.write(_seal(manifest_at, digest))
        return digest


class _Part(io.RawIOBase):
    """So many of the next bytes of another stream, hashed as they are read."""

    def __init__(self, stream: IO[bytes], length: int) -> None:
        super().__init__()
        self.stream, self.left, self.hash = stream, length, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.stream.read(min(len(buffer), self.left))
        if not data and self.left:
            raise EOFError
        self.hash.update(data)
        self.left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class Reader:
    """Reads a backup; nothing is believed before the seal over the whole file fits."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest, self._manifest_at, self._sealed_at = self._check_seal()
        self.manifest = self._read_manifest()

    @classmethod
    def of(cls, file: IO[bytes]) -> Self:
        """The reader of a file; Unusable if it is not whole."""
        try:
            return cls(file)
        except (gzip.BadGzipFile, zlib.error, EOFError, tarfile.HeaderError) as broken:
            raise Unusable(f"The manifest cannot be read ({broken}).") from broken

    def _check_seal(self) -> tuple[str, int, int]:
        length = self._file.seek(0, io.SEEK_END)
        sealed_at = length - SEAL_LENGTH
        self._file.seek(max(sealed_at, 0))
        seal = self._file.read(SEAL_LENGTH)
        words = _SEAL.fullmatch(seal[_WORDS_AT : _WORDS_AT + BLOCK])
        if words is None:
            raise Unusable("It does not end like a backup: it is cut off, damaged, or another kind of file.")
        hashed, left = hashlib.sha256(), sealed_at
        self._file.seek(0)
        while piece := self._file.read(min(PIECE, left)):
            hashed.update(piece)
            left -= len(piece)
        digest, manifest_at = hashed.hexdigest(), int(words[1])
        if seal != _seal(manifest_at, digest) or manifest_at >= sealed_at:
            raise Unusable("It is damaged: its bytes are not those that were written.")
        return digest, manifest_at, sealed_at

    def _unzipped(self, start: int, end: int) -> IO[bytes]:
        self._file.seek(start)
        part = io.BufferedReader(_Part(self._file, end - start), PIECE)
        return cast(IO[bytes], gzip.GzipFile(fileobj=part, mode="rb"))

    def _read_manifest(self) -> Manifest:
        stream = self._unzipped(self._manifest_at, self._sealed_at)
        entry = _entry(stream)
        if entry.name != MANIFEST or entry.size > LARGEST_MANIFEST:
            raise Unusable("Where the manifest should be there is something else.")
        try:
            facts = json.loads(stream.read(entry.size))
            members = [Member(**member) for member in facts.pop("members")]
            made_as = facts.pop("format")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as broken:
            raise Unusable("The manifest cannot be read.") from broken
        if made_as != FORMAT:
            raise Unusable(
                f"It is a backup of format {made_as}, and this version reads format {FORMAT}: "
                "use the version of Jigai that made it."
            )
        self._refuse_absurd(members)
        return Manifest(members, facts)

    def _refuse_absurd(self, members: list[Member]) -> None:
        for member in members:
            if not isinstance(member.name, str) or not _MEMBER.fullmatch(member.name):
                raise Unusable(f"It names a member that no backup has: {member.name!r}.")
            if not isinstance(member.size, int) or member.size < 0:
                raise Unusable(f"{member.name} has no size.")
        if len({member.name for member in members}) != len(members):
            raise Unusable("It names a member twice.")
        if sum(member.size for member in members) > MOST_FROM_A_BYTE * self._manifest_at:
            raise Unusable("It claims to hold more than a file of its size can.")

    def members(self) -> Iterator[tuple[Member, IO[bytes]]]:
        """Each member with its content, in order; what the manifest does not say is refused unread."""
        try:
            yield from self._members()
        except (gzip.BadGzipFile, zlib.error, EOFError, tarfile.HeaderError) as broken:
            raise Unusable(f"It cannot be unpacked ({broken}).") from broken

    def _members(self) -> Iterator[tuple[Member, IO[bytes]]]:
        stream = self._unzipped(0, self._manifest_at)
        for member in self.manifest.members:
            entry = _entry(stream)
            if (entry.name, entry.size) != (member.name, member.size):
                raise Unusable(f"Where {member.name} should be there is {entry.name!r}.")
            part = _Part(stream, member.size)
            content = io.BufferedReader(part, PIECE)
            yield member, content
            while content.read(PIECE):
                pass
            if part.hash.hexdigest() != member.sha256:
                raise Unusable(f"{member.name} is not what the manifest says.")
            if any(stream.read(-member.size % BLOCK)):
                raise Unusable(f"There is something hidden behind {member.name}.")
        if stream.read(1):
            raise Unusable("There is more in it than the manifest says.")


def _entry(stream: IO[bytes]) -> tarfile.TarInfo:
    """The next head in the tar; only plain files are taken, so no link, device or longer name ever is."""
    entry = tarfile.TarInfo.frombuf(stream.read(BLOCK), "utf-8", "strict")
    if entry.type != tarfile.REGTYPE:
        raise Unusable(f"{entry.name!r} is no plain file: a backup has no links, folders or devices.")
    return entry


def lines_of(member: Member, content: IO[bytes], width: int) -> Iterator[tuple[bytes, list[Any]]]:
    """The rows of a table, each as it is written and as values; a line that is no such row is refused."""
    number = 0
    while line := content.readline(LONGEST_LINE):
        number += 1
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as broken:
            raise Unusable(f"Line {number} of {member.name} cannot be read.") from broken
        if not isinstance(values, list) or len(values) != width or not line.endswith(b"\n"):
            raise Unusable(f"Line {number} of {member.name} is no row of that table.")
        yield line, values


def safe_path(path: object) -> PurePosixPath:
    """The place of an uploaded file below the media folder; Unusable when it would lie anywhere else."""
    if isinstance(path, str) and "\0" not in path and "\\" not in path:
        place = PurePosixPath(path)
        if place.parts and not place.is_absolute() and ".." not in place.parts and str(place) == path:
            return place
    raise Unusable(f"It would put a file outside of the media folder: {path!r}.")


def copy(content: IO[bytes], target: IO[bytes]) -> None:
    """All of a member's content."""
    shutil.copyfileobj(content, target, PIECE)
