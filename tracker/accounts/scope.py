"""The one place that says which rows a person sees.

A model names the ways from its rows to divisions and to an enterprise; what it does not name, nobody sees.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from tracker.accounts.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from tracker.accounts.models import User


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows that are shown only to those whose division or enterprise they belong to.

    `division_paths` are look-ups from a row to the divisions it lies in (its county, its township), and
    `enterprise_path` is the one to its enterprise; "self" is the row itself. Where a model names none, that
    audience sees nothing.
    """

    division_paths: ClassVar[tuple[str, ...]] = ()
    enterprise_path: ClassVar[str] = ""

    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Rows of the person's division subtree, or of their enterprise; none for anybody else."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.role == Role.ENTERPRISE:
            return self._of_enterprise(user)
        return self._in_subtree(user)

    def _of_enterprise(self, user: "User") -> Self:
        if not self.enterprise_path or user.enterprise_id is None:
            return self.none()
        if self.enterprise_path == "self":
            return self.filter(pk=user.enterprise_id)
        return self.filter(**{self.enterprise_path: user.enterprise_id})

    def _in_subtree(self, user: "User") -> Self:
        if not self.division_paths or user.division is None:
            return self.none()
        lies_in_subtree = Q()
        for way in self.division_paths:
            field = "path" if way == "self" else f"{way}__path"
            lies_in_subtree |= Q(**{f"{field}__startswith": user.division.path})
        return self.filter(lies_in_subtree)
