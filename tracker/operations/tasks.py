"""Celery's way in."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from tracker.operations import backups

# A large office's backup takes minutes. Redis would hand it out anew after an hour.
LONGEST = timedelta(minutes=50)


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
