"""Remind and deliver by hand, where no beat and no worker run."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker.mailing.actions import deliver_waiting
from tracker.reminders.actions import remind


class Command(BaseCommand):
    """What beat and a worker do each minute, once."""

    help = "Writes down reminders that have fallen due, writes the day's mails and delivers what waits."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was done."""
        done = remind(timezone.now())
        self.stdout.write(
            f"reminders recorded: {done.recorded}, mails written: {len(done.composed)}, "
            f"taken back: {done.withdrawn}, delivered: {deliver_waiting(timezone.now())}"
        )
