"""Writing the trail, and sealing what was written."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.models import Model
from django.utils import timezone

from tracker.audit import context
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.audit.values import plain
from tracker.scope import ScopedQuerySet

logger = logging.getLogger(__name__)

# What one sealer holds the chain for at most, and how far back it looks for what another has left.
SEALED_AT_ONCE = 2_000
LOOKED_BACK = 50_000
# The chain's first link follows this one.
BEGINNING = "0" * 64


def record(
    act: str,
    subject: Model | None = None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
    actor: Any = None,
) -> AuditEntry:
    """Write down that something was done, in the transaction in which it is done.

    `subject` is the row that it is about; `actor` is the person, unless it is who the request is from.
    """
    entry = AuditEntry(
        act=act,
        table=subject._meta.model_name or "" if subject is not None else "",
        row=str(subject.pk) if subject is not None else "",
        before=_shown(subject, before or {}),
        after=_shown(subject, after or {}),
        why=why,
        place=_place_of(subject) if subject is not None else "",
    )
    write([entry], actor=actor)
    return entry


def write(entries: Iterable[AuditEntry], *, actor: Any = None, using: str = DEFAULT_DB_ALIAS) -> None:
    """Add entries of one deed: who, when, why and in answer to which request is the same for all."""
    written = list(entries)
    if not written:
        return
    now = timezone.now()
    actor_id, system = (actor.pk, "") if actor is not None else context.who()
    reason, request_id = context.why(), context.request_id()
    for entry in written:
        entry.at = now
        entry.actor_id, entry.system = actor_id, plain(system)[:120]
        entry.why = plain(entry.why or reason)[:400]
        entry.row, entry.request_id = plain(entry.row)[:40], plain(request_id)[:64]
    AuditEntry.objects.using(using).bulk_create(written)
    _seal_on_commit([entry.pk for entry in written], using)


def _shown(subject: Model | None, values: dict[str, Any]) -> dict[str, Any]:
    """Values that somebody hands over are masked like those that are captured."""
    masked = getattr(getattr(subject, "trail", None), "masked", {})
    return {name: masked[name](value) if name in masked else plain(value) for name, value in values.items()}


def _place_of(subject: Model) -> str:
    # Not its type: who has signed in is handed over as a stand-in for the person.
    rows = subject._meta.model._default_manager.all()
    if not isinstance(rows, ScopedQuerySet):
        return ""
    found = rows.filter(pk=subject.pk).order_by().annotate(trail_place=rows.place())
    return found.values_list("trail_place", flat=True).first() or ""


# --- sealing: after the commit, so that nobody's work waits for the one chain that all counties share ---


def _seal_on_commit(pks: list[int], using: str) -> None:
    waiting = _waiting(using)
    waiting.extend(pks)
    transaction.on_commit(partial(_seal_waiting, using), using=using, robust=True)


def _waiting(using: str) -> list[int]:
    """Entries that this connection has written and not sealed yet, perhaps some that were rolled back."""
    connection: Any = connections[using]
    if not hasattr(connection, "unsealed_entries"):
        connection.unsealed_entries = []
    waiting: list[int] = connection.unsealed_entries
    return waiting


def _seal_waiting(using: str) -> None:
    waiting = _waiting(using)
    pks, waiting[:] = sorted(waiting), []
    for start in range(0, len(pks), SEALED_AT_ONCE):
        seal(pks[start : start + SEALED_AT_ONCE], using=using)


def seal(pks: list[int], *, using: str = DEFAULT_DB_ALIAS) -> int:
    """Put a seal on each of these entries that has none, in the order of writing; how many there were."""
    for _attempt in range(3):
        try:
            return _seal(pks, using)
        except IntegrityError:
            # The chain's very first link cannot be held before it is there: another sealer has made it.
            continue
    logger.warning("%s entries of the audit trail wait to be sealed", len(pks))
    return 0


def _seal(pks: list[int], using: str) -> int:
    seals = AuditSeal.objects.using(using)
    with transaction.atomic(using=using):
        hold_chain(using)
        head = seals.head()
        position, chain = (head.position, head.chain) if head else (0, BEGINNING)
        at = timezone.now()
        made = []
        entries = AuditEntry.objects.using(using).unsealed().filter(pk__in=pks)
        for pk, digest in entries.order_by("pk").values_list("pk", "digest"):
            position += 1
            link = AuditSeal(position=position, entry_id=pk, digest=digest, sealed_at=at)
            link.chain = chain = link.computed_chain(chain)
            made.append(link)
        seals.bulk_create(made)
    return len(made)


def hold_chain(using: str = DEFAULT_DB_ALIAS) -> None:
    """Wait until no other sealer is at work, and keep the others waiting until the transaction ends.

    Whoever comes second finds the head as the first has left it: it is looked up after this.
    """
    list(AuditSeal.objects.using(using).select_for_update().filter(position=1).values_list("position"))


def seal_left_over() -> int:
    """Seal what was written by somebody who did not come to it; how many there were."""
    latest = AuditSeal.objects.order_by("-entry_id").values_list("entry_id", flat=True).first() or 0
    left = AuditEntry.objects.unsealed().filter(pk__gt=latest - LOOKED_BACK).order_by("pk")
    sealed = 0
    while pks := list(left.values_list("pk", flat=True)[:SEALED_AT_ONCE]):
        done = seal(pks)
        sealed += done
        if not done:
            break
    return sealed


# --- retention ---


def drop_old(now: datetime, kept_days: int) -> int:
    """Take out entries that were kept long enough; their seals stay, so that the chain still verifies.

    Only the unbroken beginning of the chain goes: up to the first entry that is still young.
    """
    limit = now - timedelta(days=kept_days)
    young = AuditSeal.objects.filter(entry__at__gte=limit).order_by("position")
    first_kept = young.values_list("position", flat=True).first()
    old = AuditEntry.objects.filter(at__lt=limit, seal__isnull=False)
    if first_kept is not None:
        old = old.filter(seal__position__lt=first_kept)
    dropped = 0
    while pks := list(old.order_by("seal__position").values_list("pk", flat=True)[:SEALED_AT_ONCE]):
        dropped += AuditEntry.objects.filter(pk__in=pks).drop()
    return dropped
