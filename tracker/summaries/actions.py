"""A complete month is frozen once, and the county's leaders are written to about it once."""

import logging
from datetime import datetime

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
from tracker.summaries.models import MonthlySummary
from tracker.summaries.presentation import tell
from tracker.summaries.queries import figures
from tracker.summaries.rules import complete_months, is_worth_a_mail
from tracker.summaries.workbook import CONTENT_TYPE, filename, project_table

logger = logging.getLogger(__name__)

KIND = "monthly_summary"


def summarise(now: datetime) -> list[MonthlySummary]:
    """Freeze every complete month and write to its leaders; may run at any moment, twice, or after a stop.

    What is frozen stays, and a mail that is in the outbox stays: only what is missing is added. A month that
    ended too long ago is frozen without a mail. One county's trouble does not keep the others waiting.
    """
    made, troubles = [], []
    for county in (
        Division.objects.counties().filter(cycles__state=Cycle.State.CLOSED).distinct().order_by("code")
    ):
        try:
            made += _summarise_county(county, now)
        except Exception as trouble:  # whatever it is, it is this county's
            logger.exception("the monthly summary of %s could not be made", county.code)
            troubles.append(trouble)
    if troubles:
        raise troubles[0]
    return made


def _summarise_county(county: Division, now: datetime) -> list[MonthlySummary]:
    today = shanghai_date(now)
    cycles = Cycle.objects.of_county(county).values_list("start", "state")
    states = {HalfMonth.starting(start): state for start, state in cycles}
    summaries = []
    for month in complete_months(states, today):
        summaries.append(freeze_month(county, month, now))
        if is_worth_a_mail(month, today):
            write_to_leaders(summaries[-1], now)
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


def write_to_leaders(summary: MonthlySummary, now: datetime) -> list[Message]:
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
            messages += _write_to(leader, keys[leader.pk], summary, now)
    return messages


def _write_to(leader: User, key: str, summary: MonthlySummary, now: datetime) -> list[Message]:
    with translation.override(leader.language):
        context = {"summary": tell(summary.figures), "chain": AuditSeal.objects.head()}
        table = File(filename(summary.figures), project_table(summary.figures), CONTENT_TYPE)
    message = compose(key, KIND, leader, "monthly_summary", context, not_before=now, attachments=[table])
    if message is None:
        return []
    ring([message])
    return [message]
