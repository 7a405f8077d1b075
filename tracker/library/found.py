"""Names, codes and badges keep what lists search and sort by beside them, whichever way a row is written.

These columns follow from others and are in nobody's hands. A project is also found by its enterprise's names,
so a new name of the enterprise is written beside its projects.
"""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import Min, OuterRef, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce

from tracker.audit.capture import AuditedQuerySet
from tracker.library import finding

# The rank of an enterprise whose projects carry no badge worse than any: it has no project.
NO_PROJECT = 5
AT_ONCE = 500
IDS_AT_ONCE = 10_000


class Found(models.Model):
    """A record that is found by its names, their pinyin and its codes."""

    # What a way of writing must touch so that the kept columns change, and these.
    written_from: ClassVar[frozenset[str]]
    kept_columns: ClassVar[tuple[str, ...]]

    pinyin = models.CharField(max_length=finding.LONGEST_PINYIN, default="", editable=False)
    initials = models.CharField(max_length=finding.LONGEST_INITIALS, default="", editable=False)
    found_by = models.TextField(default="", editable=False)

    class Meta:
        abstract = True

    def note_keys(self) -> None:
        """Work out by what the record is found now."""
        raise NotImplementedError

    def touches_keys(self, fields: Collection[str] | None) -> bool:
        """Whether writing these fields (all of them, if none is named) writes what it is found by."""
        return fields is None or bool(self.written_from.intersection(fields))

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Write the row with what it is found by."""
        written = None if update_fields is None else set(update_fields)
        if self.touches_keys(written):
            self.note_keys()
            written = written and written | set(self.kept_columns)
        super().save(*args, update_fields=written, **kwargs)


class FoundRows(AuditedQuerySet):
    """Rows that are found by their names, written many at once."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Add rows with what they are found by."""
        rows = list(objs)
        self._note_keys(rows)
        return super().bulk_create(rows, *args, **kwargs)

    bulk_create.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Change rows, each in its own way, and what they are found by."""
        rows, names = list(objs), list(fields)
        if self.model.written_from.intersection(names):
            self._note_keys(rows)
            names += [name for name in self.model.kept_columns if name not in names]
        return super().bulk_update(rows, names, batch_size=batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        """Change these rows alike, and what they are found by."""
        if not self.model.written_from.intersection(kwargs):
            return super().update(**kwargs)
        with transaction.atomic(using=self.db, savepoint=False):
            ids = list(self.order_by().values_list("pk", flat=True))
            changed = super().update(**kwargs)
            self.model._default_manager.filter(pk__in=ids).keep_keys()
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def keep_keys(self) -> None:
        """Write anew what these rows are found by."""
        for rows in self._in_batches():
            self._note_keys(rows)
            self.model._default_manager.bulk_update(rows, self.model.kept_columns)

    def _in_batches(self) -> Iterable[list[Any]]:
        last = 0
        while rows := list(self.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
            yield rows
            last = rows[-1].pk

    def _note_keys(self, rows: list[Any]) -> None:
        for row in rows:
            row.note_keys()


class FoundEnterprises(FoundRows):
    """Enterprises: what one is found by, its projects are found by too."""

    def _note_keys(self, rows: list[Any]) -> None:
        prefetch_related_objects([row for row in rows if row.pk], "former_names")
        super()._note_keys(rows)

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Change rows; their projects are found by the new names."""
        rows, names = list(objs), list(fields)
        with transaction.atomic(using=self.db, savepoint=False):
            changed = super().bulk_update(rows, names, batch_size=batch_size)
            if {*self.model.written_from, "found_by"}.intersection(names):
                keep_keys_of_projects([row.pk for row in rows])
        return changed

    bulk_update.alters_data = True  # type: ignore[attr-defined]


class FoundEnterprise(Found):
    """An enterprise: found by its names and its credit code, put in order by name or by its worst badge."""

    written_from = frozenset({"name", "credit_code"})
    kept_columns = ("pinyin", "initials", "found_by")

    # The worst badge of its projects as a place in WORST_FIRST.
    worst_rank = models.PositiveSmallIntegerField(default=NO_PROJECT, editable=False)

    class Meta:
        abstract = True

    def note_keys(self) -> None:
        """By its names, former ones among them, and its credit code."""
        record: Any = self
        former = record.former_names.all() if record.pk else ()
        names = [record.name, *(one.name for one in former)]
        record.pinyin, record.initials = finding.pinyin(record.name), finding.initials(record.name)
        keys = [key for name in names for key in finding.keys_of_name(name)]
        record.found_by = finding.document([*keys, record.credit_code])

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Write the row; its projects are found by a new name of it."""
        before, written = self.found_by, None if update_fields is None else set(update_fields)
        if self.touches_keys(written):
            self.note_keys()
        is_renamed = bool(before) and self.found_by != before
        with transaction.atomic(savepoint=False):
            if is_renamed:
                # Projects first, as whoever judges them does, so that nobody waits for ever.
                list(_held(_projects().filter(enterprise=self.pk)))
            super().save(*args, update_fields=written, **kwargs)
            if is_renamed:
                keep_keys_of_projects([self.pk])


class FoundProjects(FoundRows):
    """Projects: what happens to them shows in their enterprise's worst badge."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Add projects."""
        made = super().bulk_create(objs, *args, **kwargs)
        keep_worst_badges({row.enterprise_id for row in made})
        return made

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        """Change projects; their badge, or whose they are, shows at the enterprise."""
        if not {"badge", "enterprise", "enterprise_id"}.intersection(kwargs):
            return super().update(**kwargs)
        with transaction.atomic(using=self.db, savepoint=False):
            # Both those whose they were and those whose they will be.
            concerned = dict(self.order_by().values_list("pk", "enterprise"))
            changed = super().update(**kwargs)
            owners = set(concerned.values())
            if {"enterprise", "enterprise_id"}.intersection(kwargs):
                moved = self.model._default_manager.filter(pk__in=list(concerned))
                owners |= set(moved.values_list("enterprise", flat=True))
            keep_worst_badges(owners)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Take projects out."""
        with transaction.atomic(using=self.db, savepoint=False):
            owners = set(self.order_by().values_list("enterprise", flat=True))
            gone = super().delete()
            keep_worst_badges(owners)
        return gone

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _note_keys(self, rows: list[Any]) -> None:
        """An enterprise that is not at hand is fetched with the others, not one by one."""
        lacking = [row for row in rows if not row._meta.get_field("enterprise").is_cached(row)]
        enterprises = _enterprises().in_bulk({row.enterprise_id for row in lacking})
        for row in lacking:
            row.enterprise = enterprises[row.enterprise_id]
        super()._note_keys(rows)


class FoundProject(Found):
    """A project: found by its name and code and by its enterprise."""

    written_from = frozenset({"name", "code", "enterprise", "enterprise_id"})
    kept_columns = ("pinyin", "initials", "found_by", "enterprise_pinyin")

    enterprise_pinyin = models.CharField(max_length=finding.LONGEST_PINYIN, default="", editable=False)

    class Meta:
        abstract = True

    def note_keys(self) -> None:
        """By its name, its code, and whatever its enterprise is found by."""
        record: Any = self
        record.pinyin, record.initials = finding.pinyin(record.name), finding.initials(record.name)
        own = finding.document([*finding.keys_of_name(record.name), record.code])
        record.found_by = f"{own}\n{record.enterprise.found_by}"
        record.enterprise_pinyin = record.enterprise.pinyin

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Write the row; a project that is new, or has come from elsewhere, shows at its enterprise."""
        record: Any = self
        is_new = record._state.adding
        written = None if update_fields is None else set(update_fields)
        shows = written is None or bool(written & {"badge", "enterprise", "enterprise_id"})
        with transaction.atomic(savepoint=False):
            owners = set()
            if shows and not is_new:
                owners = set(_projects().filter(pk=record.pk).values_list("enterprise", flat=True))
            super().save(*args, update_fields=written, **kwargs)
            if shows:
                keep_worst_badges(owners | {record.enterprise_id})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Take it out."""
        record: Any = self
        owner = record.enterprise_id
        with transaction.atomic(savepoint=False):
            gone = super().delete(*args, **kwargs)
            keep_worst_badges({owner})
        return gone


def keep_worst_badges(enterprises: Collection[int]) -> None:
    """Write beside enterprises the worst badge of their projects."""
    from tracker.library.models import BADGE_RANK

    ids = [pk for pk in sorted(enterprises) if pk is not None]
    of_enterprise = _projects().filter(enterprise=OuterRef("pk")).order_by().values("enterprise")
    worst = of_enterprise.annotate(worst=Min(BADGE_RANK)).values("worst")
    for start in range(0, len(ids), IDS_AT_ONCE):
        rows = _enterprises().filter(pk__in=ids[start : start + IDS_AT_ONCE])
        # Held first: what is counted then is what others have written before.
        list(_held(rows))
        rows.update(worst_rank=Coalesce(Subquery(worst), NO_PROJECT))


def keep_keys_of_projects(enterprises: Collection[int]) -> None:
    """Write anew what the enterprises' projects are found by."""
    _projects().filter(enterprise__in=list(enterprises)).select_related("enterprise").keep_keys()


def _held(rows: Any) -> Any:
    return rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)


def _enterprises() -> Any:
    return apps.get_model("tracker", "Enterprise")._default_manager.all()


def _projects() -> Any:
    return apps.get_model("tracker", "Project")._default_manager.all()
