"""Forms keep to the registry of what each role may set."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.crypto import salted_hmac
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

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


class NothingUnseen(forms.ModelForm):
    """A form that overwrites nothing which somebody else has saved since it was shown.

    Its page sends `seen_now` back as "seen"; whoever sends none is taken at their word.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [name for name in self._meta.fields or () if name in self.fields]
        columns = {column.name: column for column in self.instance._meta.concrete_fields}
        kept = "\n".join(f"{name}={columns[name].value_from_object(self.instance)}" for name in names)
        self.seen_now = salted_hmac("tracker.office.forms.seen", kept).hexdigest()

    def clean(self) -> dict[str, Any]:
        """Say once that the record is another one by now, and in what the entry differs from it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen = self.data.get("seen")
        if self.instance.pk and seen and seen != self.seen_now and self.changed_data:
            differing = [str(self.fields[name].label) for name in self.changed_data]
            self.add_error(
                None,
                forms.ValidationError(
                    _(
                        "Somebody has saved this record since you opened it. Your entry differs from it in: "
                        "%(fields)s. Look at these again; saving once more keeps yours."
                    ),
                    params={"fields": gettext(", ").join(differing)},
                ),
            )
        return cleaned


class SuggestingInput(forms.TextInput):
    """Free text, beside which the browser offers what others have written."""

    def __init__(self, suggestions: Iterable[str], attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", **(attrs or {})})
        self.suggestions = list(suggestions)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field with its list."""
        own = f"{(attrs or {}).get('id', name)}_suggestions"
        field = super().render(name, value, {**(attrs or {}), "list": own}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.suggestions))
        return format_html('{}<datalist id="{}">{}</datalist>', field, own, options)
