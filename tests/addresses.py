"""Every address that the product answers to: pages, sign-in, administration."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from tracker.converters import CycleCode, MonthCode, RowId

BY_KIND = {RowId: "1", CycleCode: "2026-10-H2", MonthCode: "2026-10"}
BY_NAME = {"app_label": "tracker", "content_type_id": "1", "object_id": "1", "uidb36": "1", "url": "nothing"}


class Address(NamedTuple):
    """One pattern of the tree, with the places in it that an example fills."""

    name: str
    form: str
    examples: dict[str, str]
    view: Any

    def filled(self, **words: str) -> str:
        """The address with the examples, or with these words in their place."""
        return f"/{self.form}" % {**self.examples, **words}


def all_addresses() -> list[Address]:
    """One for each pattern, those of Django and allauth included."""
    return list(_below(get_resolver(), "", ""))


def _below(resolver: URLResolver, prefix: str, space: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        form = prefix + _form(pattern)
        if isinstance(pattern, URLResolver):
            yield from _below(pattern, form, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            kinds = pattern.pattern.converters
            places = re.findall(r"%\((\w+)\)s", form)
            examples = {
                place: BY_KIND.get(type(kinds.get(place)), BY_NAME.get(place, "example")) for place in places
            }
            yield Address(f"{space}{pattern.name}", form, examples, pattern.callback)


def _form(pattern: URLPattern | URLResolver) -> str:
    """The first of the forms that the pattern's expression allows, without escapes for the reader."""
    [form, _places] = normalize(pattern.pattern.regex.pattern)[0]
    return form
