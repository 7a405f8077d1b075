"""A backup holds the database as it was at one moment, and the uploaded files; there is no half of one."""

import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.factories import make_enterprise, make_official, make_project, moment
from tests.operations.conftest import back_up, empty_database, put_back
from tracker.library.models import Enterprise, Project
from tracker.operations import backups, tasks
from tracker.operations.backups import CannotBackUp, is_due, keep, own_backups
from tracker.operations.restoring import CannotRestore, look_through

NOW = moment(date(2026, 11, 25))

pytestmark = pytest.mark.django_db(transaction=True)


def manifest(path: Path) -> dict[str, Any]:
    with tarfile.open(path) as tar:
        return json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]


def rows(path: Path) -> dict[str, int]:
    return {table["table"]: table["rows"] for table in manifest(path)["tables"]}


def test_it_says_what_it_holds(folder: Path, media: Path):
    make_project()
    (media / "photo.jpg").write_bytes(b"a photo")
    path = back_up(folder, NOW)
    told = manifest(path)
    assert path.name == "jigai-2026-11-25T100000+0800.tar.gz"
    assert told["made_at"] == NOW.isoformat()
    assert told["database"] in {"sqlite", "postgresql"}
    assert "tracker" in dict(told["migrations"])
    assert told["media"] == ["photo.jpg"]
    assert rows(path)["tracker.project"] == 1
    assert all(len(member["sha256"]) == 64 for member in told["members"])


def test_nobody_else_may_read_it(folder: Path):
    assert stat.S_IMODE(back_up(folder, NOW).stat().st_mode) == 0o600


def test_who_was_signed_in_is_not_in_it(folder: Path, client: Any):
    client.force_login(make_official())
    assert "sessions.session" not in rows(back_up(folder, NOW))


@contextmanager
def without_snapshot() -> Iterator[str]:
    yield "default"


def and_somebody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a backup is made, and has the enterprises already, an enterprise with a project is added."""
    put_table = backups._put_table

    def put_and_write(writer: Any, table: Any, alias: str, folder: Path) -> int:
        number = put_table(writer, table, alias, folder)
        if table.label == "tracker.enterprise":
            make_project(make_enterprise(name="New"))
        return number

    monkeypatch.setattr(backups, "_put_table", put_and_write)


def test_it_shows_one_moment_though_others_go_on_writing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    make_project()
    and_somebody_writes(monkeypatch)
    path = back_up(folder, NOW)
    assert Project.objects.count() == 2
    assert (rows(path)["tracker.enterprise"], rows(path)["tracker.project"]) == (1, 1)
    empty_database()
    put_back(path)
    assert (Enterprise.objects.count(), Project.objects.count()) == (1, 1)


def test_without_the_snapshot_it_would_hold_a_project_of_no_enterprise(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    make_project()
    and_somebody_writes(monkeypatch)
    monkeypatch.setattr(backups, "snapshot", without_snapshot)
    path = back_up(folder, NOW)
    assert (rows(path)["tracker.enterprise"], rows(path)["tracker.project"]) == (1, 2)
    empty_database()
    with pytest.raises(CannotRestore, match="refer to rows that are not in it"):
        put_back(path)
    assert Enterprise.objects.count() == 0


def test_when_it_fails_nothing_is_left_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("backup", str(folder))
    assert [path.name for path in folder.iterdir()] == [".jigai-backup.lock"]


def test_what_a_killed_one_left_is_taken_away_by_the_next(folder: Path):
    (folder / ".jigai-jigai-2026-11-24T100000+0800.tar.gz.part").write_bytes(b"half")
    path = back_up(folder, NOW)
    assert sorted(folder.iterdir()) == [folder / ".jigai-backup.lock", path]


def test_two_at_once_do_not_meet(folder: Path):
    with backups._alone_in(folder), pytest.raises(CannotBackUp, match="being made"):
        back_up(folder, NOW)


def test_no_file_is_written_over(folder: Path):
    path = back_up(folder, NOW)
    with pytest.raises(CannotBackUp, match="exists already"):
        back_up(path, NOW)
    with pytest.raises(CannotBackUp, match="no folder"):
        back_up(folder / "missing" / "one.tar.gz", NOW)


def test_a_link_in_the_media_folder_is_not_followed(folder: Path, media: Path):
    (media / "passwords").symlink_to("/etc/passwd")
    (media / "photo.jpg").write_bytes(b"a photo")
    assert manifest(back_up(folder, NOW))["media"] == ["photo.jpg"]


@pytest.mark.django_db(transaction=False)
def test_the_oldest_of_its_own_files_are_removed_and_never_others(folder: Path):
    own = [folder / backups.name_of(NOW + timedelta(days=day)) for day in range(4)]
    others = [folder / name for name in ("before-upgrade.tar.gz", "jigai-notes.tar.gz", "jigai.sqlite3")]
    for path in own + others:
        path.touch()
    assert keep(folder, 2) == own[:2]
    assert sorted(folder.iterdir()) == sorted(own[2:] + others)
    with pytest.raises(CannotBackUp):
        keep(folder, 0)


@pytest.mark.django_db(transaction=False)
@pytest.mark.parametrize(
    ("newest", "now", "due"),
    [
        (None, moment(date(2026, 11, 25), 15), True),
        (moment(date(2026, 11, 24), 2), moment(date(2026, 11, 25), 1), False),
        (moment(date(2026, 11, 24), 2), moment(date(2026, 11, 25), 2), True),
        (moment(date(2026, 11, 25), 2), moment(date(2026, 11, 25), 3), False),
        (moment(date(2026, 11, 25), 2), moment(date(2026, 11, 26), 1), False),
        (moment(date(2026, 11, 23), 2), moment(date(2026, 11, 25), 9), True),
        (moment(date(2026, 11, 23), 2), moment(date(2026, 11, 25), 0), True),
    ],
)
def test_it_is_due_once_a_night_or_as_soon_as_the_machine_is_on_again(
    newest: datetime | None, now: datetime, due: bool
):
    assert is_due(newest, now) is due


def test_beat_makes_one_a_day_and_keeps_as_many_as_are_set(folder: Path, settings: Settings):
    settings.BACKUP_DIR, settings.BACKUP_KEEP = str(folder / "daily"), 2
    days = [date(2026, 11, day) for day in (22, 23, 24)]
    made = [backups.back_up_if_due(moment(day, hour)) for day in days for hour in (3, 4, 15)]
    assert [one is not None for one in made] == [True, False, False] * 3
    assert [backups.made_at(path).date() for path in own_backups(folder / "daily")] == days[1:]
    tasks.backup()
    assert len(own_backups(folder / "daily")) == 2


@pytest.mark.django_db(transaction=False)
def test_an_empty_setting_turns_the_daily_backup_off(settings: Settings):
    settings.BACKUP_DIR = ""
    assert backups.back_up_if_due(NOW) is None
    with pytest.raises(CommandError, match="BACKUP_DIR is empty"):
        call_command("backup")


def test_the_commands_say_what_was_made_and_that_it_is_secret(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    for day in range(3):
        (folder / backups.name_of(NOW - timedelta(days=day + 1))).touch()
    call_command("backup", str(folder), keep=2)
    told = capsys.readouterr().out
    assert "rows in" in told
    assert told.count("removed:") == 2
    assert "personal data, password hashes and keys" in told
    newest = own_backups(folder)[-1]
    call_command("restore", str(newest), check=True)
    assert "It is whole." in capsys.readouterr().out
    content = newest.read_bytes()
    newest.write_bytes(content[:-1])
    with pytest.raises(CommandError, match="does not end like a backup"):
        call_command("restore", str(newest), check=True)


def test_checking_touches_no_database(folder: Path, django_assert_num_queries: Callable[[int], Any]):
    path = back_up(folder, NOW)
    with django_assert_num_queries(0), path.open("rb") as file:
        look_through(file)
