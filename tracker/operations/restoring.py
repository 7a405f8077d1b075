"""Putting a backup into an empty database: all of it or nothing, and the same rows read back."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar

from django.apps.registry import Apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import translation
from django.utils.translation import gettext

from tracker.audit.queries import Trouble, verify
from tracker.operations.backups import SEALS, sync_folder
from tracker.operations.container import PIECE, Member, Reader, Unusable, copy, lines_of, safe_path
from tracker.operations.rows import (
    FILLED_BY_MIGRATIONS,
    SIGNS_OF_LIFE,
    Node,
    NotARow,
    Table,
    line_of,
    schema_at,
    tables_of,
)

HALF_WRITTEN = ".jigai-restoring"
SUM_OF_HASHES = 2**256

T = TypeVar("T")


class CannotRestore(Exception):
    """Nothing was restored; the message says why, and what to do."""


class NotFinished(CannotRestore):
    """The rows are there, but not what has to follow; the message says what to do."""


class NotVerified(CannotRestore):
    """Everything is there, but the audit trail is not what was written; the message says where."""


@dataclass(frozen=True)
class Found:
    """What a backup says of itself, after every byte and line of it was looked at."""

    digest: str
    made_at: datetime
    product: str
    database: str
    migrations: list[Node]
    columns: dict[str, list[str]]
    rows: dict[str, int]
    media: list[PurePosixPath]
    audit_head: dict[str, Any] | None

    @property
    def noted(self) -> tuple[int, str] | None:
        """Where the chain of the audit trail ended when the backup was made."""
        return (int(self.audit_head["position"]), str(self.audit_head["chain"])) if self.audit_head else None


def look_through(file: IO[bytes]) -> tuple[Reader, Found]:
    """Check every byte and line of a backup, without touching database or media; Unusable if not whole."""
    reader = Reader.of(file)
    found = _told_by(reader)
    rows = dict.fromkeys(found.rows, 0)
    for member, content in reader.members():
        label = _table_in(member)
        if label is not None:
            rows[label] = sum(1 for _ in lines_of(member, content, len(found.columns[label])))
    for label, number in rows.items():
        if number != found.rows[label]:
            raise Unusable(f"{label} has {number} rows, and the manifest says {found.rows[label]}.")
    return reader, found


def _told_by(reader: Reader) -> Found:
    """The manifest, believed only as far as it fits the members."""
    facts = reader.manifest.facts
    try:
        found = Found(
            digest=reader.digest,
            made_at=datetime.fromisoformat(facts["made_at"]),
            product=str(facts["product"]),
            database=str(facts["database"]),
            migrations=[(str(app), str(name)) for app, name in facts["migrations"]],
            columns={table["table"]: [str(name) for name in table["columns"]] for table in facts["tables"]},
            rows={table["table"]: int(table["rows"]) for table in facts["tables"]},
            media=[safe_path(path) for path in facts["media"]],
            audit_head=facts["audit_head"],
        )
        found.noted  # noqa: B018  it can be read
    except (KeyError, TypeError, ValueError) as broken:
        raise Unusable(f"The manifest lacks what every backup says of itself ({broken}).") from broken
    tables = [f"tables/{label}.jsonl" for label in found.rows]
    media = [f"media/{number:08d}" for number in range(len(found.media))]
    if [member.name for member in reader.manifest.members] != tables + media:
        raise Unusable("The manifest names other tables and files than there are.")
    return found


def _table_in(member: Member) -> str | None:
    kind, name = member.name.split("/")
    return name.removesuffix(".jsonl") if kind == "tables" else None


def restore(file: IO[bytes], afterwards: Callable[[Found], T]) -> T:
    """Put a backup into the empty database and media folder, then do what has to follow, all or nothing.

    A backup of an older schema is loaded into just that schema first and brought up to date then; what has
    to follow comes last, in a transaction of its own.

    NotVerified, if the audit trail that is there then is not what was written. Everything is there all the
    same: nobody who can alter one row of the trail shall make every later backup useless.
    """
    reader, found = look_through(file)
    done = _restore(reader, found, afterwards)
    _verify_trail(found)
    return done


def _restore(reader: Reader, found: Found, afterwards: Callable[[Found], T]) -> T:
    executor = MigrationExecutor(connection)
    _refuse_other_schema(executor, found)
    _refuse_if_used(executor)
    _refuse_media_in_the_way(reader, found)
    leaves = sorted(executor.loader.graph.leaf_nodes())
    if executor.migration_plan(found.migrations):
        executor.migrate(found.migrations)
    # Not asked of the executor that was there first: it knows the database as it was.
    apps = schema_at(MigrationExecutor(connection).loader, found.migrations)
    if found.migrations == leaves:
        with transaction.atomic():
            _load(reader, found, apps)
            return afterwards(found)
    with transaction.atomic():
        _load(reader, found, apps)
    try:
        call_command("migrate", verbosity=0, interactive=False)
        with transaction.atomic():
            return afterwards(found)
    except Exception as trouble:
        raise NotFinished(
            f"The rows are restored, but their tables could not be brought up to date: {trouble}. Before "
            "anything is started, run manage.py migrate, then manage.py restore --settle."
        ) from trouble


def _verify_trail(found: Found) -> None:
    """Follow the restored chain as it stood when the backup was made, up to the head that was noted then.

    What had no seal yet at that moment is no trouble, however long ago that was: beat puts it on. Nor is a
    backup from before there were seals.
    """
    if SEALS not in found.rows:
        return
    trouble = verify(found.made_at, anchor=found.noted)
    if isinstance(trouble, Trouble):
        raise NotVerified(
            " ".join(_not_what_was_written(trouble, language) for language in ("en", "zh-hans"))
        )


def _not_what_was_written(trouble: Trouble, language: str) -> str:
    with translation.override(language):
        return gettext(
            "Everything was restored, but the audit trail is not what was written: %(words)s. It is so in "
            "the backup already. Tell the audit administrator before anything is started, and compare with "
            "an older backup, restored into another database."
        ) % {"words": trouble.words}


def _refuse_other_schema(executor: MigrationExecutor, found: Found) -> None:
    graph = executor.loader.graph
    unknown = [f"{app} {name}" for app, name in found.migrations if (app, name) not in graph.nodes]
    if unknown:
        raise CannotRestore(
            f"The backup was made by Jigai {found.product} with tables that this version does not know "
            f"({', '.join(unknown)}). Install the version that made it, or a newer one, and use that."
        )
    wanted = {node for target in found.migrations for node in graph.forwards_plan(target)}
    beyond = sorted(f"{app} {name}" for app, name in set(executor.loader.applied_migrations) - wanted)
    if beyond:
        raise CannotRestore(
            f"The tables of this database are newer than those of the backup ({', '.join(beyond)}). Make a "
            "database without tables and restore into that: its tables are brought up to date then."
        )


def _refuse_if_used(executor: MigrationExecutor) -> None:
    """Only a database that nobody has used is restored into."""
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    applied = [node for node in executor.loader.applied_migrations if node in executor.loader.graph.nodes]
    used = {}
    for table in tables_of(schema_at(executor.loader, applied)) if applied else ():
        if table.is_kept and table.label not in FILLED_BY_MIGRATIONS and table.model._meta.db_table in there:
            used[table.label] = table.count(DEFAULT_DB_ALIAS)
    if any(used.values()):
        rows = ", ".join(f"{label} {number}" for label, number in used.items() if number)
        people = used.get("tracker.user", 0)
        raise CannotRestore(
            f"This database is in use: there are {people} people in it (rows: {rows}). A backup is restored "
            "into an empty database only. Name another one in DATABASE_URL, or move this one away."
        )


def _refuse_media_in_the_way(reader: Reader, found: Found) -> None:
    """A file that is there already may stay if it is the same one, as after an attempt that was cut short."""
    root = Path(settings.MEDIA_ROOT)
    for path, member in zip(found.media, reader.manifest.members[len(found.rows) :], strict=True):
        place = _place(root, path)
        if place.exists() and not (place.is_file() and _digest(place) == member.sha256):
            raise CannotRestore(f"{place} is another file than that in the backup: move {root} away first.")


def _place(root: Path, path: PurePosixPath) -> Path:
    """Where a file goes, whatever links lie on the way: below the media folder."""
    place = root / path
    if place.is_symlink() or not place.parent.resolve().is_relative_to(root.resolve()):
        raise CannotRestore(f"{place} leads out of {root}: remove the link that is in the way.")
    return place


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load(reader: Reader, found: Found, apps: Apps) -> None:
    """Every row and file, in one pass; then the numbering, the references, and everything read back."""
    tables = {table.label: table for table in tables_of(apps)}
    unknown = sorted(set(found.rows) - set(tables))
    if unknown:
        raise CannotRestore(f"This version has no table for {', '.join(unknown)} of the backup.")
    for table in tables.values():
        if table.label not in SIGNS_OF_LIFE and table.model._base_manager.exists():
            table.empty(DEFAULT_DB_ALIAS)
    sums = {}
    media = iter(found.media)
    for member, content in reader.members():
        label = _table_in(member)
        if label is None:
            _put_file(content, _place(Path(settings.MEDIA_ROOT), next(media)))
            continue
        table = tables[label]
        if [field.column for field in table.fields] != found.columns[label]:
            raise CannotRestore(f"{label} has other columns in the backup than in the database.")
        summed = Sum()
        try:
            table.put(_values(lines_of(member, content, len(table.fields)), summed), DEFAULT_DB_ALIAS)
        except NotARow as wrong:
            raise CannotRestore(str(wrong)) from wrong
        sums[label] = summed
    _continue_numbering([tables[label] for label in found.rows])
    try:
        connection.check_constraints()
    except IntegrityError as dangling:
        raise CannotRestore(f"Rows of the backup refer to rows that are not in it: {dangling}") from dangling
    for label, put in sums.items():
        _compare(tables[label], put)


class Sum:
    """How many lines there are and what they are, in whatever order."""

    def __init__(self) -> None:
        self.number = self.total = 0

    def add(self, line: bytes) -> None:
        """One more line."""
        self.number += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line).digest())) % SUM_OF_HASHES


def _values(lines: Iterator[tuple[bytes, list[Any]]], summed: Sum) -> Iterator[list[Any]]:
    for _, values in lines:
        # As it would be written now: a backup of an older version may have spaced its lines otherwise.
        summed.add(line_of(values))
        yield values


def _compare(table: Table, put: Sum) -> None:
    """What the database now answers is what the backup says."""
    read = Sum()
    for line in table.lines(DEFAULT_DB_ALIAS):
        read.add(line)
    if (read.number, read.total) != (put.number, put.total):
        raise CannotRestore(
            f"{table.label} is read back otherwise than it was written ({read.number} rows of {put.number}): "
            "nothing was kept. Please report this with the names of both databases."
        )


def _continue_numbering(tables: list[Table]) -> None:
    """The next row of each table gets a number that none of these has."""
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in tables])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _put_file(content: IO[bytes], place: Path) -> None:
    """Write one uploaded file; it is there whole or not at all."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half_written = place.with_name(HALF_WRITTEN)
    half_written.unlink(missing_ok=True)
    try:
        with open(os.open(half_written, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb", PIECE) as file:
            copy(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half_written, place)
    finally:
        half_written.unlink(missing_ok=True)
    sync_folder(place.parent)
