"""Handing in a county's half-monthly table."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.calendars.periods import HalfMonth
from tracker.exchange.actions import latest_half_months
from tracker.library.words import half_month_label

# A year back: older tables are taken from the command line.
HALF_MONTHS_OFFERED = 24


class ImportForm(forms.Form):
    """The workbook, and the half-month when the table does not name it itself."""

    file = forms.FileField(
        label=_("Workbook (.xlsx)"),
        help_text=_(
            "The half-monthly table as the county keeps it. Nothing is taken before you have seen the "
            "preview."
        ),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
    )
    cycle = forms.ChoiceField(label=_("Half-month"), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = latest_half_months(today, HALF_MONTHS_OFFERED)
        field = self.fields["cycle"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("as the table says")),
            *((half.code, half_month_label(half)) for half in offered),
        ]

    def clean_cycle(self) -> HalfMonth | None:
        """The chosen half-month, or none."""
        code = self.cleaned_data["cycle"]
        return HalfMonth.parse(code) if code else None
