"""The words that explain a badge."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language

from tracker.badges import presentation
from tracker.badges.models import Award

register = template.Library()

SHOWN_AT_START, SHOWN_AT_END = 3, 4


@register.filter
def light_rows(award: Award) -> list[presentation.LightRow]:
    """The award's five lights as rows, the decisive one first."""
    return presentation.light_rows(award)


@register.filter
def short_month(day: date) -> str:
    """The month's name under a chart or a strip: 10月, Oct."""
    return date_format(day, "M" if get_language() == "en" else "n月")


@register.filter
def is_provisional(award: Award | None) -> bool:
    """Whether the badge may still change before it is confirmed."""
    return award is not None and award.state == Award.State.PROVISIONAL


@register.filter
def masked_phone(number: str) -> str:
    """A telephone number that still tells two apart but rings nobody: 138****8000."""
    if len(number) <= SHOWN_AT_START + SHOWN_AT_END:
        return "*" * len(number)
    hidden = len(number) - SHOWN_AT_START - SHOWN_AT_END
    return f"{number[:SHOWN_AT_START]}{'*' * hidden}{number[-SHOWN_AT_END:]}"
