"""Making a backup: the whole database as it is at one moment, and the uploaded files, in one file."""

import fcntl
import json
import logging
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from tracker.operations.actions import beat_of
from tracker.operations.container import LONGEST_LINE, Writer
from tracker.operations.rows import Table, latest_migrations, line_of, schema_at, tables_of

logger = logging.getLogger(__name__)

SNAPSHOT = "snapshot"
SEALS = "tracker.auditseal"
# The day's backup is due from this hour by Shanghai's clock, when nobody works.
NIGHT = 2
OWN_NAME = re.compile(r"jigai-\d{4}-\d{2}-\d{2}T\d{6}[+-]\d{4}\.tar\.gz")
HALF_WRITTEN = ".part"


class CannotBackUp(Exception):
    """No backup could be made; the message says why, and what to do."""


class BeingMade(CannotBackUp):
    """Somebody else makes a backup in the same folder."""


@dataclass(frozen=True)
class Made:
    """A backup that is safely on the disk."""

    path: Path
    at: datetime
    digest: str
    size: int
    rows: int
    tables: int
    files: int


@contextmanager
def snapshot() -> Iterator[str]:
    """The alias of a connection that sees the database as it is now, while others go on writing."""
    own: Any = connections["default"].copy(SNAPSHOT)
    if own.vendor == "sqlite":
        # The product's own transactions take the write lock at once; this one only reads.
        own.settings_dict["OPTIONS"] = {**own.settings_dict["OPTIONS"], "transaction_mode": "DEFERRED"}
    connections[SNAPSHOT] = own
    try:
        with transaction.atomic(using=SNAPSHOT):
            if own.vendor == "postgresql":
                with own.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield SNAPSHOT
    finally:
        own.close()
        del connections[SNAPSHOT]


def back_up(target: Path, at: datetime) -> Made:
    """Make a backup in a folder, or as the file of that name; it is there whole or not at all."""
    if target == default_folder():
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = target / name_of(at) if target.is_dir() else target
    if path.exists():
        raise CannotBackUp(f"{path} exists already: name another file, or move that one away.")
    if not path.parent.is_dir():
        raise CannotBackUp(f"There is no folder {path.parent}: make it, or name another.")
    with _alone_in(path.parent):
        return _write(path, at)


def default_folder() -> Path | None:
    """Where backups go unless told otherwise; None where backups are made in another way."""
    return Path(settings.BACKUP_DIR) if settings.BACKUP_DIR else None


def name_of(at: datetime) -> str:
    """The name of a backup: when it was made, so that names sort by age."""
    return f"jigai-{timezone.localtime(at):%Y-%m-%dT%H%M%S%z}.tar.gz"


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else makes a backup in this folder; what one that was killed left behind is gone."""
    with open(os.open(folder / ".jigai-backup.lock", os.O_CREAT | os.O_WRONLY, 0o600), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BeingMade(f"Another backup is being made in {folder}.") from None
        for left in folder.glob(f".jigai-*{HALF_WRITTEN}"):
            left.unlink()
        yield


def _write(path: Path, at: datetime) -> Made:
    half_written = path.parent / f".jigai-{path.name}{HALF_WRITTEN}"
    try:
        with open(os.open(half_written, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            writer = Writer(file)
            with snapshot() as alias:
                facts = _put_database(writer, alias, path.parent)
            facts["media"] = _put_media(writer)
            digest = writer.finish({"product": _version(), "made_at": at.isoformat(), **facts})
            file.flush()
            os.fsync(file.fileno())
        os.replace(half_written, path)
    except BaseException:
        half_written.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    rows = sum(table["rows"] for table in facts["tables"])
    return Made(path, at, digest, path.stat().st_size, rows, len(facts["tables"]), len(facts["media"]))


def _put_database(writer: Writer, alias: str, folder: Path) -> dict[str, Any]:
    """Write each table as it is in the snapshot; what the manifest says of them."""
    loader = MigrationLoader(connections[alias])
    migrations = latest_migrations(loader)
    if not migrations:
        raise CannotBackUp("The database has no tables yet: run manage.py migrate.")
    apps = schema_at(loader, migrations)
    told = []
    for table in tables_of(apps):
        if table.is_kept:
            rows = _put_table(writer, table, alias, folder)
            told.append(
                {"table": table.label, "rows": rows, "columns": [field.column for field in table.fields]}
            )
    return {
        "database": connections[alias].vendor,
        "migrations": migrations,
        "tables": told,
        "audit_head": _audit_head(apps, alias),
    }


def _put_table(writer: Writer, table: Table, alias: str, folder: Path) -> int:
    """Write one table; its length must be known first, so it goes through a nameless file."""
    with tempfile.TemporaryFile(dir=folder) as lines:
        rows = 0
        for line in table.lines(alias):
            if len(line) > LONGEST_LINE:
                raise CannotBackUp(f"A row of {table.label} is larger than a backup may hold.")
            lines.write(line)
            rows += 1
        size = lines.tell()
        lines.seek(0)
        writer.add(f"tables/{table.label}.jsonl", lines, size)
    return rows


def _audit_head(apps: Apps, alias: str) -> dict[str, Any] | None:
    """The last seal of the audit trail, if there is one: to compare with what a restored trail ends with."""
    for table in tables_of(apps):
        if table.label == SEALS:
            last = table.model._base_manager.using(alias).order_by("-pk").values().first()
            # As plain as a row of a table is in the backup.
            return last and dict(zip(last, json.loads(line_of(list(last.values()))), strict=True))
    return None


def _put_media(writer: Writer) -> list[str]:
    """Write every uploaded file; their paths below the media folder, in the order of the members."""
    root = Path(settings.MEDIA_ROOT)
    paths: list[str] = []
    for path in sorted(root.rglob("*")):
        with ExitStack() as open_files:
            file = _opened(path)
            if file is None:
                continue
            open_files.enter_context(file)
            try:
                writer.add(f"media/{len(paths):08d}", file, os.fstat(file.fileno()).st_size)
            except EOFError:
                raise CannotBackUp(f"{path} was cut short while it was read: try again.") from None
            paths.append(path.relative_to(root).as_posix())
    return paths


def _opened(path: Path) -> IO[bytes] | None:
    """An uploaded file; None for folders, links, and what was removed a moment ago."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except FileNotFoundError:
        return None


def sync_folder(folder: Path) -> None:
    """Have the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def own_backups(folder: Path) -> list[Path]:
    """The backups that were made in a folder under their own names, oldest first."""
    # The moments in the names have one time zone, that of the product.
    return sorted(path for path in folder.glob("jigai-*.tar.gz") if OWN_NAME.fullmatch(path.name))


def keep(folder: Path, number: int) -> list[Path]:
    """Remove the oldest of the folder's own backups beyond this number, never other files; which."""
    if number < 1:
        raise CannotBackUp("Keep at least one backup.")
    too_many = own_backups(folder)[:-number]
    for path in too_many:
        path.unlink(missing_ok=True)
    return too_many


def is_due(newest: datetime | None, now: datetime) -> bool:
    """Whether no backup was made since the last night began: a machine that is off by night catches up."""
    here = timezone.localtime(now)
    night = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    if night > here:
        night -= timedelta(days=1)
    return newest is None or newest < night


def made_at(path: Path) -> datetime:
    """When a backup was made, by its name."""
    return datetime.strptime(path.name, "jigai-%Y-%m-%dT%H%M%S%z.tar.gz")


def back_up_if_due(now: datetime) -> Made | None:
    """The day's backup, unless there is one or backups are made in another way; old ones go."""
    folder = default_folder()
    if folder is None:
        return None
    made_before = own_backups(folder)
    if not is_due(made_at(made_before[-1]) if made_before else None, now):
        return None
    made = back_up(folder, now)
    keep(folder, settings.BACKUP_KEEP)
    leave_sign(made)
    return made


def leave_sign(made: Made) -> None:
    """Tell that a backup was made, and what it is."""
    beat_of("backup", made.at, {"file": made.path.name, "bytes": made.size})
    logger.info(
        "backup %s made: %s bytes, %s rows, %s files", made.path.name, made.size, made.rows, made.files
    )
