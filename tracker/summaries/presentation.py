"""A month's figures as a page or a mail shows them, in the language of the reader.

What is kept is JSON: dates and amounts are text there, and sentences stand in both languages.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, gettext, ngettext, ngettext_lazy

from tracker.accounts.names import spoken
from tracker.calendars.periods import HalfMonth, Month
from tracker.summaries.queries import COLOURS, Figures

# A list ends here, so that a mail stays short and a printed month fits on two sheets; the workbook has all.
LIST_ENDS_AT = 8
# From 10,000 万元 on, Chinese counts in 亿元.
WAN_IN_YI = 10_000
# English counts the same money in millions.
WAN_IN_MILLION = 100

# A bar that stands for the whole of the year's plan, in pixels.
BAR_LENGTH = 600

SECOND = 2
DATES = ("planned_start", "actual_start", "planned_completion", "actual_completion", "included_on")


def tell(figures: Figures) -> dict[str, Any]:
    """All that the templates of the summary need; see templates/office/_summary_headline.html."""
    month = Month.parse(figures["month"])
    return {
        "month": month,
        "month_start": month.start,
        "previous_start": month.previous().start,
        "county_code": figures["county"]["code"],
        "counts": figures["counts"],
        "county_name": in_words(figures["county"], "name"),
        "as_of": date.fromisoformat(figures["as_of"]),
        "cut_off": date.fromisoformat(figures["cut_off"]),
        "rated": figures["rated"],
        "is_rated": any(figures["counts"].values()),
        "can_compare": figures["before"] is not None,
        "badges": [_badge(figures, colour.value) for colour in COLOURS],
        "investment": _investment(figures["investment"]),
        "inclusion": figures["inclusion"],
        "rates": figures["rates"],
        "new_reds": _list(figures["new_reds"]),
        "still_red": figures["still_red"],
        "second_yellows": _list(figures["second_yellows"]),
        "turned_good": _list(figures["turned_good"]),
        "cycles": [{**cycle, "start": _half(cycle["code"])} for cycle in figures["cycles"]],
        "not_inspected": _list(figures["not_inspected"]),
        "inclusion_due": _list(figures["inclusion_due"]),
        "overdue": sum(1 for row in figures["inclusion_due"] if row["is_overdue"]),
        "notes": {**figures["notes"], "sentences": _notes(figures)},
    }


def in_words(row: Figures, field: str) -> str:
    """The field in the reader's language, in Chinese where there is no English."""
    is_english = get_language() == "en"
    return (row.get(f"{field}_en") if is_english else "") or row.get(f"{field}_zh") or ""


def large(amount: str | Decimal) -> str:
    """A large amount of 万元 as it is said: 1.23亿元 or 980万元, CNY 123.4 million."""
    wan = Decimal(amount)
    if get_language() == "en":
        return f"CNY {_rounded(wan / WAN_IN_MILLION, '0.1')} million"
    if abs(wan) >= WAN_IN_YI:
        return f"{_rounded(wan / WAN_IN_YI, '0.01')}亿元"
    return f"{_rounded(wan, '1')}万元"


def _rounded(number: Decimal, step: str) -> str:
    return number_format(number.quantize(Decimal(step), ROUND_HALF_UP), use_l10n=True, force_grouping=True)


def month_in_words(month: Month) -> str:
    """2026年10月, October 2026."""
    return date_format(month.start, "YEAR_MONTH_FORMAT")


def _half(code: str) -> date:
    return HalfMonth.parse(code).start


def _badge(figures: Figures, colour: str) -> dict[str, Any]:
    """One colour: how many, and how many more or fewer than at the end of the month before."""
    change = figures["change"][colour] if figures["change"] else None
    return {"badge": colour, "count": figures["counts"][colour], "change": change, **_movement(change)}


def _movement(change: int | None) -> dict[str, str]:
    """The arrow, and the same in words for those who do not see it."""
    if change is None:
        return {"arrow": "", "words": gettext("no figures for the month before")}
    if change == 0:
        return {"arrow": "→ 0", "words": gettext("as many as the month before")}
    size = abs(change)
    if change > 0:
        words = ngettext("%(n)d more than the month before", "%(n)d more than the month before", size)
        return {"arrow": f"↑ {size}", "words": words % {"n": size}}
    words = ngettext("%(n)d fewer than the month before", "%(n)d fewer than the month before", size)
    return {"arrow": f"↓ {size}", "words": words % {"n": size}}


def _investment(told: Figures) -> dict[str, Any]:
    gap = Decimal(told["gap"] or 0)
    return {
        **told,
        "has_plan": told["planned_percent"] is not None,
        "plan_in_words": large(told["annual_plan"]),
        "planned_in_words": large(told["planned_to_date"]),
        "done_in_words": large(told["done"]),
        "is_behind": gap > 0,
        "is_ahead": gap < 0,
        "distance": abs(gap),
        "planned_bar": _bar(told["planned_percent"]),
        "done_bar": _bar(told["done_percent"]),
    }


def _bar(percent: str | None) -> int:
    """A bar's length, where all is BAR_LENGTH; more than all is drawn as all."""
    return round(BAR_LENGTH * min(Decimal(100), max(Decimal(0), Decimal(percent))) / 100) if percent else 0


def _list(rows: list[Figures]) -> dict[str, Any]:
    """The beginning of a list, and how many are left out."""
    shown = [_told_row(row) for row in rows[:LIST_ENDS_AT]]
    return {"rows": shown, "count": len(rows), "left_out": len(rows) - len(shown)}


def _told_row(row: Figures) -> dict[str, Any]:
    told = {**row, "inspector": spoken(row.get("inspector", ""))}
    for field in ("township", "reason", "to_improve"):
        told[field] = in_words(row, field)
    for field in ("started_on", "due_on", *DATES):
        if row.get(field):
            told[field] = date.fromisoformat(row[field])
    if "missed" in row:
        told["missed"] = [_half(code) for code in row["missed"]]
    return told


def _notes(figures: Figures) -> list[str]:
    """How the figures came about, a sentence each."""
    notes = figures["notes"]
    left_out = figures["investment"]["without_plan"]
    sentences = [
        gettext("Badges and figures as at the cut-off of %(day)s.") % {"day": _date(figures["cut_off"])},
        gettext("What is due is as known on %(day)s.") % {"day": _date(figures["as_of"])},
    ]
    if notes["policies"]:
        sentences.append(gettext("Badge policy: %(codes)s.") % {"codes": ", ".join(notes["policies"])})
    for cycle in notes["skipped"]:
        half = HalfMonth.parse(cycle["code"])
        words = gettext("The first half of %(month)s was skipped: %(reason)s")
        if half.half == SECOND:
            words = gettext("The second half of %(month)s was skipped: %(reason)s")
        sentences.append(words % {"month": month_in_words(half.month_of), "reason": cycle["reason"]})
    for row in notes["reasons_applied"][:LIST_ENDS_AT]:
        words = gettext("An approved reason applies to %(project)s until %(day)s.")
        sentences.append(words % {"project": row["name"], "day": _date(row["until"])})
    for number, counted in (
        (
            len(notes["reasons_applied"][LIST_ENDS_AT:]),
            ngettext_lazy("%(n)d more approved reason applies.", "%(n)d more approved reasons apply.", "n"),
        ),
        (
            notes["carried_forward"],
            ngettext_lazy(
                "%(n)d badge rests on figures of an earlier half-month.",
                "%(n)d badges rest on figures of an earlier half-month.",
                "n",
            ),
        ),
        (
            notes["provisional"],
            ngettext_lazy("%(n)d badge is not confirmed yet.", "%(n)d badges are not confirmed yet.", "n"),
        ),
        (
            left_out,
            ngettext_lazy(
                "%(n)d project has no annual plan and is left out of plan against done.",
                "%(n)d projects have no annual plan and are left out of plan against done.",
                "n",
            ),
        ),
    ):
        if number:
            sentences.append(counted % {"n": number})
    return sentences


def _date(text: str | None) -> str:
    return date_format(date.fromisoformat(text), "DATE_FORMAT") if text else "–"
