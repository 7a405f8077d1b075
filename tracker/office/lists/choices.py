"""What a county's lists can be narrowed down to, and who has saved which view: asked in one statement."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.translation import get_language

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.library.models import Division

# More chains than these are no help to anybody who looks for one.
MOST_CHAINS = 200
# In one statement, and written out: each list asks for it, and Django would put it together anew each time.
# The chains come by hopping along the index from each to the next: there are few chains, many enterprises.
# Of saved views one's own are found, and those that are shared in the county that one stands in.
STATEMENT = """
WITH RECURSIVE chains(chain, number) AS (
    SELECT (SELECT min(chain) FROM tracker_enterprise WHERE county_id = %(county)s AND chain > ''), 1
    UNION ALL
    SELECT (SELECT min(chain) FROM tracker_enterprise WHERE county_id = %(county)s AND chain > chains.chain),
           number + 1
    FROM chains WHERE chains.chain IS NOT NULL AND number < %(most)s
)
SELECT 'chain', chain, chain, '', 0, 0 FROM chains WHERE chain IS NOT NULL
UNION ALL
SELECT 'township', CAST(id AS varchar(20)), name_zh, name_en, 0, 0
FROM tracker_division WHERE parent_id = %(county)s AND level = 'township'
UNION ALL
SELECT 'industry', code, name_zh, name_en, 0, 0 FROM tracker_industry
WHERE EXISTS (SELECT 1 FROM tracker_enterprise e WHERE e.county_id = %(county)s AND e.industry_id = code)
UNION ALL
SELECT 'inspector', CAST(u.id AS varchar(20)), u.name, '', 0, 0
FROM tracker_user u JOIN tracker_division d ON d.id = u.division_id
WHERE u.is_active AND u.role IN %(roles)s AND d.path LIKE %(below)s
UNION ALL
SELECT 'views', CAST(id AS varchar(20)), name, query,
       CASE WHEN owner_id = %(person)s THEN 1 ELSE 0 END, CASE WHEN is_shared THEN 1 ELSE 0 END
FROM tracker_savedview
WHERE county_id = %(county)s AND list = %(list)s AND (owner_id = %(person)s OR is_shared)
ORDER BY 1, 3, 2
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
    inspecting = ", ".join(f"'{role.value}'" for role in sorted(roles.INSPECTING))
    values: dict[str, Any] = {
        "county": county.pk,
        "most": MOST_CHAINS,
        "below": f"{county.path}%",
        "person": person.pk,
        "list": str(list_name),
    }
    found = Choices()
    is_english = get_language() == "en"
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT.replace("%(roles)s", f"({inspecting})"), values)
        for kind, value, label, english, is_own, is_shared in cursor.fetchall():
            if kind == "views":
                found.views.append(Saved(int(value), label, english, bool(is_own), bool(is_shared)))
                continue
            words = english if is_english and english else label
            if kind == "industry":
                words = f"{value} {words}"
            getattr(found, kind).append((value, words))
    return found
