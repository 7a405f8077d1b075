"""Celery's way in, and the doorbell."""

import logging
from collections.abc import Iterable, Sequence

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from tracker.mailing import actions
from tracker.mailing.models import Message

logger = logging.getLogger(__name__)


# A ring that nobody heard for a minute says nothing that the next one does not.
@shared_task(name="mailing.sweep", expires=60)
def sweep() -> None:
    """Deliver whatever waits in the outbox: new mails, those put off, those a dead worker had taken."""
    actions.deliver_waiting(timezone.now())


@shared_task(name="mailing.deliver")
def deliver(message_ids: Sequence[int]) -> None:
    """Deliver these messages now rather than at the next sweep."""
    actions.deliver_these(message_ids, timezone.now())


def ring(messages: Iterable[Message]) -> None:
    """Have messages delivered once they are safely in the outbox; without a broker the sweep finds them."""
    ids = [message.pk for message in messages]
    for first in range(0, len(ids), actions.MESSAGES_PER_LINE):
        _ring_on_commit(ids[first : first + actions.MESSAGES_PER_LINE])


def _ring_on_commit(ids: list[int]) -> None:
    def queue() -> None:
        try:
            deliver.apply_async([ids], retry=False)
        except OperationalError as error:
            logger.info("no broker, the sweep will deliver %s messages: %s", len(ids), error)

    transaction.on_commit(queue)
