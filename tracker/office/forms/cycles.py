"""What the cycle board takes in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.inspections.models import Inspection

MISSING = "missing"
# The person's choice for projects that are in nobody's name.
NOBODY = "0"


class BoardFilter(forms.Form):
    """Which of the half-month's projects to show."""

    state = forms.ChoiceField(label=_("State"), required=False)
    township = forms.ChoiceField(label=_("Township or park"), required=False)
    person = forms.ChoiceField(label=_("Inspector"), required=False)

    def __init__(self, data: Any, *, townships: list[tuple[int, str]], people: list[tuple[int, str]]) -> None:
        super().__init__(data, auto_id="filter_%s")
        everything = ("", _("All"))
        choices: dict[str, list[tuple[Any, Any]]] = {
            "state": [everything, (MISSING, _("Not yet inspected")), *Inspection.State.choices],
            "township": [everything, *townships],
            "person": [everything, *people, (NOBODY, _("No inspector"))],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]  # choice fields all three

    def wanted(self) -> dict[str, str]:
        """What was chosen; a choice that is not offered is as good as none."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class SkipForm(forms.Form):
    """Why a half-month is left out."""

    reason = forms.CharField(
        label=_("Why is the half-month skipped?"),
        help_text=_("Everybody in the county reads this, e.g. “Spring Festival”."),
        max_length=200,
    )
