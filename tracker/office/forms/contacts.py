"""Whom to call, in a form: what is kept stands there masked, and stays unless something new is typed."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.library import rules
from tracker.library.records import Contact
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet


class MaskedContact(forms.ModelForm):
    """For forms with a contact's name and number: neither the page nor the form holds the number itself."""

    # What is kept under these names, and which of them is the number.
    masked: ClassVar[tuple[str, ...]] = ("contact_name", "contact_phone", "responsible_name")
    number: ClassVar[str] = "contact_phone"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = {name: getattr(self.instance, name) for name in self.masked if name in self.fields}
        # Many write the number beside the name.
        self.shown = {name: rules.with_masked_phones(text) for name, text in self.kept.items()}
        self.shown[self.number] = rules.masked_phone(getattr(self.instance, self.number))
        self.initial.update(self.shown)
        self.fields[self.number].widget.attrs |= {"inputmode": "tel", "autocomplete": "off"}
        if self.kept[self.number]:
            self.fields[self.number].help_text = _(
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


class FurtherContactForm(OnlyWhatTheRoleMaySet, MaskedContact):
    """One more person to call at an enterprise."""

    table = "contact"
    masked = ("name", "phone")
    number = "phone"

    class Meta:
        model = Contact
        fields = ("name", "post", "phone")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_to(by, is_new=self.instance.pk is None)

    def clean_name(self) -> str:
        """The name that is kept, unless another one was typed."""
        return rules.normalised(self._kept_or_new("name"))

    def clean_phone(self) -> str:
        """The number that is kept, unless another one was typed; a mask alone is no number."""
        return self._kept_or_new("phone")

    def clean(self) -> dict[str, Any]:
        """Each person with each number once."""
        facts: dict[str, Any] = super().clean() or {}
        same = Contact.objects.filter(
            enterprise=self.instance.enterprise_id, name=facts.get("name"), phone=facts.get("phone", "")
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("This contact is kept already."))
        return facts


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
