"""A page of a list by the row that it begins after: the thousandth costs what the first one does.

No page is found by skipping rows, and nothing counts all of them: an index leads to the row in the address.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.db.models import F, Func, QuerySet, Value

# Of more rows than these it is only said that there are more.
COUNTED = 1_000
LONGEST_TEXT = 200
LARGEST_WHOLE = 10**15


class NotAPlace(Exception):
    """What the address says does not name a place in this order."""


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST_WHOLE:
        raise NotAPlace(value)
    return value


def _words(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\x00" in value:
        raise NotAPlace(value)
    return value


def _money(value: Any) -> Decimal:
    try:
        amount = Decimal(_words(value))
    except InvalidOperation:
        raise NotAPlace(value) from None
    if not amount.is_finite() or abs(amount) > LARGEST_WHOLE:
        raise NotAPlace(value)
    return amount


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(_words(value))
    except ValueError:
        raise NotAPlace(value) from None


@dataclass(frozen=True)
class Key:
    """One of the values that rows are ordered by: how the database finds it, and what it may be."""

    found_by: Any
    kind: str = "whole"

    @property
    def expression(self) -> Any:
        """For a query."""
        return F(self.found_by) if isinstance(self.found_by, str) else self.found_by

    @property
    def field(self) -> "models.Field[Any, Any]":
        """What the database takes a value for."""
        return FIELDS[self.kind]

    def read(self, value: Any) -> Any:
        """A value from an address; raises NotAPlace."""
        return READ[self.kind](value)


FIELDS: dict[str, Any] = {
    "whole": models.BigIntegerField(),
    "words": models.CharField(),
    "money": models.DecimalField(max_digits=18, decimal_places=2),
    "day": models.DateField(),
}
READ: dict[str, Callable[[Any], Any]] = {"whole": _whole, "words": _words, "money": _money, "day": _day}
ROW = Key("pk")


class _Beyond(Func):
    """Whether a row comes after (or before) a place: (a, b, id) > (1, 2, 3), as an index answers it."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, keys: Sequence[Any], values: Sequence[Any], sign: str, **extra: Any) -> None:
        super().__init__(*keys, *values, **extra)
        self.sign = sign

    def as_sql(  # type: ignore[override]  # nothing else is asked for
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, Any]:
        """A comparison of rows."""
        parts = [compiler.compile(part) for part in self.source_expressions]
        half = len(parts) // 2
        sides = [", ".join(sql for sql, _ in some) for some in (parts[:half], parts[half:])]
        params = [value for _, some in parts for value in some]
        return f"({sides[0]}) {self.sign} ({sides[1]})", params


@dataclass(frozen=True)
class Page:
    """Some rows in their order, and the places before the first and after the last, where there are more."""

    rows: list[Any]
    before: str
    after: str

    @property
    def is_all(self) -> bool:
        """Whether there are no other rows."""
        return not self.before and not self.after


def page_of(
    rows: "QuerySet[Any]",
    keys: Sequence[Key],
    values: Sequence[str],
    *,
    length: int,
    descending: bool = False,
    after: str = "",
    before: str = "",
) -> Page:
    """The page of `values` that begins after a place, or ends before one; the first one without a place.

    `keys` order the rows, the last being the row itself; `after` and `before` come from an earlier page.
    """
    backwards = bool(before) and not after
    place = _place(after or before, keys)
    falls = descending != backwards
    if place:
        beyond = _Beyond(
            [key.expression for key in keys],
            [Value(value, output_field=key.field) for key, value in zip(keys, place, strict=True)],
            "<" if falls else ">",
        )
        rows = rows.filter(beyond)
    named = {f"key{number}": key.expression for number, key in enumerate(keys)}
    ordered = rows.annotate(**named).order_by(*(f"-{name}" if falls else name for name in named))
    fetched = list(ordered.values_list(*values, *named)[: length + 1])
    has_more, fetched = len(fetched) > length, fetched[:length]
    if backwards:
        fetched.reverse()
    width = len(values)
    first = _written(fetched[0][width:]) if fetched else ""
    last = _written(fetched[-1][width:]) if fetched else ""
    comes_from_before = bool(place) and not backwards
    return Page(
        rows=fetched,
        before=first if (has_more if backwards else comes_from_before) else "",
        after=last if (bool(place) if backwards else has_more) else "",
    )


def _place(written: str, keys: Sequence[Key]) -> list[Any]:
    """The place that an address names; none where it names none in this order."""
    try:
        values = json.loads(written) if written and len(written) < 10 * LONGEST_TEXT else []
        if not isinstance(values, list) or len(values) != len(keys):
            return []
        return [key.read(value) for key, value in zip(keys, values, strict=True)]
    except (ValueError, RecursionError, NotAPlace):
        return []


def _written(values: Sequence[Any]) -> str:
    plain = [value if isinstance(value, int) else str(value) for value in values]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def counted(rows: "QuerySet[Any]") -> int:
    """How many rows there are, as far as they are counted: one more than COUNTED stands for more."""
    return rows.order_by()[: COUNTED + 1].count()


def counted_by(rows: "QuerySet[Any]", column: str) -> dict[Any, int]:
    """How many rows there are of each value, as far as they are counted."""
    return dict(Counter(rows.order_by().values_list(column, flat=True)[: COUNTED + 1]))
