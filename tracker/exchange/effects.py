"""What taking a table has done, row by row; and taking it back while nobody has touched any of it.

A row's effect keeps what stood there before and the fingerprint of how the table left it. Undoing is all or
nothing: a single row that is not as the table left it, or that something else rests on, keeps everything.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, Field, Max, Model, OuterRef, QuerySet

from tracker.accounts.models import User
from tracker.audit.context import because
from tracker.audit.models import AuditEntry
from tracker.audit.values import digest_of, plain
from tracker.badges.actions import withdraw_badges
from tracker.badges.models import Award
from tracker.calendars.periods import HalfMonth
from tracker.exchange.models import ImportBatch, ImportEffect
from tracker.inspections.actions import assess
from tracker.inspections.models import Cycle, Inspection
from tracker.library.models import AnnualPlan, Division, Enterprise, Industry, Project
from tracker.library.records import FormerName, StageChange, TotalChange

AT_ONCE = 500
# What a table writes to, in the order in which it can be taken back.
TABLES: Mapping[str, type[Model]] = {
    model._meta.model_name or "": model
    for model in (
        *(Inspection, AnnualPlan, Award, StageChange, TotalChange, FormerName),
        *(Project, Enterprise, Division, Industry),
    )
}
# What is written down by itself when a table changes a stage, a total or a name, and whose it is.
LOGS: Mapping[type[Model], str] = {
    StageChange: "project__county",
    TotalChange: "project__county",
    FormerName: "enterprise__county",
}
# What follows from other rows, and changes without anybody having touched this one.
FOLLOWS = {
    "enterprise": {"worst_rank", *Enterprise.kept_columns},
    "project": {"badge", "badge_cycle_start", *Project.kept_columns},
    "award": {"state"},
    "division": {"path"},
}
# Places and industries that others use meanwhile simply stay.
SHARED = ("division", "industry")
TOUCHED_TOLD = 50


@dataclass(frozen=True)
class Touched:
    """A row that is no longer as the table has left it: what it is, and who has touched it when."""

    table: str
    name: str
    who: str
    at: datetime | None


class TouchedSince(Exception):
    """Something rests on what the table has brought; `rows` says what, the first of them."""

    def __init__(self, rows: list[Touched]) -> None:
        super().__init__(rows)
        self.rows = rows


class NotTaken(Exception):
    """There is nothing to undo: the table was not taken, is undone already, or its effects are forgotten."""


def _columns(model: type[Model]) -> "list[Field[Any, Any]]":
    left_out = FOLLOWS.get(model._meta.model_name or "", set())
    return [
        column
        for column in model._meta.concrete_fields
        if not column.primary_key and column.name not in left_out
    ]


def _last(model: type[Model]) -> int:
    last: int | None = model._default_manager.aggregate(last=Max("pk"))["last"]
    return last or 0


def _values(row: Model, columns: "Iterable[Field[Any, Any]]") -> dict[str, Any]:
    return {column.attname: plain(getattr(row, column.attname)) for column in columns}


def _rows(model: type[Model], pks: Collection[Any]) -> Iterator[Model]:
    ids = sorted(pks)
    for first in range(0, len(ids), AT_ONCE):
        yield from model._default_manager.filter(pk__in=ids[first : first + AT_ONCE])


def _number(model: type[Model], pk: Any) -> int:
    """A row's id as a number; an industry's is its code, whose first digit may be a nought."""
    return int(f"1{pk}") if model is Industry else int(pk)


def _id(model: type[Model], number: int) -> Any:
    return str(number)[1:] if model is Industry else number


class Recording:
    """Remembers what stood there while a table is being taken, and keeps the difference."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch
        self.before: dict[type[Model], dict[Any, dict[str, Any]]] = {}
        self.new: dict[type[Model], set[Any]] = {}
        self.last = {model: _last(model) for model in LOGS}

    def look(self, model: type[Model], pks: Collection[Any]) -> None:
        """These rows may change, unless they are new themselves."""
        columns = _columns(model)
        seen = self.before.setdefault(model, {})
        unseen = set(pks) - set(seen) - self.new.get(model, set())
        seen.update({row.pk: _values(row, columns) for row in _rows(model, unseen)})

    def added(self, model: type[Model], pks: Iterable[Any]) -> None:
        """These rows are new."""
        self.new.setdefault(model, set()).update(set(pks) - set(self.before.get(model, ())))

    def keep(self) -> None:
        """Write down what is different, or new, by now."""
        for model, county in LOGS.items():
            here = {county: self.batch.county_id, "pk__gt": self.last[model]}
            self.added(model, model._default_manager.filter(**here).values_list("pk", flat=True))
        effects = []
        for name, model in TABLES.items():
            columns = _columns(model)
            before, new = self.before.get(model, {}), self.new.get(model, set())
            for row in _rows(model, {*before, *new}):
                now = _values(row, columns)
                was = before.get(row.pk)
                if was == now:
                    continue
                kept = None if was is None else {key: was[key] for key in was if was[key] != now[key]}
                effects.append(
                    ImportEffect(
                        batch=self.batch,
                        table=name,
                        row=_number(model, row.pk),
                        before=kept,
                        after=digest_of(now),
                    )
                )
        ImportEffect.objects.bulk_create(effects, batch_size=AT_ONCE)


def judged_by(batch: ImportBatch) -> list[int]:
    """The projects (by id, in order) whose badges may be others through the table."""
    inspected = Inspection.objects.filter(pk__in=_effects(batch, Inspection).values("row"))
    changed = _effects(batch, Project).values_list("row", flat=True)
    return sorted({*inspected.values_list("project", flat=True), *changed})


# --- undoing ---


@transaction.atomic
def undo_batch(batch: ImportBatch, *, by: User | None, at: datetime) -> None:
    """Take back all that the table has brought, once however often it is asked for."""
    taken = ImportBatch.objects.filter(
        pk=batch.pk, state__in=[ImportBatch.State.TAKEN, ImportBatch.State.UNDOING]
    )
    undone = {"state": ImportBatch.State.UNDONE, "undone_at": at, "undone_by": by, "claimed_at": None}
    if not batch.effects.exists() or not taken.update(**undone, trouble={}):
        raise NotTaken(batch)
    # The same turns as whoever takes a table or judges the county's badges.
    Division.objects.select_for_update().get(pk=batch.county_id)
    list(Project.objects.filter(county=batch.county_id).select_for_update().order_by("pk").values_list("pk"))
    if touched := touched_since(batch):
        raise TouchedSince(touched)
    with because(batch.filename[-200:]):
        _Undoing(batch).take_back(at)


def touched_since(batch: ImportBatch) -> list[Touched]:
    """What somebody has done since to anything that the table has brought; the first of it."""
    found: list[Touched] = []
    for part in (_closed_since, _not_as_left, _resting_on, _inspected_later):
        found += part(batch)
        if len(found) >= TOUCHED_TOLD:
            break
    return found[:TOUCHED_TOLD]


def _told(model: type[Model], pk: Any) -> Touched:
    """A row with who was at it last."""
    name = model._meta.model_name or ""
    row = model._default_manager.filter(pk=pk).first()
    last = (
        AuditEntry.objects.filter(table=name, row=str(pk))
        .select_related("actor")
        .order_by("-at", "-pk")
        .first()
    )
    subject = getattr(row, "project", row)
    who = last.actor.name if last and last.actor else last.system if last else ""
    return Touched(name, str(subject or f"#{pk}"), who, last.at if last else None)


def _effects(batch: ImportBatch, model: type[Model], *, is_new: bool | None = None) -> QuerySet[ImportEffect]:
    effects = ImportEffect.objects.filter(batch=batch, table=model._meta.model_name)
    return effects if is_new is None else effects.filter(before__isnull=is_new)


def _closed_since(batch: ImportBatch) -> list[Touched]:
    """A half-month that was closed or skipped with the table's figures is over."""
    assert batch.cycle_start is not None, "a table that was taken has a half-month"
    cycles = Cycle.objects.filter(county=batch.county_id, start=batch.cycle_start)
    over = cycles.exclude(state=Cycle.State.OPEN).exclude(closed_at__lt=batch.taken_at)
    return [_told(Cycle, pk) for pk in over.values_list("pk", flat=True)]


def _not_as_left(batch: ImportBatch) -> Iterator[Touched]:
    """Rows whose fingerprint is another one, and those that are gone."""
    for name, model in TABLES.items():
        if name in SHARED:
            continue
        columns = _columns(model)
        left = dict(_effects(batch, model).values_list("row", "after"))
        for row in _rows(model, left):
            if digest_of(_values(row, columns)) == left[row.pk]:
                del left[row.pk]
        for pk in list(left)[:TOUCHED_TOLD]:
            yield _told(model, pk)


def _resting_on(batch: ImportBatch) -> Iterator[Touched]:
    """What points at a row that would go, and did not come with the table."""
    for model in (Inspection, Project, Enterprise):
        going = _effects(batch, model, is_new=True).values("row")
        for relation in model._meta.get_fields(include_hidden=True):
            other = relation.related_model
            is_pointing = relation.auto_created and not relation.concrete
            if not is_pointing or not isinstance(other, type) or relation.many_to_many:
                continue
            field = relation.remote_field.name  # type: ignore[union-attr]  # a relation has its other end
            rows = other._base_manager.filter(**{f"{field}__in": going})
            if other is Award:
                # Judged anew meanwhile, it goes with its project; confirmed by somebody, it stays.
                rows = rows.filter(confirmed_by__isnull=False)
            else:
                rows = rows.exclude(pk__in=_effects(batch, other, is_new=True).values("row"))
            for pk in rows.order_by("pk").values_list("pk", flat=True)[:TOUCHED_TOLD]:
                yield _told(other, pk)


def _inspected_later(batch: ImportBatch) -> Iterator[Touched]:
    """Later half-months that somebody has reported on since, knowing what the table said."""
    changed = _effects(batch, Inspection).values("row")
    projects = Inspection.objects.filter(pk__in=changed).values("project")
    later = Inspection.objects.filter(
        project__in=projects, cycle_start__gt=batch.cycle_start, submitted_at__gte=batch.taken_at
    )
    for pk in later.order_by("pk").values_list("pk", flat=True)[:TOUCHED_TOLD]:
        yield _told(Inspection, pk)
    mine = AnnualPlan.objects.filter(pk__in=_effects(batch, AnnualPlan).values("row"))
    newer = mine.filter(project=OuterRef("project"), year=OuterRef("year"), version__lt=OuterRef("version"))
    for pk in AnnualPlan.objects.filter(Exists(newer)).values_list("pk", flat=True)[:TOUCHED_TOLD]:
        yield _told(AnnualPlan, pk)


class _Undoing:
    """Goes through the effects of one batch, what rests on others first."""

    def __init__(self, batch: ImportBatch) -> None:
        self.batch = batch
        assert batch.cycle_start is not None, "a table that was taken has a half-month"
        self.half_month = HalfMonth.starting(batch.cycle_start)

    def new(self, model: type[Model]) -> QuerySet[Any]:
        rows: QuerySet[Any] = model._default_manager.filter(
            pk__in=_effects(self.batch, model, is_new=True).values("row")
        )
        return rows

    def take_back(self, at: datetime) -> None:
        judged = self._judged_before()
        self.new(Inspection).delete()
        self._restore(Inspection)
        self.new(AnnualPlan).delete()
        for log in LOGS:
            self.new(log).delete()
        Award.objects.filter(project__in=self.new(Project).values("pk")).delete()
        last = _last(FormerName)
        for model in (Project, Enterprise):
            self._restore(model)
            self.new(model).delete()
        self._forget_names_of_the_table(last)
        self._judge_again(judged, at)
        self._clear_shared()

    def _restore(self, model: type[Model]) -> None:
        effects = _effects(self.batch, model, is_new=False)
        columns = {column.attname: column for column in _columns(model)}
        kept = {row: before or {} for row, before in effects.values_list("row", "before")}
        rows, names = [], set()
        for row in _rows(model, kept):
            for attname, value in kept[row.pk].items():
                column = columns[attname]
                setattr(row, attname, value if value is None else column.to_python(value))
                names.add(column.name)
            rows.append(row)
        if names:
            model._default_manager.bulk_update(rows, sorted(names), batch_size=200)

    def _forget_names_of_the_table(self, last: int) -> None:
        """A name that only the table gave was never a name: it does not become a former one."""
        enterprises = Enterprise.objects.filter(pk__in=_effects(self.batch, Enterprise).values("row"))
        FormerName.objects.filter(pk__gt=last, enterprise__in=enterprises).delete()
        enterprises.keep_keys()

    def _judged_before(self) -> dict[bool, list[int]]:
        """The projects that stay and were judged with the table, by whether they had a badge here before."""
        mine = _effects(self.batch, Award, is_new=True).values("row")
        awards = Award.objects.filter(pk__in=mine).exclude(project__in=self.new(Project).values("pk"))
        earlier = Award.objects.filter(
            project=OuterRef("project"), cycle_start=self.half_month.start
        ).exclude(pk__in=mine)
        judged: dict[bool, list[int]] = {True: [], False: []}
        found = awards.annotate(had_one=Exists(earlier)).order_by().values_list("project", "had_one")
        for project, had_one in set(found):
            judged[had_one].append(project)
        return judged

    def _judge_again(self, judged: Mapping[bool, list[int]], at: datetime) -> None:
        county = self.batch.county
        if judged[True]:
            assess(Project.objects.filter(pk__in=judged[True]), county, self.half_month, at=at)
        if not judged[False]:
            return
        withdraw_badges(self.half_month, judged[False])
        later = Award.objects.standing().filter(
            project__in=judged[False], cycle_start__gt=self.half_month.start
        )
        first: dict[int, Any] = {}
        for project, start in later.order_by("-cycle_start").values_list("project", "cycle_start"):
            first[project] = start
        for start in sorted(set(first.values())):
            projects = [project for project, begins in first.items() if begins == start]
            assess(Project.objects.filter(pk__in=projects), county, HalfMonth.starting(start), at=at)

    def _clear_shared(self) -> None:
        """Places and industries that came with the table go, unless somebody uses them."""
        for name in SHARED:
            model = TABLES[name]
            numbers = _effects(self.batch, model, is_new=True).values_list("row", flat=True)
            for row in _rows(model, [_id(model, number) for number in numbers]):
                if not _is_used(row):
                    row.delete()


def _is_used(row: Model) -> bool:
    for relation in row._meta.get_fields(include_hidden=True):
        other = relation.related_model
        if relation.auto_created and not relation.concrete and isinstance(other, type):
            field = relation.remote_field.name  # type: ignore[union-attr]  # a relation has its other end
            if other._base_manager.filter(**{field: row}).exists():
                return True
    return False


def forget_contact(subject: Enterprise | Project, fields: Collection[str]) -> None:
    """Take what is to be forgotten of a record's contact also out of what imports have kept of it."""
    effects = ImportEffect.objects.filter(
        table=subject._meta.model_name, row=subject.pk, before__isnull=False
    )
    for effect in effects:
        kept: dict[str, Any] = effect.before or {}
        effect.before = {name: value for name, value in kept.items() if name not in fields}
        effect.save(update_fields=["before"])
