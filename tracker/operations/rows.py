"""Tables as lines of JSON, the same from every database, and back; by the schema of any migration."""

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.apps.registry import Apps
from django.core.exceptions import ValidationError
from django.db import connections, models
from django.db.migrations.loader import MigrationLoader
from django.db.models.sql import DeleteQuery, InsertQuery
from django.db.models.sql.constants import NO_RESULTS
from django.utils.duration import duration_iso_string

# What must not outlive a restore: who was signed in, who was locked out, keys that work once, and the signs
# of life of a machine that is gone.
LEFT_OUT = frozenset(
    {
        *("sessions.session", "usersessions.usersession", "tracker.visit"),
        *("tracker.signinattempt", "account.emailconfirmation"),
    }
)
LEFT_OUT_APPS = frozenset({"axes"})
SIGNS_OF_LIFE = frozenset({"tracker.heartbeat"})
# What migrations fill in before anybody has done anything; a database with only this is empty.
FILLED_BY_MIGRATIONS = frozenset(
    {
        *("contenttypes.contenttype", "auth.permission"),
        *("tracker.division", "tracker.industry", "tracker.badgepolicy"),
    }
)
# Few enough to be small in memory, though a row may be a mail, or a workbook.
ROWS_AT_ONCE, ROWS_WITH_FILES_AT_ONCE = 200, 2

Node = tuple[str, str]


class NotARow(Exception):
    """A value in a backup that its column cannot hold."""


@dataclass(frozen=True)
class Table:
    """A table of the database, by the schema that it has or had."""

    model: type[models.Model]

    @property
    def label(self) -> str:
        """Its name in backups: "tracker.project"."""
        return self.model._meta.label_lower

    @property
    def fields(self) -> list[Any]:
        """The columns that are kept; the database works out the others itself."""
        return [field for field in self.model._meta.local_concrete_fields if not field.generated]

    @property
    def is_kept(self) -> bool:
        """Whether a backup has it."""
        return self.label not in LEFT_OUT | SIGNS_OF_LIFE and self.model._meta.app_label not in LEFT_OUT_APPS

    @property
    def at_once(self) -> int:
        """How many rows are in memory together."""
        has_files = any(isinstance(field, models.BinaryField) for field in self.fields)
        return ROWS_WITH_FILES_AT_ONCE if has_files else ROWS_AT_ONCE

    def count(self, alias: str) -> int:
        """How many rows it has."""
        return self.model._base_manager.using(alias).count()

    def lines(self, alias: str) -> Iterator[bytes]:
        """Every row as a line, by primary key."""
        names = [field.attname for field in self.fields]
        rows = self.model._base_manager.using(alias).order_by("pk").values_list(*names)
        for row in rows.iterator(self.at_once):
            yield line_of(row)

    def put(self, rows: Iterable[Sequence[Any]], alias: str) -> int:
        """Add rows as they were, past everything that would alter or notice them; how many."""
        connection, fields, put = connections[alias], self.fields, 0
        statement, rows = self._insertion(alias), iter(rows)
        with connection.cursor() as cursor:
            while some := list(islice(rows, self.at_once)):
                prepared = [
                    [
                        field.get_db_prep_save(self._value(field, value), connection)
                        for field, value in zip(fields, row, strict=True)
                    ]
                    for row in some
                ]
                cursor.executemany(statement, prepared)
                put += len(some)
        return put

    def _insertion(self, alias: str) -> str:
        """The statement that adds a row, as Django writes it for this database."""
        query = InsertQuery(self.model)
        nothing: dict[str, Any] = {field.attname: None for field in self.fields}
        query.insert_values(self.fields, [self.model(**nothing)], raw=True)
        [(statement, _)] = query.get_compiler(alias).as_sql()
        return str(statement)

    def _value(self, field: Any, value: Any) -> Any:
        if value is None or isinstance(field, models.JSONField):
            return value
        try:
            if isinstance(field, models.BinaryField):
                return base64.b64decode(value, validate=True)
            return field.to_python(value)
        except (ValidationError, ValueError, TypeError) as wrong:
            raise NotARow(f"{self.label}: {field.column} cannot be {str(value)[:40]!r}") from wrong

    def empty(self, alias: str) -> None:
        """Take out every row; who refers to them is asked only at the end of the transaction."""
        DeleteQuery(self.model).get_compiler(alias).execute_sql(NO_RESULTS)


def tables_of(apps: Apps) -> list[Table]:
    """Every table of the installed apps, in the order of their names."""
    found = [
        Table(model)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not model._meta.swapped
    ]
    return sorted(found, key=lambda table: table.label)


def line_of(row: Sequence[Any]) -> bytes:
    """A row as a line that is the same whatever database it came from."""
    words = json.dumps(
        row, default=_plain, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")
    )
    return words.encode("utf-8", "surrogatepass") + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, timedelta):
        return duration_iso_string(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"no way to keep a {type(value).__name__}")


def latest_migrations(loader: MigrationLoader) -> list[Node]:
    """The applied migrations that no other applied one of the same app builds upon."""
    applied = {node for node in loader.applied_migrations if node in loader.graph.nodes}
    return sorted(
        node
        for node in applied
        if not any(
            child.key in applied and child.key[0] == node[0] for child in loader.graph.node_map[node].children
        )
    )


def schema_at(loader: MigrationLoader, nodes: list[Node]) -> Apps:
    """The tables as they are when these migrations are applied, whatever the code has become since."""
    return loader.project_state(nodes, at_end=True).apps
