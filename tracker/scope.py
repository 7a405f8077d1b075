"""The one place that says which rows a person sees.

A model names the ways from its rows to divisions, to an enterprise and to a person; what it does not name,
nobody sees. Every table of the product has such a queryset (tests/architecture/test_scope.py).
"""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser
    from django.db.models.expressions import Combinable


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows that are shown only to those whose division or enterprise they belong to, or who they are for.

    `division_paths` are look-ups from a row to the divisions it lies in, the largest first (its county, its
    township), `enterprise_path` is the one to its enterprise, and `person_path` the one to the person it is
    addressed to; "self" is the row itself. `shared_rows` are those that everybody signed in sees. Where a
    model names none, that audience sees nothing.
    """

    division_paths: ClassVar[tuple[str, ...]] = ()
    enterprise_path: ClassVar[str] = ""
    person_path: ClassVar[str] = ""
    shared_rows: ClassVar[Q | None] = None

    def visible_to(self, user: "AbstractBaseUser | AnonymousUser") -> Self:
        """Rows of the person's division subtree, or their enterprise, and shared ones; none for strangers."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if self.shared_rows == Q():
            return self.all()
        seen = [rows for rows in self._ways_to(user) if rows is not None]
        if not seen:
            return self.none()
        either = Q()
        for rows in seen:
            either |= rows
        return self.filter(either)

    def _ways_to(self, user: Any) -> list[Q | None]:
        if user.enterprise_id is not None:
            owned = self._of_enterprise(user.enterprise_id)
        else:
            owned = self._in_subtree(user.division) if user.division is not None else None
        addressed = Q(**{self.person_path: user.pk}) if self.person_path else None
        return [self.shared_rows, owned, addressed]

    def _of_enterprise(self, enterprise_id: int) -> Q | None:
        if not self.enterprise_path:
            return None
        return (
            Q(pk=enterprise_id)
            if self.enterprise_path == "self"
            else Q(**{self.enterprise_path: enterprise_id})
        )

    def _in_subtree(self, division: Any) -> Q | None:
        if not self.division_paths:
            return None
        lies_in_subtree = Q()
        for way in self.division_paths:
            lies_in_subtree |= Q(**{f"{_path(way)}__startswith": division.path})
        return lies_in_subtree

    @classmethod
    def place(cls) -> "Combinable":
        """The path of the smallest division that a row lies in, as the trail keeps it; empty when in none."""
        ways = [_path(way) for way in reversed(cls.division_paths)]
        return Coalesce(*ways, Value("")) if ways else Value("")


def _path(way: str) -> str:
    return "path" if way == "self" else f"{way}__path"
