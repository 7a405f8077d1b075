"""Forms keep to the registry of what each role may set."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

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
