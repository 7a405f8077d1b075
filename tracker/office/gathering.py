"""Rows of several tables in one statement, each as the object that its own table would give."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Field, JSONField, Model, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.timezone import is_naive


class _Exact(json.JSONDecoder):
    """Reads figures as they were written, without a float between."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": Decimal})


class _Row(JSONObject):
    """One row with its columns by name."""

    output_field = JSONField(decoder=_Exact)


@dataclass(frozen=True)
class Part:
    """Rows of one table, with the names of the few fields wanted of the records that they point to.

    `columns` names those of the row itself; all of them when it is empty. Others are fetched when asked for.
    """

    rows: QuerySet[Any]
    beside: Sequence[str] = ()
    columns: Sequence[str] = ()

    @property
    def fields(self) -> "list[Field[Any, Any]]":
        """The columns that are read."""
        known = self.rows.model._meta.concrete_fields
        return [one for one in known if not self.columns or one.primary_key or one.name in self.columns]


def gathered(parts: Mapping[str, Part]) -> dict[str, list[Any]]:
    """The rows of all parts, in no order: whoever shows them sorts them."""
    first, *others = [_as_json(name, part) for name, part in parts.items()]
    found: dict[str, list[Any]] = {name: [] for name in parts}
    for name, row in first.union(*others, all=True):
        found[name].append(_object(parts[name], row))
    return found


def _as_json(name: str, part: Part) -> QuerySet[Any, Any]:
    names = [*(field.attname for field in part.fields), *part.beside]
    whole = _Row(**{column: F(column) for column in names})
    return (
        part.rows.order_by()
        .annotate(part_name=Value(name), part_row=whole)
        .values_list("part_name", "part_row")
    )


def _object(part: Part, row: Mapping[str, Any]) -> Any:
    model: type[Model] = part.rows.model
    values = [_value(field, row[field.attname]) for field in part.fields]
    one = model.from_db(part.rows.db, [field.attname for field in part.fields], values)
    pointed: dict[str, dict[str, Any]] = {}
    for path in part.beside:
        to, _, name = path.partition("__")
        pointed.setdefault(to, {})[name] = row[path]
    for to, names in pointed.items():
        setattr(one, to, _pointed(part, model._meta.get_field(to), one, names))
    return one


def _pointed(part: Part, field: Any, one: Model, names: Mapping[str, Any]) -> Model | None:
    pk = getattr(one, field.attname)
    if pk is None:
        return None
    related: type[Model] = field.related_model
    known = {related._meta.pk.attname: pk, **names}
    # In the model's own order: `from_db` takes values by their place.
    columns = [one.attname for one in related._meta.concrete_fields if one.attname in known]
    return related.from_db(part.rows.db, columns, [known[column] for column in columns])


def _value(field: "Field[Any, Any]", value: Any) -> Any:
    """A column's value as the table itself would give it; databases write it into JSON in their own ways."""
    if value is None:
        return None
    kind = field.get_internal_type()
    if kind == "JSONField":
        # SQLite keeps JSON as text.
        return json.loads(value) if isinstance(value, str) else value
    value = field.to_python(value)
    if isinstance(value, datetime) and is_naive(value):
        return value.replace(tzinfo=UTC)
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-field.decimal_places))  # type: ignore[attr-defined]  # a decimal's
    return value
