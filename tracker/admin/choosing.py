"""How a place is told apart from others of its name where one is chosen."""

from typing import Any

from django import forms
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db.models import Case, QuerySet, Value, When
from django.utils.translation import pgettext

from tracker.library.models import Division

# Most officials work for a county, and a township often bears its county's name.
COUNTIES_FIRST = Case(
    When(level=Division.Level.COUNTY, then=Value(0)),
    When(level=Division.Level.TOWNSHIP, then=Value(2)),
    default=Value(1),
)


def placed(division: Division) -> str:
    """The name after those of the county and the city that it lies in: two counties may share one."""
    names = [division.name]
    above = division.parent
    while above is not None and (above.level != Division.Level.PROVINCE or len(names) == 1):
        names.append(above.name)
        above = above.parent
    return pgettext("between a place and one in it", " › ").join(reversed(names))


class DivisionField(forms.ModelChoiceField):
    """A choice among divisions, each with what it lies in."""

    def label_from_instance(self, obj: Any) -> str:
        """The name with those above it."""
        return placed(obj)


class Suggestions(AutocompleteJsonView):
    """What is offered while somebody types."""

    def get_queryset(self) -> QuerySet[Any]:
        """Of places the counties first."""
        found: QuerySet[Any] = super().get_queryset()
        if found.model is not Division:
            return found
        return found.select_related("parent__parent__parent").order_by(COUNTIES_FIRST, "code", "pk")

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """A place with what it lies in, anything else by its name."""
        row: dict[str, str] = super().serialize_result(obj, to_field_name)
        return {**row, "text": placed(obj)} if isinstance(obj, Division) else row
