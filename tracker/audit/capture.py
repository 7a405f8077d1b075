"""Every change of a row is written down where it is made, in the same transaction: also those made in bulk.

A table that deserves a trail derives from `Audited` and its queryset from `AuditedQuerySet`. Whatever is done
through them costs the same few queries more for one row as for two hundred.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

from django.db import models, router, transaction
from django.db.models import Field, Model
from django.db.models.deletion import Collector

from tracker.audit.actions import write
from tracker.audit.models import AuditEntry
from tracker.audit.values import plain
from tracker.scope import ScopedQuerySet

Act = AuditEntry.Act
# As many ids as both databases take in one question.
IDS_AT_ONCE = 10_000


class CannotBeRecorded(Exception):
    """The database would not say which rows it has written."""


@dataclass(frozen=True)
class Trail:
    """What the trail keeps of a table: all but what is masked, and what only follows from something else."""

    # Fields of which the trail must not keep the value, and what it says instead.
    masked: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    left_out: Collection[str] = ()

    @staticmethod
    def of(model: type[Model]) -> "Trail | None":
        """A table's trail; none for one without, and for a migration's image of one."""
        trail = getattr(model, "trail", None)
        return trail if isinstance(trail, Trail) else None

    def fields(self, model: type[Model], names: Iterable[str] | None = None) -> list["Field[Any, Any]"]:
        """The columns that are kept, of all or of those named."""
        columns = [column for column in model._meta.concrete_fields if not column.primary_key]
        if names is not None:
            wanted = set(names)
            columns = [column for column in columns if wanted & {column.name, column.attname}]
        return [column for column in columns if column.name not in self.left_out]

    def shown(self, name: str, value: Any) -> Any:
        """A field's value as the trail keeps it."""
        return self.masked[name](value) if name in self.masked else plain(value)


@dataclass(frozen=True)
class Seen:
    """What stood in a row, and where the row lay."""

    place: str
    values: dict[str, Any]


Rows = dict[Any, Seen]


def look(rows: models.QuerySet[Any], columns: Sequence["Field[Any, Any]"]) -> Rows:
    """What stands in these rows now, in one query."""
    scoped = cast("type[ScopedQuerySet]", type(rows.model._default_manager.all()))
    found = rows.order_by("pk").annotate(trail_place=scoped.place())
    shown = found.only("pk", *(column.name for column in columns))
    return {
        row.pk: Seen(row.trail_place, {column.name: getattr(row, column.attname) for column in columns})
        for row in shown
    }


def look_at(
    model: type[Model], pks: Collection[Any], columns: Sequence["Field[Any, Any]"], using: str
) -> Rows:
    """What stands in the rows with these ids."""
    seen: Rows = {}
    ids = list(pks)
    for start in range(0, len(ids), IDS_AT_ONCE):
        rows = model._base_manager.using(using).filter(pk__in=ids[start : start + IDS_AT_ONCE])
        seen |= look(rows, columns)
    return seen


def entries(model: type[Model], before: Rows, after: Rows) -> Iterator[AuditEntry]:
    """An entry for each row that is new, gone, or not as it was."""
    trail = Trail.of(model)
    assert trail is not None
    for pk in [*before, *(pk for pk in after if pk not in before)]:
        was, now = before.get(pk), after.get(pk)
        there = was or now
        assert there is not None
        changed = [name for name in there.values if not (was and now) or was.values[name] != now.values[name]]
        if was and now and not changed:
            continue
        yield AuditEntry(
            act=Act.CHANGED if was and now else Act.CREATED if now else Act.DELETED,
            table=model._meta.model_name or "",
            row=str(pk),
            before={name: trail.shown(name, was.values[name]) for name in changed} if was else {},
            after={name: trail.shown(name, now.values[name]) for name in changed} if now else {},
            place=there.place,
        )


class AuditedQuerySet(ScopedQuerySet):
    """Rows whose every change is written down."""

    def update(self, **kwargs: Any) -> int:
        """Change these rows; each that is different afterwards gets its entry."""
        trail = Trail.of(self.model)
        columns = trail.fields(self.model, kwargs) if trail else []
        if not columns:
            return super().update(**kwargs)
        with transaction.atomic(using=self.db, savepoint=False):
            before = look(self._held(), columns)
            # Only what was looked at: a row that has come to match meanwhile is left as if it had come later.
            changed = models.QuerySet.update(self.filter(pk__in=list(before)), **kwargs) if before else 0
            self._result_cache = None
            self._write(before, columns)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Change many rows, each in its own way."""
        trail = Trail.of(self.model)
        rows, names = list(objs), list(fields)
        columns = trail.fields(self.model, names) if trail else []
        plainly: models.QuerySet[Any] = models.QuerySet(
            model=self.model, query=self.query.chain(), using=self.db
        )
        if not columns or not rows:
            return plainly.bulk_update(rows, names, batch_size=batch_size)
        with transaction.atomic(using=self.db, savepoint=False):
            before = look(self.filter(pk__in=[row.pk for row in rows])._held(), columns)
            changed = plainly.bulk_update(rows, names, batch_size=batch_size)
            self._write(before, columns)
        return changed

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Add many rows, each with its entry."""
        trail = Trail.of(self.model)
        if trail is None:
            return super().bulk_create(objs, *args, **kwargs)
        if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise CannotBeRecorded(self.model._meta.label)
        with transaction.atomic(using=self.db, savepoint=False):
            made = super().bulk_create(objs, *args, **kwargs)
            columns = trail.fields(self.model)
            after = look_at(self.model, [row.pk for row in made], columns, self.db)
            write(entries(self.model, {}, after), using=self.db)
        return made

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Take these rows out, with all that goes with them."""
        with transaction.atomic(using=self.db, savepoint=False):
            record_deletion(self.order_by(), self.db)
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _held(self) -> Self:
        """These rows, held until the transaction ends: what is looked at is what is changed."""
        query = self.query
        is_odd = query.values_select or query.annotation_select or query.distinct or query.group_by
        rows = self if not is_odd else self.model._base_manager.filter(pk__in=self.order_by().values("pk"))
        rows = rows.using(self.db).select_related(None).prefetch_related(None).defer(None)
        return cast("Self", rows.select_for_update(of=("self",), no_key=True))

    def _write(self, before: Rows, columns: Sequence["Field[Any, Any]"]) -> None:
        after = look_at(self.model, list(before), columns, self.db)
        write(entries(self.model, before, after), using=self.db)


class Audited(Model):
    """A row whose every change is written down."""

    trail: ClassVar[Trail] = Trail()

    class Meta:
        abstract = True

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the row and what was changed in it; every way of saving one row comes through here."""
        model = type(self)
        using = using or router.db_for_write(model, instance=self)
        columns = self.trail.fields(model, update_fields)

        def write_row() -> None:
            super(Audited, self).save_base(raw, force_insert, force_update, using, update_fields)

        if not columns:
            return write_row()
        with transaction.atomic(using=using, savepoint=False):
            before: Rows = {}
            if self.pk is not None and not force_insert:
                there = model._base_manager.using(using).filter(pk=self.pk)
                before = look(there.select_for_update(of=("self",), no_key=True), columns)
            write_row()
            if not before:
                columns = self.trail.fields(model)
            write(entries(model, before, look_at(model, [self.pk], columns, using)), using=using)
        return None

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Take the row out, with all that goes with it."""
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            record_deletion([self], using)
            return super().delete(using=using, keep_parents=keep_parents)


def record_deletion(rows: Any, using: str) -> None:
    """Write down what taking these rows out takes along, or empties, elsewhere."""
    collector = Collector(using=using, origin=rows)
    collector.collect(rows)
    gone: dict[type[Model], set[Any]] = {}
    for model, instances in collector.data.items():
        gone.setdefault(model, set()).update(row.pk for row in instances)
    for also in collector.fast_deletes:
        gone.setdefault(also.model, set()).update(also.values_list("pk", flat=True))
    found: list[AuditEntry] = []
    for model, pks in gone.items():
        if trail := Trail.of(model):
            there = look_at(model, pks, trail.fields(model), using)
            found += entries(model, there, {})
    emptied: Any = collector.field_updates
    for (column, value), groups in emptied.items():
        model = column.model
        trail = Trail.of(model)
        columns = trail.fields(model, [column.name]) if trail else []
        pks = {row.pk for group in groups for row in group} - gone.get(model, set())
        if columns and pks:
            before = look_at(model, pks, columns, using)
            after = {pk: Seen(seen.place, {column.name: value}) for pk, seen in before.items()}
            found += entries(model, before, after)
    write(found, using=using)
