"""Celery's way to the trail."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from tracker.audit import actions


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal what was written by a process that did not come to it."""
    actions.seal_left_over()


@shared_task(name="audit.drop_old")
def drop_old() -> None:
    """Take out what was kept for as long as this deployment keeps it."""
    actions.drop_old(timezone.now(), settings.AUDIT_KEPT_DAYS)
