"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from tracker.inspections import actions


@shared_task(name="inspections.keep_cycles")
def keep_cycles() -> None:
    """Open half-months ahead and close those whose time is over."""
    actions.keep_cycles(timezone.now())
