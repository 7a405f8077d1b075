"""What an address asks a list for."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.http import QueryDict

# Where one is in a list, and what one does there, is no part of what the list shows.
PASSING = ("after", "before", "page", "tick", "county", "row", "everything")


def columns_in(query: QueryDict) -> list[str]:
    """The columns that are asked for: "columns=badge.name", or ticked one by one in a form."""
    return [*query.get("columns", "").split("."), *query.getlist("column")]


def normal(query: QueryDict) -> dict[str, str]:
    """What an address asks for as short as it can be: each value once, columns in one word, nothing empty."""
    made = {name: query.get(name, "") for name in query if name != "column"}
    if ticked := query.getlist("column"):
        made["columns"] = ".".join(dict.fromkeys(ticked))
    return {name: value for name, value in made.items() if value}


def canonical(query: QueryDict) -> str:
    """What an address asks for, in one order, without where one is in the list."""
    return urlencode({name: value for name, value in sorted(normal(query).items()) if name not in PASSING})


def kept(query: QueryDict, *, only: Sequence[str] = (), without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The values of an address that a form hands on."""
    asked = normal(query).items()
    return [(name, value) for name, value in asked if (name in only if only else name not in without)]
