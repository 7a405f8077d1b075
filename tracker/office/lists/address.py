"""What an address asks a list for."""

from django.http import QueryDict

# Where one is in a list, and what one does there, is no part of what the list shows.
PASSING = ("after", "before", "page", "tick", "county", "row", "everything")


def canonical(query: QueryDict) -> str:
    """What an address asks for, in one order, without where one is in the list."""
    made = QueryDict(mutable=True)
    for name in sorted(query):
        values = [value for value in query.getlist(name) if value]
        if values and name not in PASSING:
            made.setlist(name, sorted(set(values)) if name == "column" else values[-1:])
    return made.urlencode()


def kept(
    query: QueryDict, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    """The values of an address that a form hands on."""
    names = [name for name in query if (name in only if only else name not in without)]
    return [(name, value) for name in names for value in query.getlist(name) if value]
