"""What people correct about themselves."""

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import Language, User
from tracker.accounts.names import REMOVED
from tracker.library.rules import normalised


class MyDataForm(forms.ModelForm):
    """One's own name and language; everything else is the security administrator's to change."""

    name = forms.CharField(label=_("Name"), max_length=80)
    language = forms.ChoiceField(label=_("Language of pages and mails"), choices=Language.choices)

    class Meta:
        model = User
        fields = ("name", "language")

    def clean_name(self) -> str:
        """Without stray blanks, and nobody's neutral name."""
        name = normalised(self.cleaned_data["name"])
        if not name or REMOVED.match(name):
            raise forms.ValidationError(_("Write your name."))
        return name
