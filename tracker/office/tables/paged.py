"""Tables that django-tables2 draws itself, page by page: a half-month's board, what waits for inclusion."""

from typing import Any

import django_tables2 as tables
from django.core.paginator import Paginator

ROWS_ON_A_PAGE = 50


class PagedTable(tables.Table):
    """A table with pages of one length and its own columns to sort by, whatever the address asks for."""

    @property
    def order_by(self) -> Any:
        """The column that the rows are ordered by."""
        return self._order_by

    @order_by.setter
    def order_by(self, value: Any) -> None:
        """Take one column that can be sorted by; whatever else an address asks for changes nothing."""
        asked = value.split(",") if isinstance(value, str) else list(value or ())
        known = [alias for alias in asked if alias.removeprefix("-") in self.base_columns]
        if known or not asked:
            tables.Table.order_by.fset(self, known[:1])

    def paginate(
        self,
        paginator_class: type[Paginator] = Paginator,
        per_page: int | None = None,
        page: int = 1,
        *args: Any,
        **kwargs: Any,
    ) -> tables.Table:
        """Cut to the page that is asked for."""
        return super().paginate(paginator_class, ROWS_ON_A_PAGE, page, *args, **kwargs)
