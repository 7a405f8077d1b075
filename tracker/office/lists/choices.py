"""What a county's lists can be narrowed down to, and who has saved which view: asked in one statement."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Exists, F, IntegerField, OuterRef, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils.translation import get_language

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.library.models import Division, Enterprise, Industry
from tracker.library.saved_views import SavedView

# More chains than these are no help to anybody who looks for one.
MOST_CHAINS = 200
# The chains of a county's enterprises, by hopping along the index from each to the next: there are few chains
# and many enterprises.
CHAINS = """
WITH RECURSIVE chains(chain, number) AS (
    SELECT (SELECT min(chain) FROM {table} WHERE county_id = %s AND chain > ''), 1
    UNION ALL
    SELECT (SELECT min(chain) FROM {table} WHERE county_id = %s AND chain > chains.chain), number + 1
    FROM chains WHERE chains.chain IS NOT NULL AND number < %s
)
"""


@dataclass(frozen=True)
class Saved:
    """A saved view as a list offers it."""

    pk: int
    name: str
    query: str
    is_own: bool
    is_shared: bool


@dataclass
class Choices:
    """What the filters offer, by value and label, and the saved views."""

    township: list[tuple[str, str]] = field(default_factory=list)
    industry: list[tuple[str, str]] = field(default_factory=list)
    inspector: list[tuple[str, str]] = field(default_factory=list)
    chain: list[tuple[str, str]] = field(default_factory=list)
    views: list[Saved] = field(default_factory=list)


def choices_for(person: User, county: Division, list_name: str) -> Choices:
    """What the person is offered over a list of the county."""
    chains = CHAINS.format(table=Enterprise._meta.db_table)
    parts = [part.query.sql_with_params() for part in _parts(person, county, list_name)]
    chain_rows = "SELECT 'chain', chain, chain, '', number, 0, 0 FROM chains WHERE chain IS NOT NULL"
    statement = chains + " UNION ALL ".join([chain_rows, *(sql for sql, _ in parts)]) + " ORDER BY 5, 3, 2"
    values = [county.pk, county.pk, MOST_CHAINS, *(value for _, some in parts for value in some)]
    found = Choices()
    is_english = get_language() == "en"
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for kind, value, label, english, _, is_own, is_shared in cursor.fetchall():
            if kind == "views":
                found.views.append(Saved(int(value), label, english, bool(is_own), bool(is_shared)))
                continue
            words = english if is_english and english else label
            if kind == "industry":
                words = f"{value} {words}"
            getattr(found, kind).append((value, words))
    return found


def _parts(person: User, county: Division, list_name: str) -> list["QuerySet[Any, Any]"]:
    townships = Division.objects.filter(parent=county, level=Division.Level.TOWNSHIP)
    at_work = Enterprise.objects.filter(county=county, industry=OuterRef("pk"))
    inspecting = User.objects.filter(role__in=roles.INSPECTING, is_active=True)
    views = SavedView.objects.visible_to(person).for_list(list_name, county).order_by()
    return [
        _rows(townships, "township", "pk", "name_zh", F("name_en")),
        _rows(Industry.objects.filter(Exists(at_work)), "industry", "pk", "name_zh", F("name_en")),
        _rows(
            inspecting.filter(division__path__startswith=county.path), "inspector", "pk", "name", Value("")
        ),
        _rows(views, "views", "pk", "name", F("query"), owner=person.pk),
    ]


def _rows(
    rows: "QuerySet[Any, Any]", kind: str, value: str, label: str, english: Any, owner: int | None = None
) -> "QuerySet[Any, Any]":
    number = IntegerField()
    own: Any = Value(0, number)
    shared: Any = Value(0, number)
    if owner is not None:
        own = Case(When(owner=owner, then=Value(1)), default=Value(0), output_field=number)
        shared = Case(When(is_shared=True, then=Value(1)), default=Value(0), output_field=number)
    text = CharField()
    return rows.order_by().values_list(
        Value(kind, text),
        Cast(value, text),
        Cast(label, text),
        Cast(english, text),
        Value(0, number),
        own,
        shared,
    )
