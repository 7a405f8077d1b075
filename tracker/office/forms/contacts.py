"""Whom to call, in a form: what is kept stands there masked, and stays unless something new is typed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.library import rules


class MaskedContact(forms.ModelForm):
    """For forms with a contact's name and number: neither the page nor the form holds the number itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = ("contact_name", "contact_phone", "responsible_name")
        self.kept = {name: getattr(self.instance, name) for name in names if name in self.fields}
        # Many write the number beside the name.
        self.shown = {name: rules.with_masked_phones(text) for name, text in self.kept.items()}
        self.shown["contact_phone"] = rules.masked_phone(self.instance.contact_phone)
        self.initial.update(self.shown)
        self.fields["contact_phone"].widget.attrs |= {"inputmode": "tel", "autocomplete": "off"}
        if self.kept["contact_phone"]:
            self.fields["contact_phone"].help_text = _(
                "Leave it as it stands to keep the number, or type a new one."
            )

    def clean_contact_name(self) -> str:
        """The name that is kept, unless another one was typed."""
        return self._kept_or_new("contact_name")

    def clean_responsible_name(self) -> str:
        """The name that is kept, unless another one was typed."""
        return self._kept_or_new("responsible_name")

    def clean_contact_phone(self) -> str:
        """The number that is kept, unless another one was typed; a mask alone is no number."""
        text = self._kept_or_new("contact_phone")
        if text and text != self.kept["contact_phone"] and not rules.is_phone(text):
            raise forms.ValidationError(
                _("This is no telephone number. Write it like 138 0013 8000 or 0534-3321234.")
            )
        return text

    def _kept_or_new(self, name: str) -> str:
        text: str = self.cleaned_data[name]
        if text and text == self.shown[name]:
            return self.kept[name]
        if rules.is_masked(text):
            raise forms.ValidationError(
                _("Type the whole number. To keep the present one, write %(shown)s.")
                if self.shown[name]
                else _("Type the whole number, without asterisks."),
                params={"shown": self.shown[name]},
            )
        return text


class RemoveContactForm(forms.Form):
    """Why a contact is taken out of a record."""

    why = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For example: asked for by the person on 3 November, by telephone."),
    )
    with_responsible = forms.BooleanField(label=_("The responsible person's name as well"), required=False)

    def __init__(self, *args: Any, has_responsible: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_responsible:
            del self.fields["with_responsible"]
