"""What the database itself refuses, whoever asks it: changing the trail, and taking young entries out of it.

A migration that rebuilds one of the two tables on SQLite loses its triggers: it ends with `install`.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tracker.audit.rules import KEPT_AT_LEAST_DAYS

ENTRIES, SEALS = "tracker_auditentry", "tracker_auditseal"
UNALTERED = "The audit trail is append-only: nothing in it is changed."
KEPT = f"Entries of the audit trail are kept for at least {KEPT_AT_LEAST_DAYS} days."
SEALED = "Seals of the audit trail are never taken out."
# Name, table, act, which rows, and what the database says.
GUARDS = [
    ("audit_entry_unaltered", ENTRIES, "UPDATE", "", UNALTERED),
    ("audit_seal_unaltered", SEALS, "UPDATE", "", UNALTERED),
    ("audit_entry_kept", ENTRIES, "DELETE", "young", KEPT),
    ("audit_seal_kept", SEALS, "DELETE", "", SEALED),
]
BOTH = frozenset({"UPDATE", "DELETE"})
YOUNG = {
    "sqlite": f"OLD.at > strftime('%Y-%m-%d %H:%M:%S', 'now', '-{KEPT_AT_LEAST_DAYS} days')",
    "postgresql": f"OLD.at > now() - interval '{KEPT_AT_LEAST_DAYS} days'",
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on both tables; those that are there already are put anew."""
    remove(connection)
    on_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if on_postgresql:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION tracker_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN RAISE EXCEPTION ''%'', TG_ARGV[0]; END'"
            )
        for name, table, act, rows, words in GUARDS:
            when = f"WHEN ({YOUNG[connection.vendor]})" if rows else ""
            refuse = f"EXECUTE FUNCTION tracker_audit_refuse('{words}')"
            if not on_postgresql:
                refuse = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            cursor.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW {when} {refuse}")


def remove(connection: BaseDatabaseWrapper, acts: frozenset[str] = BOTH) -> None:
    """Take the triggers off again: all of them, or those that stand against one of the two acts."""
    with connection.cursor() as cursor:
        for name, table, act, _rows, _words in GUARDS:
            if act in acts:
                on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def put_on(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations."""
    install(schema_editor.connection)


def take_off(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations that are taken back."""
    remove(schema_editor.connection)
