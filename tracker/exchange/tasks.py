"""Celery's way in, and the doorbell."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from tracker.exchange import actions
from tracker.exchange.models import ImportBatch

logger = logging.getLogger(__name__)


# A ring that nobody heard for a minute says nothing that the next one does not.
@shared_task(name="exchange.sweep", expires=60)
def sweep() -> None:
    """Read and take whatever waits: what was handed in or confirmed, and what a dead worker had begun."""
    for pk in actions.due(timezone.now()):
        work(pk)


@shared_task(name="exchange.work")
def work(batch_id: int) -> None:
    """Read or take this hand-in now rather than at the next sweep."""
    try:
        actions.work(batch_id, timezone.now)
    except Exception:  # whatever it is, it is this table's: the claim lapses, and the sweep tries again
        logger.exception("import %s could not be worked on", batch_id)


def ring(batch: ImportBatch) -> None:
    """Have a hand-in worked on once it is safely kept; without a broker the sweep finds it."""

    def queue() -> None:
        try:
            work.apply_async([batch.pk], retry=False)
        except OperationalError as error:
            logger.info("no broker, the sweep will work on import %s: %s", batch.pk, error)

    transaction.on_commit(queue)
