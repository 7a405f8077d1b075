"""Leaving signs of life, and taking up the mails that were given up."""

import logging
from datetime import datetime
from typing import Any

from django.db import Error, connection, transaction

from tracker.accounts.models import User
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.mailing.models import Message
from tracker.operations.models import Heartbeat

logger = logging.getLogger(__name__)


class NotParked(Exception):
    """The mail is not among those given up: somebody has dealt with it meanwhile."""


def beat_of(name: str, at: datetime, facts: dict[str, Any] | None = None) -> None:
    """Write down that a part lives ("beat", "worker") or has done its work ("backup"), and what it tells."""
    Heartbeat.objects.note(name, at, facts or {})


def beat_if_possible(name: str, at: datetime) -> None:
    """The same from a process that must go on ringing while the database is away."""
    try:
        beat_of(name, at)
    except Error as error:
        logger.warning("no sign of life of %s could be written: %s", name, error)
        # The next sign opens a new connection rather than try this one again.
        connection.close()


@transaction.atomic
def try_again(message: Message, at: datetime, *, by: User) -> Message:
    """Have a mail that was given up delivered after all, to the address that the person has now."""
    before = {"address": message.address, "parked_at": _moment(message.parked_at)}
    address = message.recipient.email
    _take_up(message, parked_at=None, attempts=0, not_before=at, claimed_at=None, address=address)
    record(
        AuditEntry.Act.CHANGED,
        message,
        before=before,
        after={"address": address, "parked_at": None},
        why="try again",
        actor=by,
    )
    message.refresh_from_db()
    return message


@transaction.atomic
def set_aside(message: Message, at: datetime, *, by: User) -> None:
    """Leave a mail that was given up undelivered: it no longer matters."""
    _take_up(message, withdrawn_at=at)
    record(
        AuditEntry.Act.CHANGED,
        message,
        before={"withdrawn_at": None},
        after={"withdrawn_at": _moment(at)},
        why="set aside",
        actor=by,
    )


def _take_up(message: Message, **facts: Any) -> None:
    if not Message.objects.parked().filter(pk=message.pk).update(**facts):
        raise NotParked(message)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
