"""How facts are said in the reader's language: one wording for pages, tables, mails and workbooks."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, pgettext

from tracker.calendars.periods import HalfMonth, Month
from tracker.library.models import BadgeColour, InclusionState, Stage

SHAPES = {
    BadgeColour.GOLD: "★",
    BadgeColour.BLUE: "●",
    BadgeColour.YELLOW: "▲",
    BadgeColour.RED: "■",
    BadgeColour.NONE: "○",
}


def badge_shape(badge: str) -> str:
    """The shape that says the badge without its colour."""
    return SHAPES[BadgeColour(badge or BadgeColour.NONE)]


def badge_label(badge: str) -> str:
    """The word that says the badge, e.g. "Red badge" (红牌)."""
    return {
        BadgeColour.GOLD: pgettext("badge", "Gold"),
        BadgeColour.BLUE: pgettext("badge", "Blue"),
        BadgeColour.YELLOW: pgettext("badge", "Yellow"),
        BadgeColour.RED: pgettext("badge", "Red"),
        BadgeColour.NONE: pgettext("badge", "Not rated"),
    }[BadgeColour(badge or BadgeColour.NONE)]


def badge_meaning(badge: str) -> str:
    """What the badge means, in the words that stand under it."""
    return {
        BadgeColour.GOLD: gettext("clearly ahead and complete"),
        BadgeColour.BLUE: gettext("on plan"),
        BadgeColour.YELLOW: gettext("reminder"),
        BadgeColour.RED: gettext("warning"),
        BadgeColour.NONE: gettext("no badge yet"),
    }[BadgeColour(badge or BadgeColour.NONE)]


def cycle_label(start: date) -> str:
    """A half-month as people say it: 2026年10月下半月, "second half of October 2026"."""
    half = HalfMonth.starting(start)
    return half_month_label(half)


def half_month_label(half: HalfMonth) -> str:
    """The same for the plain value."""
    month = month_label(half.start.replace(day=1))
    if half.half == 1:
        return gettext("first half of %(month)s") % {"month": month}
    return gettext("second half of %(month)s") % {"month": month}


def month_label(day: date) -> str:
    """The month of a day: 2026年10月, October 2026."""
    return date_format(Month.containing(day).start, "YEAR_MONTH_FORMAT")


def known_date(project: Any, field: str) -> str:
    """A project's date as precisely as it is known: a day, a month, or a dash."""
    return known_day(getattr(project, field), field in project.month_only)


def known_day(day: date | None, is_month_only: bool) -> str:
    """A date as precisely as it is known: a day, a month, or a dash."""
    if day is None:
        return "–"
    return month_label(day) if is_month_only else date_format(day, "DATE_FORMAT")


def wan(amount: Decimal | float | None) -> str:
    """An amount of 万元 with two decimals and grouped digits, or a dash."""
    return "–" if amount is None else _rounded(amount, 2)


def figure(value: Decimal | float | str | None) -> str:
    """A percentage or a gap with one decimal, or a dash."""
    return "–" if value is None or value == "" else _rounded(value, 1)


def _rounded(value: Decimal | float | str, places: int) -> str:
    """Django's number_format cuts what is too long; people round, halves away from zero."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return number_format(rounded, places, use_l10n=True, force_grouping=True)


def sentence(text: str) -> str:
    """A phrase as a sentence, with the full stop of the reader's language."""
    full_stop = pgettext("full stop", ".")
    return f"{text[:1].upper()}{text[1:]}{full_stop}"


def stage_label(stage: str) -> str:
    """A stage in words."""
    return str(Stage(stage).label)


def inclusion_label(state: str) -> str:
    """A state of inclusion in words."""
    return str(InclusionState(state).label)
