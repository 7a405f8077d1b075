"""The words that explain a badge."""

from django import template

from tracker.badges import presentation
from tracker.badges.models import Award

register = template.Library()

SHOWN_AT_START, SHOWN_AT_END = 3, 4


@register.filter
def light_rows(award: Award) -> list[presentation.LightRow]:
    """The award's five lights as rows, the decisive one first."""
    return presentation.light_rows(award)


@register.filter
def is_provisional(award: Award) -> bool:
    """Whether the badge may still change before it is confirmed."""
    return award.state == Award.State.PROVISIONAL


@register.filter
def masked_phone(number: str) -> str:
    """A telephone number that still tells two apart but rings nobody: 138****8000."""
    if len(number) <= SHOWN_AT_START + SHOWN_AT_END:
        return "*" * len(number)
    hidden = len(number) - SHOWN_AT_START - SHOWN_AT_END
    return f"{number[:SHOWN_AT_START]}{'*' * hidden}{number[-SHOWN_AT_END:]}"
