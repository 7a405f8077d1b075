"""How a project comes into the fixed-asset investment survey, by which papers, and until when.

Plain Python. docs/glossary.md names the notices that threshold, papers and dates are from. Money in 万元.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tracker.calendars.periods import Month
from tracker.library.rules import INCLUSION_THRESHOLD, normalised


class InclusionState(StrEnum):
    """How far a project's inclusion in statistics has come."""

    NOT_APPLICABLE = "not_applicable"
    NOT_DUE = "not_due"
    PREPARING = "preparing"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    INCLUDED = "included"
    REMOVED = "removed"


class Way(StrEnum):
    """How a state comes to be said."""

    FACTS = "facts"  # it follows from the planned total and the start
    TEAM = "team"  # by the project's inspector or the county's team lead
    INSPECTION = "inspection"  # as an inspection found it
    TABLE = "table"  # by the county's half-monthly table, which is agreed with the liaison beforehand
    LIAISON = "liaison"  # by the statistics liaison


_S = InclusionState
_BY_FACTS = frozenset({_S.NOT_APPLICABLE, _S.NOT_DUE, _S.PREPARING})
_BY_PAPERS = _BY_FACTS | {_S.SUBMITTED}
_SAID = frozenset({_S.PREPARING, _S.SUBMITTED, _S.RETURNED, _S.INCLUDED, _S.REMOVED})
_NOWHERE: frozenset[InclusionState] = frozenset()

# From where one comes to where, by who says it. The same state again is no move: it corrects the day.
MOVES: Mapping[Way, Mapping[InclusionState, frozenset[InclusionState]]] = {
    Way.FACTS: {state: _BY_FACTS - {state} for state in _BY_FACTS},
    Way.TEAM: {
        _S.PREPARING: frozenset({_S.SUBMITTED}),
        _S.SUBMITTED: frozenset({_S.PREPARING}),
        _S.RETURNED: frozenset({_S.SUBMITTED}),
    },
    Way.INSPECTION: {
        **{state: _BY_PAPERS - {state} for state in _BY_PAPERS},
        # Papers that were returned are handed in again; what else the liaison has said stands.
        _S.RETURNED: frozenset({_S.SUBMITTED}),
    },
    Way.TABLE: {state: frozenset(_S) - {state} for state in _S},
    # What was said by mistake is taken back by saying what is right.
    Way.LIAISON: {
        _S.NOT_DUE: _SAID - {_S.REMOVED},
        **{state: _SAID - {state} for state in _SAID},
        _S.REMOVED: frozenset({_S.PREPARING, _S.SUBMITTED, _S.INCLUDED}),
    },
}


def may_move(way: Way, before: InclusionState, after: InclusionState) -> bool:
    """Whether the state may change so, said in this way."""
    return after in MOVES[way].get(before, _NOWHERE)


def may_say_again(way: Way, state: InclusionState) -> bool:
    """Whether the state may be said once more, with another day or reference."""
    return way is Way.TABLE or (way is Way.LIAISON and state in _SAID)


def moves_from(way: Way, state: InclusionState) -> list[InclusionState]:
    """What may be said next, in the order of the states; the state itself where it may be said again."""
    return [s for s in _S if may_move(way, state, s) or (s == state and may_say_again(way, s))]


def followed(state: InclusionState, planned_total: Decimal, *, has_started: bool) -> InclusionState:
    """The state that follows from the facts; what somebody has said of the papers stands."""
    if state not in _BY_FACTS:
        return state
    if planned_total < INCLUSION_THRESHOLD:
        return _S.NOT_APPLICABLE
    return _S.PREPARING if has_started else _S.NOT_DUE


# --- papers ---


class PaperKind(StrEnum):
    """A kind of paper that the bureau asks for."""

    FILING = "filing"
    CONSTRUCTION_CONTRACT = "construction_contract"
    SITE_PHOTOS = "site_photos"
    LICENCE = "licence"
    APPLICATION_FORM = "application_form"
    PLATFORM_PAGE = "platform_page"
    PURCHASE_CONTRACT = "purchase_contract"
    PAYMENT_VOUCHER = "payment_voucher"
    EQUIPMENT_PHOTO = "equipment_photo"


class PaperState(StrEnum):
    """What is known of a kind of paper at a project."""

    MISSING = "missing"
    RECEIVED = "received"
    NOT_NEEDED = "not_needed"


PURCHASE_ONLY = "purchase_only"
FOR_BUILDING = (
    PaperKind.FILING,
    PaperKind.CONSTRUCTION_CONTRACT,
    PaperKind.SITE_PHOTOS,
    PaperKind.LICENCE,
    PaperKind.APPLICATION_FORM,
    PaperKind.PLATFORM_PAGE,
)
FOR_PURCHASE = (PaperKind.PURCHASE_CONTRACT, PaperKind.PAYMENT_VOUCHER, PaperKind.EQUIPMENT_PHOTO)
SETTLED = frozenset({PaperState.RECEIVED, PaperState.NOT_NEEDED})
CONTRACTS = frozenset({PaperKind.CONSTRUCTION_CONTRACT, PaperKind.PURCHASE_CONTRACT})
# Papers that name a total which must be the one of the filing.
NAMES_TOTAL = frozenset({PaperKind.FILING, PaperKind.APPLICATION_FORM, PaperKind.PLATFORM_PAGE})


def required(nature: str) -> tuple[PaperKind, ...]:
    """The papers that a project of this construction nature needs."""
    return FOR_PURCHASE if nature == PURCHASE_ONLY else FOR_BUILDING


def missing(nature: str, settled: Collection[str]) -> list[PaperKind]:
    """The papers that are still to come, in the order of the checklist."""
    return [kind for kind in required(nature) if kind not in settled]


@dataclass(frozen=True)
class PaperFacts:
    """What somebody read off a paper."""

    kind: PaperKind
    party: str = ""
    total: Decimal | None = None
    dated_on: date | None = None


def oddities(paper: PaperFacts, enterprise: str, planned_total: Decimal, filed_on: date | None) -> list[str]:
    """Codes of what on the paper contradicts the filing; it is pointed out, never refused."""
    found = []
    if paper.kind in CONTRACTS and paper.party and not _same_name(paper.party, enterprise):
        found.append("other_party")
    if paper.total is not None:
        if paper.kind in NAMES_TOTAL and paper.total != planned_total:
            found.append("other_total")
        if paper.kind in CONTRACTS and paper.total > planned_total:
            found.append("contract_above_total")
    if paper.kind in CONTRACTS and paper.dated_on and filed_on and paper.dated_on < filed_on:
        found.append("before_filing")
    return found


def _same_name(one: str, other: str) -> bool:
    return normalised(one).replace(" ", "").lower() == normalised(other).replace(" ", "").lower()


# --- until when ---

# January's figures are published together with February's: there is no survey of January alone.
NO_SURVEY_OF = 1


def due_since(nature: str, started_on: date | None, equipment_delivered_on: date | None) -> date | None:
    """Since when papers can be handed in: the start of the works, of a mere purchase the delivery.

    Where no delivery is recorded, as in the county's table, the start counts.
    """
    if nature == PURCHASE_ONLY and equipment_delivered_on is not None:
        return equipment_delivered_on
    return started_on


def due_month(since: date) -> Month:
    """The month in which the papers of what began on this day are due: the next one that has a survey."""
    return _with_deadline(Month.containing(since).next())


def due_on(since: date, deadline_day: int) -> date:
    """The day by which they are due in a county with this deadline day."""
    return due_month(since).start.replace(day=deadline_day)


def next_deadline(today: date, deadline_day: int) -> date:
    """The next day by which papers are due in the county."""
    month = Month.containing(today)
    month = _with_deadline(month if today.day <= deadline_day else month.next())
    return month.start.replace(day=deadline_day)


def overdue_until(today: date, deadline_day: int) -> date:
    """The last day of those on which a project may have begun whose papers are overdue today."""
    month = Month.containing(today)
    while due_on(month.end, deadline_day) >= today:
        month = month.previous()
    return month.end


def _with_deadline(month: Month) -> Month:
    """The month, or March instead of February: what February would hand in belongs to January alone."""
    return month.next() if month.month == NO_SURVEY_OF + 1 else month


# --- figures of the survey ---


@dataclass(frozen=True)
class Amounts:
    """Investment since New Year as the survey has it, with its parts where they are known."""

    ytd: Decimal
    construction: Decimal | None = None
    installation: Decimal | None = None
    equipment: Decimal | None = None
    used_equipment: Decimal | None = None
    other: Decimal | None = None


def contradictions(amounts: Amounts) -> list[str]:
    """Codes of what cannot be true: the parts make up the whole, used equipment is part of the equipment."""
    found = []
    parts = (amounts.construction, amounts.installation, amounts.equipment, amounts.other)
    given = [part for part in parts if part is not None]
    together = sum(given, Decimal(0))
    if (len(given) == len(parts) and together != amounts.ytd) or together > amounts.ytd:
        found.append("parts_do_not_add_up")
    if amounts.used_equipment is not None and amounts.used_equipment > (
        amounts.ytd if amounts.equipment is None else amounts.equipment
    ):
        found.append("used_above_equipment")
    return found


def has_survey(month: Month) -> bool:
    """Whether the survey has a figure of this month."""
    return month.month != NO_SURVEY_OF


def latest_survey(today: date) -> Month:
    """The last month that is over and that the survey has figures of."""
    month = Month.containing(today).previous()
    return month if has_survey(month) else month.previous()
