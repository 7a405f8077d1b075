"""Which months of a county are complete, and for which of them a mail is still worth sending.

Plain Python.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from tracker.calendars.periods import HalfMonth, Month

# So many months before the running one are looked at: a job that was down for weeks catches up with them.
LOOKS_BACK_MONTHS = 3
# A month that ended longer ago is still frozen for the record, but nobody is written to about it any more.
MAILED_UP_TO = timedelta(days=45)

CLOSED, SKIPPED = "closed", "skipped"


def complete_months(states: Mapping[HalfMonth, str], today: date) -> list[Month]:
    """The complete months among the last few, oldest first, by the states of a county's half-months.

    A month is complete when both its half-months are closed or skipped and at least one was closed. What
    lies before the county's first half-month was never to be held; a gap later on only means that the
    half-month has not been opened yet.
    """
    if not states:
        return []
    first, current = min(states), Month.containing(today)
    candidates = [current.plus(-back) for back in range(LOOKS_BACK_MONTHS, -1, -1)]
    return [month for month in candidates if _is_complete(month, states, first)]


def _is_complete(month: Month, states: Mapping[HalfMonth, str], first: HalfMonth) -> bool:
    held = [states.get(half, "") for half in month.halves if half >= first]
    return CLOSED in held and set(held) <= {CLOSED, SKIPPED}


def is_worth_a_mail(month: Month, today: date) -> bool:
    """Whether the month ended recently enough for its leaders to be written to."""
    return today - month.end <= MAILED_UP_TO
