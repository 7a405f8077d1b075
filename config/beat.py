"""The beat that goes on without Redis, and leaves a sign of life while it does."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from celery.beat import PersistentScheduler
from django.utils import timezone

SIGN_EVERY = timedelta(seconds=30)


class Scheduler(PersistentScheduler):
    """Celery's own, with a sign of life and without waiting for ever for Redis."""

    signed_at: datetime | None = None

    @cached_property
    def producer(self) -> Any:
        """Connects when something is rung: what cannot be rung then is logged, and rung the next time."""
        return self.Producer(self.connection, auto_declare=False)

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Ring what is due; and show now and then that somebody does."""
        from tracker.operations.actions import beat_if_possible

        now = timezone.now()
        if self.signed_at is None or not timedelta(0) <= now - self.signed_at < SIGN_EVERY:
            self.signed_at = now
            beat_if_possible("beat", now)
        return super().tick(*args, **kwargs)
