"""What stood in a row at an earlier moment, rebuilt from what the trail says was there before each change.

Values are as the trail keeps them: plain, and without what it masks.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from tracker.audit.capture import Trail
from tracker.audit.models import AuditEntry

Values = dict[str, Any]
Act = AuditEntry.Act


def values_of(row: Model) -> Values:
    """What stands in a row now, as the trail would keep it."""
    trail = Trail.of(type(row))
    assert trail is not None
    return {
        field.name: trail.shown(field.name, getattr(row, field.attname)) for field in trail.fields(type(row))
    }


def values_at(row: Model, moment: datetime) -> Values | None:
    """What stood in the row at the moment; none when it was not there yet."""
    later = AuditEntry.objects.filter(table=row._meta.model_name, row=str(row.pk), at__gt=moment)
    return _undone(values_of(row), later.order_by("-at", "-pk"))


def rows_at(
    rows: QuerySet[Any], owner: str, owner_id: int, moment: datetime, *, have_moved: bool = False
) -> dict[str, Values]:
    """What stood at the moment in the rows of one owner, by id: also in those that are gone since.

    `rows` are those of the owner that are there now, `owner` the field that names it; `have_moved` says
    that rows may belong to another owner by now.
    """
    table = rows.model._meta.model_name or ""
    now: dict[str, Values | None] = {str(row.pk): values_of(row) for row in rows}
    gone = AuditEntry.objects.filter(
        act__in=[Act.DELETED, Act.CHANGED] if have_moved else [Act.DELETED],
        table=table,
        at__gt=moment,
        **{f"before__{owner}": owner_id},
    )
    ids = {*now, *gone.values_list("row", flat=True)}
    if have_moved:
        moved = [pk for pk in ids if pk not in now]
        now |= {str(row.pk): values_of(row) for row in rows.model._default_manager.filter(pk__in=moved)}
    entries = AuditEntry.objects.filter(table=table, row__in=ids, at__gt=moment).order_by("-at", "-pk")
    of_row: dict[str, list[AuditEntry]] = {}
    for entry in entries:
        of_row.setdefault(entry.row, []).append(entry)
    then = {pk: _undone(now.get(pk), of_row.get(pk, [])) for pk in ids}
    return {pk: values for pk, values in then.items() if values is not None and values[owner] == owner_id}


def _undone(values: Values | None, later: Iterable[AuditEntry]) -> Values | None:
    """The values without these changes, which are the latest first; none while the row is not there."""
    for entry in later:
        if entry.act == Act.CREATED:
            values = None
        elif entry.act == Act.DELETED:
            values = dict(entry.before)
        elif entry.act == Act.CHANGED and values is not None:
            values = {**values, **entry.before}
    return values


def added_at(row: Model) -> datetime | None:
    """When the row was added; none where the trail does not say so, or no longer."""
    return _earliest(AuditEntry.objects.filter(table=row._meta.model_name, row=str(row.pk), act=Act.CREATED))


def trail_since() -> datetime | None:
    """Since when no entry is missing: they are dropped from the oldest on; none while the trail is empty."""
    return _earliest(AuditEntry.objects.all())


def _earliest(entries: QuerySet[AuditEntry]) -> datetime | None:
    return entries.order_by("at", "pk").values_list("at", flat=True).first()
