"""Many projects get another inspector at once: as they were shown, or not at all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction

from tracker.library.models import Project

if TYPE_CHECKING:
    from tracker.accounts.models import User

# So many names can still be looked through before somebody says yes.
MOST_AT_ONCE = 1_000


@dataclass(frozen=True)
class Changes:
    """What is not any more as it was shown, by the projects' ids."""

    gone: frozenset[int] = frozenset()
    come: frozenset[int] = frozenset()
    assigned: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.gone or self.come or self.assigned)


class SelectionChanged(Exception):
    """Somebody else has written meanwhile; nothing was assigned."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(changes)
        self.changes = changes


def assign_inspector(
    shown: Mapping[int, int | None],
    inspector: "User | None",
    *,
    by: "User",
    found_now: Collection[int] | None = None,
) -> int:
    """Put projects in the inspector's name, or nobody's, once however often it is sent; how many moved.

    `shown` says in whose name each project was when its name was shown; `found_now`, where the projects were
    those that a filter found, what it finds now. A project that has this very inspector is done.
    """
    wanted = inspector.pk if inspector else None
    with transaction.atomic():
        rows = Project.objects.visible_to(by).filter(pk__in=shown)
        held = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
        if any(not by.can("assign_projects", project) for project in held):
            raise PermissionDenied
        names_now = {project.pk: project.inspector_id for project in held}
        # Once it is done, the filter may well not find them any more.
        is_done = names_now.keys() == shown.keys() and set(names_now.values()) == {wanted}
        found = names_now.keys() if found_now is None or is_done else set(found_now)
        changes = Changes(
            gone=frozenset(shown.keys() - (found & names_now.keys())),
            come=frozenset(found - shown.keys()),
            assigned=frozenset(pk for pk, now in names_now.items() if now not in (shown[pk], wanted)),
        )
        if changes:
            raise SelectionChanged(changes)
        moving = [pk for pk, now in names_now.items() if now != wanted]
        return Project.objects.filter(pk__in=moving).update(inspector=inspector) if moving else 0
