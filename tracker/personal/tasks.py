"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from tracker.personal import retention


@shared_task(name="personal.forget")
def forget() -> None:
    """Forget what is no longer to be kept."""
    retention.forget(timezone.now())
