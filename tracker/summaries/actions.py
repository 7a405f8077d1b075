"""A complete month is frozen once, and the county's leaders are written to about it once."""

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation

from tracker.accounts.models import User
from tracker.accounts.roles import LEADING
from tracker.audit.models import AuditSeal
from tracker.calendars.periods import HalfMonth, Month, shanghai_date
from tracker.inspections.models import Cycle
from tracker.library.models import Division
from tracker.mailing.actions import File, compose
from tracker.mailing.models import Message
from tracker.mailing.tasks import ring
from tracker.spreadsheets.writing import XLSX
from tracker.summaries.models import MonthlySummary
from tracker.summaries.presentation import tell
from tracker.summaries.queries import figures
from tracker.summaries.rules import complete_months, is_worth_a_mail
from tracker.summaries.workbook import filename, project_table

logger = logging.getLogger(__name__)

KIND = "monthly_summary"

# Who is told that mails are in the outbox.
Announce = Callable[[Iterable[Message]], None]


def summarise(now: datetime, announce: Announce = ring) -> list[MonthlySummary]:
    """Freeze every complete month and write to its leaders; may run at any moment, twice, or after a stop.

    What is frozen stays, and a mail that is in the outbox stays: only what is missing is added. A month that
    ended too long ago is frozen without a mail. One county's trouble does not keep the others waiting.
    """
    made, troubles = [], []
    for county in (
        Division.objects.counties().filter(cycles__state=Cycle.State.CLOSED).distinct().order_by("code")
    ):
        try:
            made += _summarise_county(county, now, announce)
        except Exception as trouble:  # whatever it is, it is this county's
            logger.exception("the monthly summary of %s could not be made", county.code)
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return made


def _summarise_county(county: Division, now: datetime, announce: Announce) -> list[MonthlySummary]:
    today = shanghai_date(now)
    cycles = Cycle.objects.of_county(county).values_list("start", "state")
    states = {HalfMonth.starting(start): state for start, state in cycles}
    summaries = []
    for month in complete_months(states, today):
        summaries.append(freeze_month(county, month, now))
        if is_worth_a_mail(month, today):
            write_to_leaders(summaries[-1], now, announce)
    return summaries


def freeze_month(county: Division, month: Month, now: datetime) -> MonthlySummary:
    """The month's figures as they were when this was first asked; later changes do not reach them."""
    frozen = MonthlySummary.objects.filter(county=county, month_start=month.start).first()
    if frozen is not None:
        return frozen
    # Reckoned before anything is locked; of two workers that did so, the first one's figures stand.
    reckoned = figures(county, month, shanghai_date(now))
    summary, _ = MonthlySummary.objects.get_or_create(
        county=county, month_start=month.start, defaults={"figures": reckoned, "made_at": now}
    )
    return summary


def write_to_leaders(summary: MonthlySummary, now: datetime, announce: Announce = ring) -> list[Message]:
    """Put a mail for each of the county's own leaders into the outbox; those that are there already stay."""
    leaders = User.objects.filter(role__in=LEADING, division=summary.county, is_active=True).order_by("pk")
    keys = {
        leader.pk: f"summary/{summary.county.code}/{summary.month_start:%Y-%m}/{leader.pk}"
        for leader in leaders
    }
    written = set(Message.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    messages = []
    for leader in leaders:
        if keys[leader.pk] not in written:
            message = _write_to(leader, keys[leader.pk], summary, now)
            if message is not None:
                announce([message])
                messages.append(message)
    return messages


def _write_to(leader: User, key: str, summary: MonthlySummary, now: datetime) -> Message | None:
    with translation.override(leader.language):
        context = {"summary": tell(summary.figures), "chain": AuditSeal.objects.head()}
        table = File(filename(summary.figures), project_table(summary.figures), XLSX)
    return compose(key, KIND, leader, "monthly_summary", context, not_before=now, attachments=[table])


@transaction.atomic
def rename_inspector(old: str, new: str, counties: Collection[int], projects: Collection[int] | None) -> int:
    """Call an inspector otherwise in the counties' frozen months; how many months that changes.

    Where somebody else has the same name, only the lines about these projects are meant.
    """
    changed = 0
    for summary in MonthlySummary.objects.select_for_update().filter(county__in=counties).order_by("pk"):
        figures = _renamed(summary.figures, old, new, projects)
        if figures != summary.figures:
            summary.figures = figures
            summary.save(update_fields=["figures"])
            changed += 1
    return changed


def _renamed(part: Any, old: str, new: str, projects: Collection[int] | None) -> Any:
    if isinstance(part, list):
        return [_renamed(one, old, new, projects) for one in part]
    if not isinstance(part, dict):
        return part
    told = {name: _renamed(one, old, new, projects) for name, one in part.items()}
    if told.get("inspector") == old and (projects is None or told.get("id") in projects):
        told["inspector"] = new
    return told
