"""Telling two records apart, and making one of them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from tracker.accounts.models import User
from tracker.audit.context import because
from tracker.badges.models import Award
from tracker.inspections.actions import judge_again
from tracker.inspections.models import Inspection
from tracker.library.models import AnnualPlan, Division, Enterprise, Project, Stage
from tracker.library.records import FormerName
from tracker.merging.queries import type_of_pair

# What is moved together or not at all: the versions of one year's plan, the judgements of one half-month.
MOVED_TOGETHER: dict[type[models.Model], str] = {
    AnnualPlan: "year",
    Inspection: "cycle_start",
    Award: "cycle_start",
}
# Which of two values of such a field is kept nobody chooses: it says where the record belongs.
NOT_CHOSEN = frozenset({"county", "enterprise", "stage"})


class CannotBeMerged(Exception):
    """The two are not of one place, or one of them is gone into a third one already; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class DoesNotFit(Exception):
    """The chosen values contradict each other; the message says how."""


def tell_apart(one: Any, other: Any, *, by: User, at: datetime) -> None:
    """Remember that these two are not the same; however often it is said."""
    first, second = sorted([one, other], key=lambda row: int(row.pk))
    type_of_pair[type(one)]._default_manager.get_or_create(
        one=first, other=second, defaults={"told_at": at, "told_by": by}
    )


def chosen_fields(model: type[models.Model]) -> list["models.Field[Any, Any]"]:
    """The facts of which the one or the other can be kept."""
    return [
        field
        for field in model._meta.concrete_fields
        if field.editable and not field.primary_key and field.name not in NOT_CHOSEN
    ]


def differing_fields(kept: models.Model, merged: models.Model) -> list["models.Field[Any, Any]"]:
    """Those of them that are not the same in both."""
    fields = chosen_fields(type(kept))
    return [field for field in fields if getattr(kept, field.attname) != getattr(merged, field.attname)]


def what_moves(merged: models.Model) -> list[tuple[str, int]]:
    """How many rows of each kind belong to the record, by what the kind is called."""
    found = []
    for relation in _relations(type(merged)):
        number = _rows_of(relation, merged).count()
        if number:
            found.append((str(relation.related_model._meta.verbose_name_plural), number))
    return found


@transaction.atomic
def merge(kept: Any, merged: Any, taken: Collection[str], *, by: User, at: datetime, why: str) -> Any:
    """Make one record of two: `taken` names the facts of which the merged one's are kept.

    Whatever belongs to the merged one moves over, but for what the kept one has for the same year or
    half-month. The merged one stays, with the way to the kept one. Done twice, it is done once.
    """
    model = type(kept)
    kept, merged = _held(model, kept.pk, merged.pk)
    if merged.merged_into_id == kept.pk:
        return kept
    _check(kept, merged)
    with because(why):
        _take(kept, merged, [field for field in differing_fields(kept, merged) if field.name in taken])
        for row, name in list(_belongings(kept, merged)):
            _move(row, name, kept)
        merged.merged_into = kept
        if isinstance(merged, Project):
            merged.stage = Stage.MERGED
        if isinstance(merged, Enterprise) and merged.name != kept.name:
            FormerName.objects.get_or_create(enterprise=kept, name=merged.name)
            Enterprise.objects.filter(pk=kept.pk).keep_keys()
        merged.save()
        if isinstance(kept, Project):
            _show_latest_badge(kept)
            judge_again(kept, at=at)
    return kept


def _held(model: type[Any], kept_id: int, merged_id: int) -> tuple[Any, Any]:
    """Both rows and all their projects, held in the order in which an import holds them."""
    county = model._default_manager.values_list("county", flat=True).get(pk=kept_id)
    Division.objects.select_for_update().get(pk=county)
    rows = model._default_manager.select_for_update().filter(pk__in=[kept_id, merged_id]).order_by("pk")
    by_id = {row.pk: row for row in rows}
    if model is Enterprise:
        projects = Project.objects.filter(enterprise__in=by_id).select_for_update()
        list(projects.order_by("pk").values_list("pk"))
    return by_id[kept_id], by_id[merged_id]


def _check(kept: Any, merged: Any) -> None:
    if kept.pk == merged.pk:
        raise CannotBeMerged("same")
    if kept.county_id != merged.county_id:
        raise CannotBeMerged("elsewhere")
    if kept.merged_into_id or merged.merged_into_id:
        raise CannotBeMerged("merged")
    if isinstance(kept, Project) and kept.enterprise_id != merged.enterprise_id:
        raise CannotBeMerged("elsewhere")


def _take(kept: Any, merged: Any, fields: list[Any]) -> None:
    """Write the merged one's values into the kept one; what can be there only once changes places."""
    once = [field for field in fields if field.unique]
    values = {field.attname: getattr(merged, field.attname) for field in fields}
    given_up = {field.attname: getattr(kept, field.attname) for field in once}
    try:
        with transaction.atomic():
            for field in once:
                # Out of the way for a moment: no two rows may have it at any time.
                stand_in = None if field.null else f"~{merged.pk}"[: field.max_length]
                setattr(merged, field.attname, stand_in)
            if once:
                merged.save(update_fields=[field.name for field in once])
            for name, value in values.items():
                setattr(kept, name, value)
            if isinstance(kept, Project):
                # How exactly a day is known goes with the day.
                unchosen = set(kept.month_only) - values.keys()
                kept.month_only = sorted(unchosen | (set(merged.month_only) & values.keys()))
            kept.full_clean(exclude=["badge"])
            kept.save()
            for name, value in given_up.items():
                setattr(merged, name, value)
            if once:
                merged.save(update_fields=[field.name for field in once])
    except ValidationError as wrong:
        raise DoesNotFit(" ".join(wrong.messages)) from wrong


def _relations(model: type[models.Model]) -> list[Any]:
    """All tables of the product that point to such a record, in which column."""
    return [
        relation
        for relation in model._meta.related_objects
        if not relation.many_to_many and relation.related_model not in type_of_pair.values()
    ]


def _rows_of(relation: Any, record: models.Model) -> Any:
    return relation.related_model._default_manager.filter(**{relation.field.name: record})


def _belongings(kept: models.Model, merged: models.Model) -> Iterator[tuple[models.Model, str]]:
    """Each row that moves, and by which of its columns it belongs to the record."""
    for relation in _relations(type(merged)):
        together = MOVED_TOGETHER.get(relation.related_model)
        rows = _rows_of(relation, merged).order_by("pk")
        if together:
            has = _rows_of(relation, kept).values(together)
            rows = rows.exclude(**{f"{together}__in": list(has.values_list(together, flat=True))})
        for row in rows:
            yield row, relation.field.name


def _move(row: models.Model, name: str, kept: models.Model) -> None:
    """What the kept one has already, and may have only once, stays with the merged one."""
    setattr(row, name, kept)
    try:
        with transaction.atomic():
            row.save(update_fields=[name])
    except IntegrityError:
        return


def _show_latest_badge(project: Project) -> None:
    latest = Award.objects.standing().filter(project=project).order_by("-cycle_start").first()
    if latest is not None and latest.cycle_start != project.badge_cycle_start:
        project.badge, project.badge_cycle_start = latest.badge, latest.cycle_start
        project.save(update_fields=["badge", "badge_cycle_start"])
