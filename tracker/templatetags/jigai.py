"""The few words templates need."""

from typing import Any

from django import template
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.translation import get_language

from tracker.library import words
from tracker.library.inclusion import words as inclusion

register = template.Library()

# Cells that need no name of their own where a row is a card, or are not shown there.
NAMELESS = {"tiles__head", "names", "at-desk"}

for word in (
    words.badge_shape,
    words.badge_label,
    words.badge_meaning,
    words.cycle_label,
    words.month_label,
    words.known_date,
    words.wan,
    words.figure,
    words.sentence,
    words.stage_label,
    words.inclusion_label,
    inclusion.paper_label,
    inclusion.paper_state_label,
    inclusion.oddity,
):
    register.filter(word)


@register.simple_tag(takes_context=True)
def query_with(context: Any, **changes: Any) -> str:
    """This page's query string with some values set, or dropped where they are None."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag
def reader_language() -> str:
    """The language of this page as the `lang` attribute wants it."""
    return "en" if get_language() == "en" else "zh-Hans"


@register.simple_tag
def cell_attributes(column: Any) -> str:
    """The attributes of a table's cell without those that say nothing: a long list is read on a phone."""
    attributes = {name: value for name, value in column.attrs["td"].items() if value}
    if NAMELESS.intersection(str(attributes.get("class", "")).split()):
        attributes.pop("data-label", None)
    return flatatt(attributes)
