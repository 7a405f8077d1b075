"""The words that explain a badge."""

from datetime import date

from django import template
from django.utils.formats import date_format
from django.utils.translation import get_language

from tracker.badges import presentation
from tracker.badges.models import Award
from tracker.library import rules

register = template.Library()
register.filter(rules.masked_phone)
register.filter(rules.with_masked_phones)


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
