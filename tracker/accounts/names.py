"""What a person is called, also after their personal data were removed."""

import re
from typing import Any

from django.db import models
from django.utils.translation import gettext

REMOVED = re.compile(r"^Removed person (\d+)$")


class RemovedName(str):
    """The neutral name of somebody whose data were removed, said in the reader's language.

    `kept` is how it stands in the table.
    """

    kept: str

    def __new__(cls, kept: str, number: str) -> "RemovedName":
        """The words with the person's number."""
        name = super().__new__(cls, gettext("Removed person %(number)s") % {"number": number})
        name.kept = kept
        return name


def spoken(name: str) -> str:
    """A name as the reader is told it: a neutral one in the reader's language, any other as it is."""
    found = REMOVED.match(name)
    return RemovedName(name, found[1]) if found else name


def removed_name(number: int) -> str:
    """The neutral name as it is kept."""
    return f"Removed person {number}"


class PersonNameField(models.CharField):
    """A person's name. A removed one is read in the reader's language, wherever it is asked for."""

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """The name, or the neutral words in its place."""
        return spoken(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """As it is kept, whichever language it was read in."""
        return super().get_prep_value(value.kept if isinstance(value, RemovedName) else value)
