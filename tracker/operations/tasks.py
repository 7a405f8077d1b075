"""Celery's way in."""

from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from tracker.operations import backups
from tracker.operations.actions import beat_of
from tracker.operations.queue import RUNG_AT

# A large office's backup takes minutes. Redis would hand it out anew after an hour.
LONGEST = timedelta(minutes=50)


# A ring that nobody heard for a minute says nothing that the next one does not.
@shared_task(name="operations.beat", bind=True, expires=60)
def beat(self: Any) -> None:
    """Show that a worker does what is rung, and how long the ring waited for it."""
    now = timezone.now()
    rung_at = self.request.get(RUNG_AT)
    waited = (now - datetime.fromisoformat(rung_at)).total_seconds() if rung_at else None
    beat_of("worker", now, {"waited": waited})


@shared_task(
    name="operations.backup",
    expires=3600,
    soft_time_limit=LONGEST.total_seconds(),
    time_limit=LONGEST.total_seconds() + 60,
)
def backup() -> None:
    """Make the day's backup if it is due; beat rings each hour, so a night without power is made up for."""
    try:
        backups.back_up_if_due(timezone.now())
    except backups.BeingMade:
        # Somebody's own, or one that takes longer than the hour.
        return
