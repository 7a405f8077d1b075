"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from tracker.mailing.tasks import ring
from tracker.reminders import actions


# A ring that nobody heard for a minute says nothing that the next one does not.
@shared_task(name="reminders.remind", expires=60)
def remind() -> None:
    """Write down what has fallen due, write the day's mails, and have them delivered."""
    ring(actions.remind(timezone.now()).composed)
