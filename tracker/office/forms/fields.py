"""Forms keep to the registry of what each role may set."""

from typing import Any, ClassVar

from tracker.accounts.fields import writable
from tracker.accounts.models import User


class OnlyWhatTheRoleMaySet:
    """A form that lacks every field which the registry does not give to the person's role.

    `table` is what it writes to; `stands_for` names the table's field where the form calls it otherwise;
    `steering` are fields that steer the form and are written nowhere.
    """

    table: ClassVar[str]
    stands_for: ClassVar[dict[str, str]] = {}
    steering: ClassVar[frozenset[str]] = frozenset()
    fields: dict[str, Any]

    def keep_to(self, person: User, *, is_new: bool = False) -> None:
        """Drop what is not the person's to set, so that it is ignored when it is sent."""
        allowed = writable(self.table, person.role, is_new=is_new)
        for name in list(self.fields):
            if name not in self.steering and self.stands_for.get(name, name) not in allowed:
                del self.fields[name]
