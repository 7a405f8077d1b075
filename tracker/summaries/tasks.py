"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from tracker.summaries import actions


@shared_task(name="summaries.summarise")
def summarise() -> None:
    """Freeze the months that are complete and put the mails to their leaders into the outbox."""
    actions.summarise(timezone.now())
