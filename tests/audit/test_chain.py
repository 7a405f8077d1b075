"""What stands in the trail stays as it was written, and whoever alters it all the same is found out."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.factories import make_enterprise, make_official
from tracker.audit import actions, guards
from tracker.audit.actions import drop_old, record, seal, seal_left_over
from tracker.audit.models import AppendOnly, AuditEntry, AuditSeal, AuditSealQuerySet
from tracker.audit.queries import Trouble, verify

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


def without_waiting_checks() -> None:
    """PostgreSQL changes no triggers of a table while checks of foreign keys wait for the commit."""
    connection.check_constraints()


@contextmanager
def without_guards() -> Iterator[None]:
    """As somebody with the database in hand would work: the triggers are off."""
    without_waiting_checks()
    guards.remove(connection)
    yield


@pytest.fixture
def guarded() -> None:
    """All triggers as the migrations put them, also those that a test database lacks."""
    without_waiting_checks()
    guards.install(connection)


def sql(statement: str, *values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def make_entries(count: int = 5) -> list[AuditEntry]:
    entries = [record(AuditEntry.Act.EXPORTED, after={"number": number}) for number in range(count)]
    seal([entry.pk for entry in entries])
    return entries


def verified(*arguments: str) -> str:
    told = StringIO()
    call_command("verify_audit", *arguments, stdout=told)
    return told.getvalue()


def trouble(*arguments: str) -> str:
    with pytest.raises(CommandError) as failed:
        call_command("verify_audit", *arguments, stdout=StringIO())
    assert failed.value.returncode == 1
    return str(failed.value)


# --- what the product itself refuses ---


def test_entries_and_seals_are_neither_changed_nor_taken_out():
    entry = make_entries(1)[0]
    link = AuditSeal.objects.get()
    for row in (entry, link):
        with pytest.raises(AppendOnly):
            row.save()
        with pytest.raises(AppendOnly):
            row.delete()
        rows = type(row).objects.all()
        with pytest.raises(AppendOnly):
            rows.update(digest="0")
        with pytest.raises(AppendOnly):
            rows.delete()
        row.digest = "0"
        with pytest.raises(AppendOnly):
            rows.bulk_update([row], ["digest"])


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE tracker_auditentry SET why = 'nothing'", guards.UNALTERED),
        ("UPDATE tracker_auditseal SET digest = '0'", guards.UNALTERED),
        ("DELETE FROM tracker_auditentry", guards.KEPT),
        ("DELETE FROM tracker_auditseal", guards.SEALED),
    ],
)
def test_the_database_refuses_it_too_and_says_why(statement: str, words: str):
    make_entries(2)
    with pytest.raises(DatabaseError, match=words.replace(".", r"\.")), transaction.atomic():
        sql(statement)
    without_waiting_checks()
    guards.remove(connection)
    assert sql(statement) == 2, "without its trigger the database would have done it"


@pytest.mark.usefixtures("guarded")
def test_the_database_lets_old_entries_go():
    young = datetime.now(UTC) - timedelta(days=182)
    entries = [AuditEntry.objects.create(act="exported", at=at) for at in (young, young - timedelta(days=2))]
    assert sql("DELETE FROM tracker_auditentry WHERE id = %s", entries[1].pk) == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("DELETE FROM tracker_auditentry WHERE id = %s", entries[0].pk)


@pytest.mark.parametrize("name", [name for name, _, act, _, _ in guards.GUARDS if act == "UPDATE"])
def test_the_migrations_have_put_the_triggers_on(name: str):
    if connection.vendor == "sqlite":
        assert sql_value("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = %s", name) == 1
    else:
        assert sql_value("SELECT count(*) FROM pg_trigger WHERE tgname = %s", name) == 1


def sql_value(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


# --- sealing ---


@pytest.mark.django_db(transaction=True)
def test_what_was_committed_is_sealed_and_what_was_not_is_not():
    with transaction.atomic():
        make_enterprise()
        assert not AuditSeal.objects.exists(), "sealing waits for the commit"
    with suppress(RuntimeError), transaction.atomic():
        make_enterprise()
        raise RuntimeError
    entries, links = AuditEntry.objects.order_by("pk"), AuditSeal.objects.all()
    assert [link.entry_id for link in links] == [entry.pk for entry in entries]
    assert [link.position for link in links] == [1]
    make_enterprise()
    assert [link.position for link in links.all()] == [1, 2]
    assert "waiting for their seal 0" in verified()


@pytest.mark.django_db(transaction=True)
def test_a_sealer_that_stops_half_way_leaves_its_entries_to_the_next(monkeypatch: pytest.MonkeyPatch):
    def killed(*args: Any, **options: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(AuditSealQuerySet, "bulk_create", killed)
        with suppress(SystemExit):
            make_enterprise()
    assert AuditEntry.objects.count() == 1, "what was to be sealed is committed"
    assert not AuditSeal.objects.exists()
    make_enterprise()
    assert seal_left_over() == 1
    assert seal_left_over() == 0
    assert [link.position for link in AuditSeal.objects.all()] == [1, 2]
    assert isinstance(verify(NOW), Trouble) is False


def at_once(*works: Callable[[], Any]) -> None:
    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def two_sealers(monkeypatch: pytest.MonkeyPatch) -> int:
    """Two seal different entries at the same moment; how often one of them was refused its place."""
    make_entries(1)
    entries = [AuditEntry.objects.create(act="exported") for _ in range(6)]
    head, both_have_looked = AuditSealQuerySet.head, threading.Barrier(2)
    sealing, refused = actions._seal, []

    def wait(self: AuditSealQuerySet) -> AuditSeal | None:
        found = head(self)
        with suppress(threading.BrokenBarrierError):
            both_have_looked.wait(0.5)
        return found

    def counted(pks: list[int], using: str) -> int:
        try:
            return sealing(pks, using)
        except IntegrityError as error:
            refused.append(error)
            raise

    monkeypatch.setattr(AuditSealQuerySet, "head", wait)
    monkeypatch.setattr(actions, "_seal", counted)
    pks = [entry.pk for entry in entries]
    at_once(lambda: seal(pks[:3]), lambda: seal(pks[3:]))
    return len(refused)


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_make_one_chain(monkeypatch: pytest.MonkeyPatch):
    assert two_sealers(monkeypatch) == 0
    monkeypatch.undo()
    assert [link.position for link in AuditSeal.objects.all()] == [*range(1, 8)]
    assert "entries 7, seals 7" in verified()


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_two_sealers_that_do_not_take_turns_run_into_each_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "hold_chain", lambda using: None)
    assert two_sealers(monkeypatch) > 0


# --- verifying ---


def test_an_untouched_trail_is_well_and_says_how_much_there_is():
    make_entries(5)
    AuditEntry.objects.create(act="exported")
    told = verified()
    head = AuditSeal.objects.head()
    assert "entries 5, seals 5, dropped when old 0, waiting for their seal 1" in told
    assert f"head 5:{head.chain}" in told


@pytest.mark.parametrize(
    "change",
    [
        "why = 'nothing'",
        "at = '2026-01-01 00:00:00+00:00'",
        "actor_id = {person}",
        "system = 'system,'",
        "act = 'created'",
        "\"table\" = 'x'",
        "\"row\" = 'x'",
        "before = '{{\"a\": 1}}'",
        "after = '{{\"number\": 7}}'",
        "request_id = 'x'",
        "place = '/'",
    ],
)
def test_one_altered_value_is_named_with_its_row(change: str):
    entries, person = make_entries(5), make_official()
    with without_guards():
        sql(f"UPDATE tracker_auditentry SET {change.format(person=person.pk)} WHERE id = %s", entries[2].pk)
    assert f"entry {entries[2].pk} (" in trouble()
    assert "was altered" in trouble()


def test_an_altered_row_with_its_digest_made_to_fit_is_named_through_its_seal():
    entries = make_entries(5)
    entries[2].why = "nothing"
    with without_guards():
        sql(
            "UPDATE tracker_auditentry SET why = %s, digest = %s WHERE id = %s",
            "nothing",
            entries[2].computed_digest(),
            entries[2].pk,
        )
    assert f"entry {entries[2].pk} (" in trouble()


def test_a_missing_row_is_named():
    entries = make_entries(5)
    with without_guards():
        sql("DELETE FROM tracker_auditentry WHERE id = %s", entries[0].pk)
        assert f"entry {entries[0].pk} is missing" in trouble()
        assert "position 1" in trouble()


@pytest.mark.parametrize(
    "column", ["digest = 'x'", "chain = 'x'", "entry_id = 99999", "sealed_at = '2026-01-01'"]
)
def test_an_altered_seal_is_named(column: str):
    make_entries(5)
    with without_guards():
        sql(f"UPDATE tracker_auditseal SET {column} WHERE position = 3")
    assert "seal 3 (" in trouble()


def test_a_missing_seal_is_named():
    make_entries(5)
    with without_guards():
        sql("DELETE FROM tracker_auditseal WHERE position = 3")
    assert "seal 3 is missing" in trouble()


def test_a_chain_made_anew_does_not_lead_to_the_head_that_was_noted_down():
    entries = make_entries(5)
    head = AuditSeal.objects.head()
    noted = f"5:{head.chain[:16]}"
    assert "entries 5" in verified("--head", noted)
    with without_guards():
        sql("DELETE FROM tracker_auditseal")
        sql("DELETE FROM tracker_auditentry WHERE id = %s", entries[2].pk)
    seal([entry.pk for entry in entries])
    assert "entries 4" in verified()
    assert "a head at 5 was noted down" in trouble("--head", noted)
    make_entries(1)
    assert "but was noted down as" in trouble("--head", noted)


@pytest.mark.parametrize("head", ["5", "x:0123456789abcdef", "5:0123", "9" * 30 + ":0123456789abcdef"])
def test_a_head_that_is_none_is_refused(head: str):
    assert "--head is a position" in trouble("--head", head)


def test_an_entry_that_was_slipped_in_without_a_seal_is_named():
    make_entries(2)
    slipped_in = AuditEntry.objects.create(act="exported", at=datetime.now(UTC) - timedelta(days=20))
    assert f"entry {slipped_in.pk} (" in trouble()
    assert "has no seal" in trouble()


# --- keeping ---


def aged(days: list[int]) -> list[AuditEntry]:
    """Entries written and sealed so many days ago."""
    entries = []
    for ago in days:
        at = datetime.now(UTC) - timedelta(days=ago)
        entry = AuditEntry.objects.create(act="exported", at=at)
        head = AuditSeal.objects.head()
        link = AuditSeal(
            position=head.position + 1 if head else 1, entry=entry, digest=entry.digest, sealed_at=at
        )
        link.chain = link.computed_chain(head.chain if head else actions.BEGINNING)
        link.save()
        entries.append(entry)
    return entries


@pytest.mark.usefixtures("guarded")
def test_old_entries_go_and_the_chain_still_verifies():
    entries = aged([1200, 1100, 1000, 10])
    assert drop_old(datetime.now(UTC), kept_days=1096) == 2
    assert list(AuditEntry.objects.order_by("pk")) == entries[2:]
    assert "entries 2, seals 4, dropped when old 2" in verified()
    assert drop_old(datetime.now(UTC), kept_days=1096) == 0


def test_only_an_unbroken_beginning_is_dropped():
    entries = aged([1200, 10, 1150, 5])
    assert drop_old(datetime.now(UTC), kept_days=1096) == 1
    assert list(AuditEntry.objects.order_by("pk")) == entries[1:]


def test_entries_missing_before_their_time_are_not_taken_for_dropped_ones():
    entries = aged([150, 100, 10])
    with without_guards():
        sql("DELETE FROM tracker_auditentry WHERE id = %s", entries[0].pk)
    assert f"entry {entries[0].pk} is missing" in trouble()


def test_a_deployment_that_would_keep_entries_too_shortly_does_not_start():
    def start(days: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "import config.settings"],
            cwd=settings.BASE_DIR,
            env={"AUDIT_KEPT_DAYS": days},
            capture_output=True,
            text=True,
        )

    refused = start("182")
    assert refused.returncode != 0
    assert "AUDIT_KEPT_DAYS is 182: use at least 183." in refused.stderr
    assert start("183").returncode == 0
