"""After a restore: what may have been sent since the backup was made is not sent again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext

from tracker.calendars.periods import SHANGHAI, shanghai_date
from tracker.inspections.actions import keep_cycles
from tracker.mailing.models import Message
from tracker.reminders.actions import record_due
from tracker.reminders.models import Reminder
from tracker.reminders.rules import DAY_BEGINS
from tracker.summaries.actions import KIND as SUMMARY
from tracker.summaries.actions import summarise

logger = logging.getLogger(__name__)


@dataclass
class Settled:
    """What was taken out of the mail's way; `troubles` says what could not be."""

    withdrawn: int = 0
    reminders: int = 0
    summaries: int = 0
    troubles: list[str] = field(default_factory=list)


def settle(now: datetime) -> Settled:
    """Take back unsent mails, and note every reminder and summary due by now as settled without a mail.

    The rows that said what was sent after the backup are lost, the mails themselves may be read already. To
    know what fell due meanwhile, the half-months are opened and closed as beat would do it at its next ring.
    """
    settled = Settled(withdrawn=_withdraw(now))
    _try(settled, keep_cycles, now)
    until = _mails_left_until(now)
    _try(settled, record_due, until)
    waiting = Reminder.objects.waiting().filter(due_on__lte=shanghai_date(until))
    settled.reminders = waiting.update(settled_at=now)
    _try(settled, lambda at: summarise(at, announce=lambda messages: None), now)
    settled.summaries = Message.objects.unsent().filter(kind=SUMMARY).count()
    _withdraw(now)
    return settled


def _mails_left_until(now: datetime) -> datetime:
    """The last moment by which today's reminders can have gone out: before the day begins, last night."""
    here = now.astimezone(SHANGHAI)
    if here.time() >= DAY_BEGINS:
        return now
    return datetime.combine(here.date() - timedelta(days=1), time.max, SHANGHAI)


def _try(settled: Settled, act: Callable[[datetime], object], now: datetime) -> None:
    """One county's trouble must not keep everybody's data from being restored; it is told."""
    try:
        act(now)
    except Exception as trouble:  # whatever it is: what cannot be reckoned now could not be sent either
        logger.exception("not everything could be settled")
        settled.troubles.append(f"{type(trouble).__name__}: {trouble}")


def _withdraw(now: datetime) -> int:
    with translation.override(settings.LANGUAGE_CODE):
        why = gettext("Withdrawn on restoring a backup on %(when)s: it may have been sent already.") % {
            "when": f"{timezone.localtime(now):%Y-%m-%d %H:%M}"
        }
    return Message.objects.unsent().update(withdrawn_at=now, claimed_at=None, last_error=why)
