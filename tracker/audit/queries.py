"""Whether the trail is still what was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.audit.actions import BEGINNING
from tracker.audit.models import AuditEntry, AuditSeal
from tracker.audit.rules import KEPT_AT_LEAST_DAYS

# An entry that still waits for its seal after this time was not written by the product.
SEALED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Trouble:
    """The first thing in the trail that is not as it was written, in words for the console."""

    words: str


@dataclass(frozen=True)
class Verified:
    """What was looked through."""

    entries: int
    seals: int
    dropped: int
    waiting: int
    head: AuditSeal | None


def verify(now: datetime, *, anchor: tuple[int, str] | None = None) -> Verified | Trouble:
    """Follow the chain from its first link and compare each entry with its seal, in one pass.

    `anchor` is a head that was noted down elsewhere, e.g. in a mail: position and beginning of the hash.
    """
    chain, position, entries, dropped = BEGINNING, 0, 0, 0
    head: AuditSeal | None = None
    found_anchor = anchor is None
    for seal in _chain():
        position += 1
        if trouble := _broken(seal, position, chain) or _altered(seal, entries, now):
            return Trouble(trouble)
        chain, head = seal.chain, seal
        if seal.entry is None:
            dropped += 1
        else:
            entries += 1
        if anchor is not None and anchor[0] == position:
            found_anchor = True
            if not chain.startswith(anchor[1]):
                return Trouble(f"seal {position} is {chain[:16]}…, but was noted down as {anchor[1][:16]}…")
    if not found_anchor:
        return Trouble(f"the chain ends at {position}; a head at {anchor[0] if anchor else 0} was noted down")
    for entry in AuditEntry.objects.unsealed().order_by("pk").iterator():
        if entry.digest != entry.computed_digest():
            return Trouble(f"{_named(entry)} was altered before it was sealed")
        if entry.at < now - SEALED_WITHIN:
            return Trouble(f"{_named(entry)} has no seal")
    waiting = AuditEntry.objects.unsealed().count()
    return Verified(entries, position, dropped, waiting, head)


def _chain() -> Iterator[AuditSeal]:
    seals: Iterator[AuditSeal] = (
        AuditSeal.objects.order_by("position").select_related("entry").iterator(chunk_size=2000)
    )
    return seals


def _broken(seal: AuditSeal, position: int, chain: str) -> str:
    if seal.position != position:
        return f"seal {position} is missing; the next one is {seal.position}"
    if seal.chain != seal.computed_chain(chain):
        sealed = f"{seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"
        return f"seal {position} (of entry {seal.entry_id}, sealed {sealed}) was altered"
    return ""


def _altered(seal: AuditSeal, entries: int, now: datetime) -> str:
    entry = seal.entry
    if entry is None:
        # Old entries are dropped from the beginning on: not after one that is there, nor before their time.
        if entries or seal.sealed_at > now - timedelta(days=KEPT_AT_LEAST_DAYS):
            return (
                f"entry {seal.entry_id} is missing: it was sealed at position {seal.position} "
                f"at {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"
            )
        return ""
    if entry.computed_digest() != seal.digest:
        return f"{_named(entry)} was altered"
    if entry.digest != seal.digest:
        return f"{_named(entry)}: its digest was altered"
    return ""


def _named(entry: AuditEntry) -> str:
    about = f", {entry.table} {entry.row}" if entry.table else ""
    return f"entry {entry.pk} ({entry.at:%Y-%m-%d %H:%M:%S} UTC, {entry.act}{about})"
