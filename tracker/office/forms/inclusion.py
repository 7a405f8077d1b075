"""What the statistics liaison says about a project."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.library.models import InclusionState, Project
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet
from tracker.office.forms.inspect import DayField

OFFERED = [
    InclusionState.PREPARING,
    InclusionState.SUBMITTED,
    InclusionState.RETURNED,
    InclusionState.INCLUDED,
    InclusionState.REMOVED,
]


class InclusionForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Where the papers stand, since when, and by which paper of the bureau."""

    table = "project"
    stands_for = {"state": "inclusion_state", "on": "included_on", "reference": "inclusion_reference"}

    state = forms.ChoiceField(label=_("State"), choices=[(state.value, state.label) for state in OFFERED])
    on = DayField(label=_("Since"), help_text=_("The day on the bureau's paper."))
    reference = forms.CharField(
        label=_("Statistics bureau's reference (optional)"), max_length=60, required=False
    )

    def __init__(self, data: Any = None, *, project: Project, today: date, by: User) -> None:
        offered = project.inclusion_state in OFFERED
        super().__init__(
            data,
            initial={
                "state": project.inclusion_state if offered else InclusionState.PREPARING,
                "on": today,
                "reference": project.inclusion_reference,
            },
        )
        self.keep_to(by)


class InclusionFilter(forms.Form):
    """Which of the projects to show."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            *((state.value, state.label) for state in InclusionState if state != InclusionState.INCLUDED),
        ],
    )

    def wanted(self) -> str:
        """The state that was chosen; one that is not offered is as good as none."""
        self.is_valid()
        return str(self.cleaned_data.get("state", ""))
