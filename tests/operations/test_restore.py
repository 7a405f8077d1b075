"""What a backup holds is restored into an empty database, all of it or nothing."""

import hashlib
import sqlite3
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone

from tests.factories import (
    make_county,
    make_cycle,
    make_enterprise_user,
    make_findings,
    make_official,
    make_project,
    moment,
)
from tests.operations.conftest import back_up, empty_database, manage, program, put_back
from tests.services.celery import database_url
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit import guards
from tracker.audit.actions import record, seal_left_over
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.exchange.models import ImportBatch
from tracker.inspections.actions import submit_inspection
from tracker.library.models import Division, Industry, Project
from tracker.operations import restoring
from tracker.operations.container import Reader
from tracker.operations.restoring import CannotRestore, NotFinished, NotVerified
from tracker.operations.rows import Table, line_of, tables_of

NOW = moment(date(2026, 11, 25))
EVERY_BYTE = bytes(range(256))

pytestmark = pytest.mark.django_db(transaction=True)


def digest() -> dict[str, str]:
    """Each table's rows, whatever their order, as Django reads them."""
    found = {}
    for table in tables_of(apps):
        if table.is_kept:
            rows = table.model._base_manager.values_list()
            lines = sorted(line_of(row) for row in rows)
            found[table.label] = f"{len(lines)} {hashlib.sha256(b''.join(lines)).hexdigest()}"
    return found


def fill() -> None:
    """A county with people, a project, an inspection with its badge, and an uploaded workbook."""
    inspector = make_official(name="李明")
    project = make_project(
        inspector=inspector, name="年产3万吨“绿色”涂料\n技改\u2028项目", planned_total=Decimal("1200.05")
    )
    make_enterprise_user(project.enterprise)
    cycle = make_cycle(code="2026-10-H2")
    submit_inspection(project, cycle, make_findings(project), by=inspector, at=moment(cycle.opens_on))
    ImportBatch.objects.create(
        county=make_county(),
        filename="表.xlsx",
        content=EVERY_BYTE,
        cycle_start=cycle.start,
        uploaded_by=inspector,
    )
    for _ in range(3):
        make_project().delete()


def test_every_row_and_file_comes_back_as_it_was(folder: Path, media: Path):
    fill()
    (media / "2026" / "十一月").mkdir(parents=True)
    (media / "2026" / "十一月" / "开工.jpg").write_bytes(EVERY_BYTE * 10_000)
    before, path = digest(), back_up(folder, NOW)
    empty_database()
    (media / "2026" / "十一月" / "开工.jpg").unlink()
    assert digest() != before
    put_back(path)
    assert digest() == before
    assert (media / "2026" / "十一月" / "开工.jpg").read_bytes() == EVERY_BYTE * 10_000
    assert bytes(ImportBatch.objects.get().content) == EVERY_BYTE


def test_the_next_row_gets_a_number_of_its_own(folder: Path):
    fill()
    newest = Project.objects.latest("pk").pk
    path = back_up(folder, NOW)
    empty_database()
    put_back(path)
    assert make_project().pk > newest
    assert make_official().pk not in set(User.objects.filter(name="李明").values_list("pk", flat=True))


def test_what_migrations_fill_in_comes_from_the_backup(folder: Path):
    """An industry or division that was taken out, or renamed, is not brought back by the new database."""
    Industry.objects.filter(code=Industry.objects.first().code).delete()
    Division.objects.filter(code="371423").update(name_zh="庆云新区")
    number, path = Industry.objects.count(), back_up(folder, NOW)
    empty_database()
    assert Industry.objects.count() == number + 1
    put_back(path)
    assert Industry.objects.count() == number
    assert Division.objects.get(code="371423").name_zh == "庆云新区"


def test_everybody_has_to_sign_in_again(folder: Path):
    person, browser = make_official(), Client()
    path = back_up(folder, NOW)
    browser.force_login(person)
    assert browser.get("/", follow=True).context["user"].is_authenticated
    sessions = list(Session.objects.all())
    empty_database()
    Session.objects.bulk_create(sessions)
    put_back(path)
    assert User.objects.filter(pk=person.pk).exists()
    assert not browser.get("/", follow=True).context["user"].is_authenticated


def test_a_database_in_use_is_refused(folder: Path):
    make_official()
    path = back_up(folder, NOW)
    before = digest()
    with pytest.raises(CommandError, match="in use: there are 1 people in it"):
        call_command("restore", str(path))
    assert digest() == before


def test_a_freshly_migrated_database_counts_as_empty(folder: Path):
    make_official()
    path = back_up(folder, NOW)
    empty_database()
    call_command("restore", str(path))
    entry = AuditEntry.objects.filter(act=AuditEntry.Act.RESTORED).get()
    with path.open("rb") as file:
        assert entry.after["sha256"] == Reader.of(file).digest
    assert entry.after["file"] == path.name


def test_a_damaged_backup_changes_nothing(folder: Path):
    make_official()
    path = back_up(folder, NOW)
    empty_database()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CommandError, match="cannot be used"):
        call_command("restore", str(path))
    assert not User.objects.exists()


def test_a_newer_schema_is_refused_with_the_remedy(folder: Path, monkeypatch: pytest.MonkeyPatch):
    make_official()
    path = back_up(folder, NOW)
    empty_database()
    told_by = restoring._told_by

    def from_the_future(reader: Reader) -> restoring.Found:
        found = told_by(reader)
        found.migrations.append(("tracker", "9999_tomorrow"))
        return found

    monkeypatch.setattr(restoring, "_told_by", from_the_future)
    with pytest.raises(CommandError, match=r"does not know \(tracker 9999_tomorrow\). Install the version"):
        call_command("restore", str(path))
    assert not User.objects.exists()


def test_what_is_read_back_otherwise_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch):
    make_official(name="李明")
    path = back_up(folder, NOW)
    empty_database()
    value = Table._value

    def worse(self: Table, field: Any, given: Any) -> Any:
        return "李月" if given == "李明" else value(self, field, given)

    monkeypatch.setattr(Table, "_value", worse)
    with pytest.raises(CannotRestore, match=r"tracker\.user is read back otherwise"):
        put_back(path)
    assert not User.objects.exists()


def test_media_is_never_put_outside_of_its_folder_or_over_other_files(
    folder: Path, media: Path, tmp_path: Path
):
    (media / "photos").mkdir()
    (media / "photos" / "one.jpg").write_bytes(b"a photo")
    path = back_up(folder, NOW)
    (media / "photos" / "one.jpg").write_bytes(b"another")
    with pytest.raises(CannotRestore, match="another file"):
        put_back(path)
    (media / "photos" / "one.jpg").unlink()
    (media / "photos").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (media / "photos").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotRestore, match="leads out"):
        put_back(path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


KILLED = """
import django, os, signal, sys
django.setup()
from tracker.operations.restoring import restore
with open(sys.argv[1], "rb") as file:
    restore(file, lambda found: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_killed_half_way_nothing_is_there_and_it_can_be_done_again(folder: Path, media: Path, tmp_path: Path):
    fill()
    before, path = digest(), back_up(folder, NOW)
    empty_database()
    empty = digest()
    # All rows are written at that moment, and what has to follow is about to begin.
    done = program("-c", KILLED, str(path), var=tmp_path / "var", DATABASE_URL=database_url())
    assert done.returncode == -9, done.stderr
    assert digest() == empty
    # The control: the same without the kill.
    put_back(path)
    assert digest() == before


OLDER = """
import django, sys
from pathlib import Path
django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from tracker.operations.backups import back_up
call_command("migrate", "tracker", "0003", verbosity=0)
person = {"email": "li@county.example", "name": "Li", "role": "auditor", "language": "zh-hans"}
person |= {"password": "!", "is_superuser": 0, "is_staff": 0, "is_active": 1}
person |= {"date_joined": "2026-01-01 00:00:00"}
with connection.cursor() as cursor:
    marks = ", ".join(["%s"] * len(person))
    cursor.execute(f"INSERT INTO tracker_user ({', '.join(person)}) VALUES ({marks})", list(person.values()))
back_up(Path(sys.argv[1]), timezone.now())
"""


@pytest.mark.sqlite_only
def test_a_backup_of_an_older_schema_is_brought_up_to_date(folder: Path, tmp_path: Path):
    path, var = folder / "old.tar.gz", tmp_path / "new"
    made = program("-c", OLDER, str(path), var=tmp_path / "old")
    assert made.returncode == 0, made.stderr
    done = manage("restore", str(path), var=var)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(var / "jigai.sqlite3") as restored:
        assert restored.execute("SELECT email FROM tracker_user").fetchall() == [("li@county.example",)]
        migrated = {name for (name,) in restored.execute("SELECT name FROM django_migrations")}
    assert {name for _, name in MigrationLoader(None).graph.leaf_nodes()} <= migrated
    # A database whose tables are newer already, as this test's own, is refused: nothing is taken down.
    with pytest.raises(CommandError, match="are newer than those of the backup"):
        call_command("restore", str(path))


@pytest.mark.postgres_only
def test_from_postgresql_to_sqlite_and_back_everything_is_the_same(folder: Path, media: Path, tmp_path: Path):
    fill()
    before, path = digest(), back_up(folder, NOW)
    there = program("-c", MOVED, str(path), str(folder / "back.tar.gz"), var=tmp_path / "var")
    assert there.returncode == 0, there.stderr
    empty_database()
    put_back(folder / "back.tar.gz")
    assert digest() == before
    assert connection.vendor == "postgresql"
    assert make_project().pk


MOVED = """
import django, sys
from pathlib import Path
django.setup()
from django.utils import timezone
from tracker.operations.backups import back_up
from tracker.operations.restoring import restore
with open(sys.argv[1], "rb") as file:
    restore(file, lambda found: None)
back_up(Path(sys.argv[2]), timezone.now())
"""


def test_the_liaison_of_the_restored_county_can_go_on(folder: Path):
    liaison = make_official(Role.STATISTICS_LIAISON)
    liaison.set_password("a long pass phrase")
    liaison.save()
    path = back_up(folder, NOW)
    empty_database()
    put_back(path)
    assert Client().login(email=liaison.email, password="a long pass phrase")


def test_when_an_older_backup_cannot_be_brought_up_to_date_the_remedy_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    make_official()
    path = back_up(folder, NOW)
    empty_database()
    # The backup counts as older than the code.
    monkeypatch.setattr(MigrationGraph, "leaf_nodes", lambda graph, app=None: [("tracker", "9999_tomorrow")])

    def no_migration(*words: str, **options: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(restoring, "call_command", no_migration)
    with pytest.raises(NotFinished, match=r"disk full. Before anything is started, .* restore --settle"):
        put_back(path)
    assert User.objects.count() == 1


# --- the audit trail that was restored ---


def altered_backup(folder: Path, statement: str, *values: Any) -> Path:
    """A backup of a database in whose trail somebody with the database in hand did this before."""
    guards.remove(connection)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            assert cursor.rowcount == 1
    finally:
        guards.install(connection)
        if connection.vendor == "sqlite":
            # Tests' tables are emptied row by row there.
            guards.remove(connection, acts=frozenset({"DELETE"}))
    path = back_up(folder, timezone.now())
    empty_database()
    return path


@pytest.fixture
def entry() -> AuditEntry:
    """One of several entries of the trail."""
    return [record(AuditEntry.Act.EXPORTED, after={"number": number}) for number in range(5)][2]


@pytest.mark.parametrize("is_altered", [True, False], ids=["altered", "control"])
def test_a_trail_that_was_altered_before_the_backup_is_told_and_the_restore_fails(
    folder: Path, entry: AuditEntry, is_altered: bool, capsys: pytest.CaptureFixture[str]
):
    people = make_official().pk
    path = altered_backup(
        folder,
        "UPDATE tracker_auditentry SET request_id = %s WHERE id = %s",
        "x" if is_altered else "",
        entry.pk,
    )
    if is_altered:
        with pytest.raises(CommandError) as failed:
            call_command("restore", str(path))
        assert failed.value.returncode == 1
        for words in ("the audit trail is not what was written", "审计日志与当初写入的内容不一致"):
            assert words in str(failed.value)
        assert str(failed.value).count(f"entry {entry.pk} (") == 2
    else:
        call_command("restore", str(path))
        assert "Everybody has to sign in again." in capsys.readouterr().out
    # In both cases all is there, and settled: what else is in the backup is not lost for one row's sake.
    assert User.objects.get().pk == people
    assert AuditEntry.objects.filter(act=AuditEntry.Act.RESTORED).exists()


def test_a_trail_that_lacks_its_last_seals_does_not_reach_the_head_that_the_backup_names(
    folder: Path, entry: AuditEntry, monkeypatch: pytest.MonkeyPatch
):
    """Who takes the last seal with its entry out of a backup leaves a chain that is sound in itself."""
    path = back_up(folder, timezone.now())
    empty_database()
    told_by = restoring._told_by

    def with_another_head(reader: Reader) -> restoring.Found:
        found = told_by(reader)
        assert found.audit_head is not None
        found.audit_head["position"] += 1
        return found

    with monkeypatch.context() as patched:
        patched.setattr(restoring, "_told_by", with_another_head)
        with pytest.raises(NotVerified, match="the chain ends at 5; a head at 6 was noted down"):
            put_back(path)
    empty_database()
    put_back(path)


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=3)], ids=["at once", "days later"])
def test_an_entry_that_had_no_seal_yet_is_no_trouble_however_old_the_backup_is(folder: Path, age: timedelta):
    """Seals follow the commit: a backup may see an entry a moment before its seal."""
    record(AuditEntry.Act.EXPORTED)
    written = AuditEntry.objects.create(act=AuditEntry.Act.EXPORTED, at=timezone.now() - age)
    assert AuditSeal.objects.count() == 1
    path = back_up(folder, written.at)
    empty_database()
    put_back(path)
    assert seal_left_over() == 1
