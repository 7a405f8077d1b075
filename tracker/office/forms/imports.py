"""Handing in a county's half-monthly table, and saying what its columns mean."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.calendars.periods import HalfMonth
from tracker.exchange.actions import latest_half_months
from tracker.exchange.models import ColumnSynonym, ImportBatch
from tracker.exchange.rules import Field, bare_head, meaning_of
from tracker.exchange.sheet import UnknownHead
from tracker.exchange.words import COLUMNS
from tracker.library.models import Division
from tracker.library.words import half_month_label
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet

# A year back: older tables are taken from the command line.
HALF_MONTHS_OFFERED = 24


def column_choices() -> list[tuple[str, Any]]:
    """What a column can mean, by its name."""
    return [(field.value, COLUMNS[field]) for field in Field]


class HandlingForm(OnlyWhatTheRoleMaySet, forms.Form):
    """What becomes of records that differ from the table, and of the table when rows are wrong."""

    table = "importbatch"

    existing = forms.ChoiceField(
        label=_("If a record is in the library already and the table says otherwise"),
        choices=ImportBatch.Existing.choices,
        initial=ImportBatch.Existing.UPDATE,
        required=False,
    )
    wrong = forms.ChoiceField(
        label=_("If rows are wrong"),
        choices=ImportBatch.Wrong.choices,
        initial=ImportBatch.Wrong.LEAVE_OUT,
        required=False,
    )

    def clean_existing(self) -> str:
        """As usual, unless it is said."""
        return self.cleaned_data["existing"] or ImportBatch.Existing.UPDATE

    def clean_wrong(self) -> str:
        """As usual, unless it is said."""
        return self.cleaned_data["wrong"] or ImportBatch.Wrong.LEAVE_OUT


class ImportForm(HandlingForm):
    """The file, and the half-month when the table does not name it itself."""

    stands_for = {"file": "content", "cycle": "cycle_start"}
    field_order = ("file", "cycle", "existing", "wrong")

    file = forms.FileField(
        label=_("Table (.xlsx, .xls or .csv)"),
        help_text=_(
            "The half-monthly table as the county keeps it. Nothing is taken before you have seen the "
            "preview."
        ),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
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


class HeadsForm(forms.Form):
    """A question for each head that is not understood: what does it mean?"""

    def __init__(self, *args: Any, heads: Sequence[UnknownHead], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.heads = heads
        for number, head in enumerate(heads):
            self.fields[f"head_{number}"] = forms.ChoiceField(
                label=f"{head.letter} {head.text}",
                choices=[("", _("leave it out")), *column_choices()],
                required=False,
            )

    def meanings(self) -> Iterable[tuple[str, Field]]:
        """Those heads that were given a meaning."""
        for number, head in enumerate(self.heads):
            if meaning := self.cleaned_data.get(f"head_{number}"):
                yield head.text, Field(meaning)


class ColumnNameForm(OnlyWhatTheRoleMaySet, forms.ModelForm):
    """What a county calls a column."""

    table = "columnsynonym"

    class Meta:
        model = ColumnSynonym
        fields = ("head", "field")

    def __init__(self, *args: Any, county: Division, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.county = county
        self.fields["field"] = forms.ChoiceField(label=_("What it means"), choices=column_choices())

    def clean_head(self) -> str:
        """Bare, once in the county, and none that everybody knows to mean something."""
        bare = bare_head(self.cleaned_data["head"])
        if not bare:
            raise forms.ValidationError(_("Write the head as it stands in the table."))
        known = meaning_of(bare)
        if known is not None:
            raise forms.ValidationError(
                _("This head is understood everywhere: %(field)s. It keeps that meaning.")
                % {"field": COLUMNS[known.field]}
            )
        others = ColumnSynonym.objects.filter(county=self.county, head=bare).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError(_("This head has a meaning in the county already."))
        return bare
