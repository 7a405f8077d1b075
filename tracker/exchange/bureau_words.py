"""What is found in a list of the statistics bureau, in the words of whoever reads it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.exchange import words
from tracker.exchange.archive import UnreadableFile
from tracker.exchange.bureau import Change
from tracker.exchange.rules import Note
from tracker.library.inclusion.words import CONTRADICTIONS
from tracker.library.words import inclusion_label, wan

REFUSALS: Mapping[str, Promise] = {
    "no_bureau_list": _(
        "The file has no list of the statistics bureau. Its head names at least the project code or the "
        "project, and the investment this year."
    ),
    "no_rows_in_list": _("The list has no projects under its head in row %(row)s. Fill them in."),
}
NO_MONTH = _(
    "The list does not say of which month it is, or there is no survey of that month yet (January is "
    "published with February). Choose the month."
)
NOTES: Mapping[str, Promise] = {
    **CONTRADICTIONS,
    "twice_in_list": _("This project stands in row %(first)s already. Keep one of the two rows."),
    "day_in_future": _("This day has not come yet. Correct the date."),
    "other_name": _("In the library the project is called “%(known)s”. Check that it is the same one."),
    "year_fell": _("The figure is lower than that of an earlier month of the year."),
    "below_threshold": _("Its planned total is under 500 万元; the state is left as it is."),
    "state_without_day": _("Without a day the state is left as it is."),
    "no_such_move": _("From where the project stands one does not come there; the state is left as it is."),
}
FIELDS: Mapping[str, Promise] = {
    "ytd": _("investment this year in statistics (万元)"),
    "construction": _("construction (万元)"),
    "installation": _("installation (万元)"),
    "equipment": _("equipment and tools (万元)"),
    "used_equipment": _("of which used equipment (万元)"),
    "other": _("other costs (万元)"),
    "inclusion_state": _("inclusion in statistics"),
    "included_on": _("included on"),
    "reference": _("statistics bureau's reference"),
}


def refusal(refused: UnreadableFile) -> str:
    """Why the file is not taken, and what to do."""
    if refused.code in REFUSALS:
        return str(REFUSALS[refused.code]) % refused.values_named
    return words.refusal(refused)


def remark(note: Note) -> str:
    """What is wrong or odd at a place, and what to do."""
    if note.code not in NOTES:
        return words.remark(note)
    return str(NOTES[note.code]) % dict(note.values) if note.values else str(NOTES[note.code])


def shown(change: Change, value: object) -> str:
    """A value as a reader expects it."""
    match value:
        case None | "":
            return "–"
        case Decimal():
            return wan(value)
        case date():
            return date_format(value, "DATE_FORMAT")
        case _:
            return inclusion_label(str(value)) if change.field == "inclusion_state" else str(value)
