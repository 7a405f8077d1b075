"""Celery's way in."""

from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from tracker.operations.actions import beat_of
from tracker.operations.queue import RUNG_AT


# A ring that nobody heard for a minute says nothing that the next one does not.
@shared_task(name="operations.beat", bind=True, expires=60)
def beat(self: Any) -> None:
    """Show that a worker does what is rung, and how long the ring waited for it."""
    now = timezone.now()
    rung_at = self.request.get(RUNG_AT)
    waited = (now - datetime.fromisoformat(rung_at)).total_seconds() if rung_at else None
    beat_of("worker", now, {"waited": waited})
