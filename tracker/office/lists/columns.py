"""A list's columns: a django-tables2 `Table` declares them, and they are compiled once to plain functions.

django-tables2 binds every cell of every row to its column, which costs most of such a page's time
(docs/adr/0015). A column here says which values it shows and what it makes of them; the page fetches just
these values and makes its rows in one loop. The stock template can still draw the same table.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import Any, ClassVar

import django_tables2 as tables
from django.db.models import Choices
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tracker.office.lists.markup import Markup
from tracker.office.lists.pages import Key

# How a cell is written: from the values that the column names, in their order.
Write = Callable[..., str]
# Set into a page's address in place of a row's id, to take the address apart.
PLACE = 987654321098765
NEEDS_NO_QUOTES = re.compile(r"[\w%（）]+")


def text(value: Any) -> str:
    """A value as a text of the page; a dash where there is none."""
    return escape(str(value)) if value not in (None, "") else UNKNOWN


UNKNOWN = "–"


class Shown(tables.Column):
    """A column of a list: what it shows, by what it sorts, and whether it is there before anybody chooses.

    `values` are look-ups from a row, or names of what the table's `figures` work out; `write` makes the cell
    of them, or `words` does, which has a label for each code. `keys` are what the rows are ordered by; with
    none the column offers no order. `label` is the column's name on a phone, where each row is a card; `css`
    says how the column looks ("number", "wide", "head", "desk").
    """

    def __init__(
        self,
        header: Any,
        *values: str,
        write: Write = text,
        words: "type[Choices] | None" = None,
        keys: Sequence[Key] = (),
        label: Any = "",
        css: str = "",
        at_first: bool = True,
        always: bool = False,
    ) -> None:
        super().__init__(
            verbose_name=header,
            accessor=values[0],
            empty_values=(),
            orderable=bool(keys),
            attrs={"td": {"class": css}} if css else {},
        )
        self.values, self.keys = values, tuple(keys)
        self._write, self.words = write, words
        self.phone_label, self.css = label, css
        self.at_first, self.always = at_first, always

    @property
    def write(self) -> Write:
        """How the cell is written in the reader's language."""
        if self.words is None:
            return self._write
        labels = {str(code): escape(str(label)) or UNKNOWN for code, label in self.words.choices}
        return lambda code: labels.get(code, UNKNOWN)

    def render(self, record: Any) -> str:
        """The cell of a model's instance, as django-tables2 asks for it."""
        found = [tables.A(name).resolve(record, quiet=True) for name in self.values]
        return Markup(self.write(*found))  # every `write` escapes what it is given


class Listed(tables.Table):
    """The declaration of a list."""

    # By which column rows are ordered unless the address says otherwise.
    first_order: ClassVar[str]

    @classmethod
    def figures(cls, year: int) -> dict[str, Any]:
        """What is worked out for the shown rows alone, by the name that a column gives it."""
        return {}

    @classmethod
    def afterwards(cls) -> dict[str, Callable[[Sequence[Any]], Mapping[Any, Any]]]:
        """What is fetched for the shown rows once these are known: how it is found by their ids, by name."""
        return {}

    @classmethod
    def offered(cls) -> dict[str, Shown]:
        """Its columns by name."""
        return {name: column for name, column in cls.base_columns.items() if isinstance(column, Shown)}

    @classmethod
    def shown_at_first(cls) -> list[str]:
        """The columns before anybody has chosen."""
        return [name for name, column in cls.offered().items() if column.at_first]

    @classmethod
    def chosen(cls, asked: Collection[str]) -> list[str]:
        """The columns that are asked for, in their own order; those that are always there among them."""
        named = [name for name, column in cls.offered().items() if name in asked or column.always]
        return named if any(name in asked for name in named) else cls.shown_at_first()


@dataclass(frozen=True)
class Compiled:
    """A table's chosen columns as plain functions."""

    names: tuple[str, ...]
    # What is to be fetched, each once, the row's id first; and what is fetched once the rows are known.
    values: tuple[str, ...]
    afterwards: tuple[str, ...]
    # What stands before a cell, how the cell is written, and the values it is written from.
    cells: tuple[tuple[str, Write, Callable[[Any], Any]], ...]
    # Where numbers and wide columns stand: a word on the table spares one on each cell.
    css: str

    def body(self, rows: Iterable[Sequence[Any]], ticks: "Callable[[Any], str] | None" = None) -> SafeString:
        """The rows, each as a row of the table; with a box to tick where rows can be chosen."""
        made: list[str] = []
        add = made.append
        for row in rows:
            add("<tr>")
            if ticks:
                add(ticks(row))
            for before, write, take in self.cells:
                add(before)
                add(write(*take(row)))
            add("\n")
        return Markup("".join(made))  # every `write` escapes what it is given


def compiled(table: type[Listed], names: Sequence[str], *, has_ticks: bool = False) -> Compiled:
    """The table's chosen columns for the reader's language, made once."""
    return _compiled(table, tuple(names), get_language() or "", has_ticks)  # type: ignore[arg-type]  # a class


@lru_cache(maxsize=512)
def _compiled(table: type[Listed], names: tuple[str, ...], language: str, has_ticks: bool) -> Compiled:
    columns = [table.offered()[name] for name in names]
    named = dict.fromkeys(["pk", *(value for column in columns for value in column.values)])
    afterwards = tuple(name for name in named if name in table.afterwards())
    values = tuple(name for name in named if name not in afterwards)
    order = [*values, *afterwards]
    cells = []
    for column in columns:
        places = [order.index(value) for value in column.values]
        cells.append((_before(str(column.phone_label)), column.write, _taking(places)))
    css = " ".join(
        f"{css[0]}{place}"
        for place, column in enumerate(columns, start=2 if has_ticks else 1)
        for css in column.css.split()
    )
    return Compiled(names, values, afterwards, tuple(cells), css)


def _before(label: str) -> str:
    """The beginning of a cell, which carries its label for phones; as short as HTML lets it be."""
    if not label:
        return "<td>"
    return f"<td data-l={label}>" if NEEDS_NO_QUOTES.fullmatch(label) else f'<td data-l="{escape(label)}">'


def _taking(places: list[int]) -> Callable[[Any], Any]:
    if len(places) > 1:
        return itemgetter(*places)
    only = places[0]
    return lambda row: (row[only],)


class Linked:
    """Writes a name that leads to its page; the page's address is taken apart only once."""

    def __init__(self, page: str) -> None:
        self.page = page

    def __call__(self, pk: Any, name: Any) -> str:
        """The link."""
        before, after = _around(self.page)
        return f'<a href="{before}{pk}{after}">{escape(str(name))}</a>'


@lru_cache(maxsize=32)
def _around(page: str) -> tuple[str, str]:
    from django.urls import reverse

    before, after = reverse(page, args=[PLACE]).split(str(PLACE))
    return before, after
