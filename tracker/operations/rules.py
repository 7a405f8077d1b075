"""What was seen of the running product, and whether that is well: from values to values, without looking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

# Beat notes each half minute that it rings, and the worker answers as often.
SILENT_AFTER = timedelta(minutes=3)
QUEUE_SLOW_AFTER, QUEUE_STUCK_AFTER = timedelta(minutes=2), timedelta(minutes=5)
MANY_TASKS = 1000
MAIL_SLOW_AFTER, MAIL_STUCK_AFTER = timedelta(minutes=15), timedelta(hours=1)
# A backup each night may take a while, and is not late before that.
BACKUP_DUE_AFTER, BACKUP_LATE_AFTER = timedelta(hours=26), timedelta(days=7)
DISK_LOW_SHARE, DISK_FULL_SHARE = 0.10, 0.05
DISK_LOW, DISK_FULL = 3 * 1024**3, 1024**3
# The holidays of a year are announced in the November before it.
HOLIDAYS_EXPECTED_MONTH = 12
HOLIDAYS_NEEDED_WITHIN = timedelta(days=14)
CLOCK_SLOW, CLOCK_WRONG = timedelta(seconds=10), timedelta(minutes=1)


class State(IntEnum):
    """How a part does, from well to wrong."""

    WELL = 0
    LOOK = 1
    WRONG = 2


class Part(StrEnum):
    """What is looked at, in the order in which it is shown: what others need comes first."""

    DATABASE = "database"
    BEAT = "beat"
    WORKER = "worker"
    QUEUE = "queue"
    MAIL = "mail"
    PARKED = "parked"
    BACKUP = "backup"
    DISK = "disk"
    CALENDAR = "calendar"
    CLOCK = "clock"


@dataclass(frozen=True)
class Sign:
    """The last sign of life of a part, and what it told."""

    at: datetime
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """The tasks that wait in Redis, and when the oldest of them was rung."""

    length: int
    oldest_at: datetime | None = None


@dataclass(frozen=True)
class Outbox:
    """Mails that wait, since when the one that is most late is due, and those given up."""

    waiting: int = 0
    due_since: datetime | None = None
    trouble: str = ""
    parked: int = 0


@dataclass(frozen=True)
class Disk:
    """The room where something is kept."""

    place: str
    free: int
    total: int

    @property
    def share(self) -> float:
        """How much of it is free, from 0 to 1."""
        return self.free / self.total if self.total else 0.0


@dataclass(frozen=True)
class Kept:
    """What the database knows of the rest."""

    # How far its clock is from ours.
    clock_off: timedelta = timedelta(0)
    signs: Mapping[str, Sign] = field(default_factory=dict)
    outbox: Outbox = Outbox()
    # The last year whose holidays are known, counted from this one on without a gap.
    holidays_until: int = 0


@dataclass(frozen=True)
class Seen:
    """What was seen at one moment; without a database nothing of what it keeps, without Redis no queue."""

    at: datetime
    today: date
    queue: Queue | None
    disks: tuple[Disk, ...]
    kept: Kept | None
    database_trouble: str = ""
    # Steps that the tables are behind the program; until they are taken, what they keep says nothing.
    unapplied: int = 0
    # Where it is only tried out, nobody needs a backup yet.
    is_production: bool = True


@dataclass(frozen=True)
class Finding:
    """How one part does and why: a code for the reason, and the figures that the sentence needs."""

    part: Part
    state: State
    reason: str
    figures: Mapping[str, object] = field(default_factory=dict)


def judge(seen: Seen) -> list[Finding]:
    """How every part does that can be judged from what was seen."""
    found = [judge_database(seen), judge_queue(seen), judge_disks(seen.disks)]
    if seen.kept is not None:
        kept = seen.kept
        found += [
            judge_sign(Part.BEAT, kept.signs.get("beat"), seen.at),
            judge_sign(Part.WORKER, kept.signs.get("worker"), seen.at),
            judge_mail(kept.outbox, seen.at),
            judge_parked(kept.outbox),
            judge_backup(kept.signs.get("backup"), seen.at, is_production=seen.is_production),
            judge_calendar(kept.holidays_until, seen.today),
            judge_clock(kept, seen.at),
        ]
    order = list(Part)
    return sorted(found, key=lambda finding: order.index(finding.part))


def judge_database(seen: Seen) -> Finding:
    """It answers, and its tables are as the code expects them."""
    if seen.unapplied:
        return Finding(Part.DATABASE, State.WRONG, "unapplied", {"number": seen.unapplied})
    if seen.kept is None:
        return Finding(Part.DATABASE, State.WRONG, "away", {"words": seen.database_trouble})
    return Finding(Part.DATABASE, State.WELL, "answers")


def judge_sign(part: Part, sign: Sign | None, at: datetime) -> Finding:
    """A part that shows each minute that it lives has done so lately."""
    if sign is None:
        return Finding(part, State.WRONG, "never")
    figures = {"ago": at - sign.at, "waited": sign.facts.get("waited")}
    is_silent = at - sign.at > SILENT_AFTER
    return Finding(
        part, State.WRONG if is_silent else State.WELL, "silent" if is_silent else "lives", figures
    )


def judge_queue(seen: Seen) -> Finding:
    """Redis answers, and tasks do not wait long in it."""
    if seen.queue is None:
        return Finding(Part.QUEUE, State.WRONG, "away")
    oldest = seen.queue.oldest_at
    age = max(seen.at - oldest, timedelta(0)) if oldest else timedelta(0)
    figures = {"number": seen.queue.length, "ago": age}
    if age > QUEUE_STUCK_AFTER:
        return Finding(Part.QUEUE, State.WRONG, "slow", figures)
    if age > QUEUE_SLOW_AFTER or seen.queue.length >= MANY_TASKS:
        return Finding(Part.QUEUE, State.LOOK, "slow", figures)
    return Finding(Part.QUEUE, State.WELL, "waiting" if seen.queue.length else "empty", figures)


def judge_mail(outbox: Outbox, at: datetime) -> Finding:
    """Mails go out when they are due."""
    late = max(at - outbox.due_since, timedelta(0)) if outbox.due_since else timedelta(0)
    figures = {"number": outbox.waiting, "ago": late, "words": outbox.trouble}
    if late > MAIL_SLOW_AFTER:
        return Finding(Part.MAIL, State.WRONG if late > MAIL_STUCK_AFTER else State.LOOK, "late", figures)
    return Finding(Part.MAIL, State.WELL, "waiting" if outbox.waiting else "empty", figures)


def judge_parked(outbox: Outbox) -> Finding:
    """No mail is given up that nobody has looked at."""
    if outbox.parked:
        return Finding(Part.PARKED, State.WRONG, "some", {"number": outbox.parked})
    return Finding(Part.PARKED, State.WELL, "none")


def judge_backup(sign: Sign | None, at: datetime, *, is_production: bool) -> Finding:
    """A backup was made in the last day."""
    if sign is None:
        return Finding(Part.BACKUP, State.WRONG if is_production else State.LOOK, "never")
    age = at - sign.at
    figures = {"ago": age, "file": sign.facts.get("file", ""), "bytes": sign.facts.get("bytes")}
    if age <= BACKUP_DUE_AFTER:
        return Finding(Part.BACKUP, State.WELL, "made", figures)
    return Finding(Part.BACKUP, State.WRONG if age > BACKUP_LATE_AFTER else State.LOOK, "old", figures)


def judge_disks(disks: tuple[Disk, ...]) -> Finding:
    """There is room left; the fullest disk is the one to tell of."""
    fullest = min(disks, key=lambda disk: (-_fullness(disk), disk.free))
    figures = {"place": fullest.place, "free": fullest.free, "total": fullest.total}
    state = _fullness(fullest)
    return Finding(Part.DISK, state, "room" if state is State.WELL else "full", figures)


def _fullness(disk: Disk) -> State:
    if disk.free < DISK_FULL or disk.share < DISK_FULL_SHARE:
        return State.WRONG
    if disk.free < DISK_LOW or disk.share < DISK_LOW_SHARE:
        return State.LOOK
    return State.WELL


def judge_calendar(known_until: int, today: date) -> Finding:
    """The holidays are known for as long as deadlines are reckoned ahead."""
    unknown = max(known_until + 1, today.year)
    figures = {"year": unknown if known_until <= today.year else known_until}
    if known_until > today.year:
        return Finding(Part.CALENDAR, State.WELL, "known", figures)
    left = date(unknown, 1, 1) - today
    if left <= HOLIDAYS_NEEDED_WITHIN:
        return Finding(Part.CALENDAR, State.WRONG, "unknown", figures)
    if today.month >= HOLIDAYS_EXPECTED_MONTH:
        return Finding(Part.CALENDAR, State.LOOK, "unknown", figures)
    return Finding(Part.CALENDAR, State.WELL, "known", {"year": known_until})


def judge_clock(kept: Kept, at: datetime) -> Finding:
    """Our clock agrees with the database's, and with what was written down before."""
    ahead = max((sign.at - at for sign in kept.signs.values()), default=timedelta(0))
    off = max(abs(kept.clock_off), ahead)
    figures = {"ago": max(off, timedelta(0))}
    if off > CLOCK_WRONG:
        return Finding(Part.CLOCK, State.WRONG, "off", figures)
    return Finding(
        Part.CLOCK,
        State.LOOK if off > CLOCK_SLOW else State.WELL,
        "off" if off > CLOCK_SLOW else "right",
        figures,
    )


def worst(findings: list[Finding]) -> State:
    """How the whole does: as its worst part."""
    return max((finding.state for finding in findings), default=State.WELL)
