"""What every list does: filters, order and columns in the address, views saved under a name, pages."""

from functools import cached_property
from html import escape
from typing import Any, ClassVar
from urllib.parse import urlencode

import django_tables2 as tables
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.generic import TemplateView

from tracker.calendars.periods import HalfMonth
from tracker.library.saved_views import LONGEST_QUERY
from tracker.office.access import OfficialOnly
from tracker.office.filters import CountyFilters
from tracker.office.lists.address import PASSING, canonical, columns_in, kept, normal
from tracker.office.lists.choices import Choices, Saved, choices_for
from tracker.office.lists.columns import Compiled, Listed, compiled
from tracker.office.lists.pages import COUNTED, ROW, Page, page_of

ROWS_ON_A_PAGE = 50


class SavesViews(OfficialOnly):
    """A list whose filters, order and columns can be saved under a name.

    `list_name` is its SavedView.List. Its template extends `office/list.html`. A page that htmx asks for is
    the same page without what stands around the list.
    """

    list_name: ClassVar[str]
    # A table that django-tables2 draws itself, and which of its columns stay.
    drawn_by: ClassVar[type[tables.Table] | None] = None
    always_shown: ClassVar[tuple[str, ...]] = ()

    def render_to_response(self, context: Any, **response_kwargs: Any) -> Any:
        """Caches tell a whole page from its middle."""
        answer = super().render_to_response(context, **response_kwargs)  # type: ignore[misc]  # mixed in
        patch_vary_headers(answer, ["HX-Request"])
        return answer

    @cached_property
    def choices(self) -> Choices:
        """What the filters offer, and the saved views."""
        return choices_for(self.person, self.county, self.list_name)

    def address(self, *without: str, **changes: str) -> str:
        """This list with other values in its address."""
        asked = {name: value for name, value in self._asked.items() if name not in without}
        return f"?{urlencode({**asked, **changes})}"

    @cached_property
    def _asked(self) -> dict[str, str]:
        asked = normal(self.request.GET)
        return {name: value for name, value in asked.items() if name not in ("after", "before", "page")}

    @property
    def shown(self) -> str:
        """What the list shows, as a saved view keeps it: the same however the address was typed."""
        return canonical(self.request.GET)

    def offered_columns(self) -> list[dict[str, Any]]:
        """The columns to choose from: each with whether it is shown, and whether it can be left out."""
        if self.drawn_by is None:
            return []
        hidden = self._hidden_columns(self.drawn_by)
        return [
            {"name": name, "header": column.header, "is_shown": name not in hidden, "stays": False}
            for name, column in self.drawn_by.base_columns.items()
            if name not in self.always_shown
        ]

    def hide_columns(self, table: tables.Table) -> None:
        """Leave out what nobody has asked for."""
        for name in self._hidden_columns(type(table)):
            if name in table.columns.names():
                table.columns.hide(name)

    def _hidden_columns(self, table: type[tables.Table]) -> list[str]:
        asked = {name for name in columns_in(self.request.GET) if name in table.base_columns}
        return [name for name in table.base_columns if asked and name not in {*asked, *self.always_shown}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the saved views, and the columns to choose from."""
        shown = self.shown
        here: Saved | None = next((view for view in self.choices.views if view.query == shown), None)
        return {
            **super().get_context_data(**kwargs),
            "frame": "office/list_middle.html"
            if self.request.headers.get("HX-Request")
            else "office/base.html",
            "list_name": self.list_name,
            "list_url": self.request.path,
            "saved_views": self.choices.views,
            "saved_view": here,
            "shown": shown if len(shown) <= LONGEST_QUERY else "",
            "may_save": self.person.can("save_view"),
            "offered_columns": self.offered_columns(),
            "kept_for_columns": kept(self.request.GET, without=("columns", *PASSING)),
            "kept_for_filters": kept(self.request.GET, only=("sort", "columns")),
        }


class ListPage(SavesViews, TemplateView):
    """A list of any length, drawn from its table's declaration."""

    table: ClassVar[type[Listed]]
    filter_class: ClassVar[type[CountyFilters]]
    # Whether the list is counted by badge, whichever badge is asked for.
    counts_badges: ClassVar[bool] = False

    @cached_property
    def filters(self) -> CountyFilters:
        """What the address asks for."""
        return self.filter_class(self.request.GET, self.of_county(self.rows()), choices=self.choices)

    def rows(self) -> Any:
        """All rows that there are."""
        raise NotImplementedError

    @cached_property
    def year(self) -> int:
        """The year whose plan and investment are shown: that of the half-month to inspect now."""
        return HalfMonth.latest_cut_off(timezone.localdate()).year

    @cached_property
    def order(self) -> tuple[str, bool]:
        """The column that rows are ordered by, and whether it falls."""
        asked = self.request.GET.get("sort", "")
        column = self.table.offered().get(asked.removeprefix("-"))
        return (
            (asked.removeprefix("-"), asked.startswith("-"))
            if column and column.keys
            else (self.table.first_order, False)
        )

    @cached_property
    def ticks(self) -> bool:
        """Whether rows are being chosen to do something with them."""
        return False

    @cached_property
    def drawn(self) -> Compiled:
        """The chosen columns."""
        names = self.table.chosen(columns_in(self.request.GET))
        return compiled(self.table, names, has_ticks=self.ticks)

    @cached_property
    def hits(self) -> list[tuple[Any, Any]] | None:
        """What a search finds, by id and badge, whichever badge is asked for; none without a search.

        One more than COUNTED stands for more.
        """
        if "q" not in self.filters.active:
            return None
        found = self.filters.besides("badge" if self.counts_badges else "").order_by()
        return list(found.values_list("pk", "badge" if self.counts_badges else "pk")[: COUNTED + 1])

    @property
    def is_unsorted(self) -> bool:
        """Whether a search finds so many that they are not put in order: they come as they were added."""
        return self.hits is not None and len(self.hits) > COUNTED

    @cached_property
    def page(self) -> Page:
        """The rows of this page."""
        name, descending = self.order
        keys, rows = self.table.offered()[name].keys, self.filters.qs
        if self.is_unsorted:
            keys, descending = (ROW,), False
        elif self.hits is not None:
            badge = self.filters.asked.get("badge") if self.counts_badges else None
            rows = self.rows().filter(pk__in=[pk for pk, colour in self.hits if not badge or colour == badge])
        figures = self.table.figures(self.year)
        page = page_of(
            rows.annotate(**{key: figures[key] for key in self.drawn.values if key in figures}),
            keys,
            self.drawn.values,
            length=ROWS_ON_A_PAGE,
            descending=descending,
            after=self.request.GET.get("after", ""),
            before=self.request.GET.get("before", ""),
        )
        return Page([row[: len(self.drawn.values)] for row in page.rows], page.before, page.after)

    def _rows_with_afterwards(self) -> list[Any]:
        rows = self.page.rows
        for name in self.drawn.afterwards:
            found = self.table.afterwards()[name]([row[0] for row in rows])
            rows = [(*row, found.get(row[0])) for row in rows]
        return rows

    def offered_columns(self) -> list[dict[str, Any]]:
        """Each with whether it is shown, and whether it can be left out."""
        return [
            {
                "name": name,
                "header": column.header,
                "is_shown": name in self.drawn.names,
                "stays": column.always,
            }
            for name, column in self.table.offered().items()
        ]

    def heads(self) -> list[dict[str, Any]]:
        """The table's heads; those that order rows with the address that does so, or the other way round."""
        by, descending = self.order
        heads = []
        for name in self.drawn.names:
            column = self.table.offered()[name]
            is_order = name == by and not self.is_unsorted
            way = f"-{name}" if is_order and not descending else name
            heads.append(
                {
                    "name": name,
                    "header": column.header,
                    "url": self.address(sort=way) if column.keys else "",
                    "sorts": ("descending" if descending else "ascending") if is_order else "",
                }
            )
        return heads

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The rows, drawn, and the ways on."""
        page = self.page
        return {
            **super().get_context_data(**kwargs),
            "filters": self.filters,
            "heads": self.heads(),
            "table_css": self.drawn.css,
            "caption": self.table.caption,
            "body": self.drawn.body(self._rows_with_afterwards(), self.tick if self.ticks else None),
            "has_rows": bool(page.rows),
            "previous_url": self.address(before=page.before) if page.before else "",
            "next_url": self.address(after=page.after) if page.after else "",
            "first_url": self.address(),
            "is_later": bool(self.request.GET.get("after") or self.request.GET.get("before")),
            "counted": COUNTED,
            "is_unsorted": self.is_unsorted,
        }

    def tick(self, row: Any) -> str:
        """The box that chooses a row."""
        name = escape(row[self.drawn.values.index("name")])
        return f'<td><input type="checkbox" name="row" value="{row[0]}" form="chosen" aria-label="{name}">'

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list."""
        return self.render_to_response(self.get_context_data(**kwargs))
