"""Looking at everything that should run."""

import shutil
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Q
from django.utils import timezone

from tracker.calendars.periods import shanghai_date
from tracker.calendars.queries import knows_holidays_of
from tracker.mailing.models import Message, MessageQuerySet
from tracker.mailing.rules import WAITS
from tracker.operations.models import Heartbeat
from tracker.operations.queue import look_into_queue
from tracker.operations.rules import Disk, Finding, Kept, Outbox, Seen, Sign, judge


def health(now: datetime) -> list[Finding]:
    """How every part does at this moment."""
    return judge(look(now))


def look(now: datetime) -> Seen:
    """What is to be seen of the running product; never raises because a part is away."""
    kept, unapplied, trouble = None, 0, ""
    try:
        unapplied = unapplied_migrations()
        kept = None if unapplied else _look_into_database(now)
    except Error as error:
        trouble = " ".join(str(error).split())
        connection.close()
    return Seen(
        at=now,
        today=shanghai_date(now),
        queue=look_into_queue(),
        disks=tuple(_disks()),
        kept=kept,
        database_trouble=trouble,
        unapplied=unapplied,
        is_production=settings.IS_PRODUCTION,
    )


def _look_into_database(now: datetime) -> Kept:
    return Kept(
        clock_off=_clock_off(),
        signs={row.name: Sign(row.at, row.facts) for row in Heartbeat.objects.all()},
        outbox=_look_into_outbox(now),
        holidays_until=_holidays_until(shanghai_date(now).year),
    )


class _Tables:
    """Tables that were right once stay so as long as this process runs; looking takes a while."""

    are_right = False


def unapplied_migrations() -> int:
    """How many steps the tables are behind the program."""
    if _Tables.are_right:
        return 0
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    _Tables.are_right = not plan
    return len(plan)


def _clock_off() -> timedelta:
    """How far the database's clock is from ours; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        return timedelta(0)
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    # Asked between two looks at our own clock, it answers for the middle of them.
    ours = before + (timezone.now() - before) / 2
    return theirs - ours


def _look_into_outbox(now: datetime) -> Outbox:
    waits, begun = Q(parked_at=None), Q(not_before__lte=now) | Q(attempts__gt=0)
    open_ones = Message.objects.undelivered().order_by().values("attempts")
    rows = list(
        open_ones.annotate(
            waiting=Count("pk", filter=waits),
            parked=Count("pk", filter=~waits),
            first=Min("not_before", filter=waits & begun),
        )
    )
    # What was put off was due before: as much earlier as all its waits together.
    due = [row["first"] - sum(WAITS[: row["attempts"]], timedelta(0)) for row in rows if row["first"]]
    return Outbox(
        waiting=sum(row["waiting"] for row in rows),
        due_since=min(due, default=None),
        trouble=_last_trouble() if due else "",
        parked=sum(row["parked"] for row in rows),
    )


def _last_trouble() -> str:
    """What the mail server said last of a mail that still waits."""
    troubled = Message.objects.unsent().exclude(last_error="").order_by("-not_before", "-pk")
    return troubled.values_list("last_error", flat=True).first() or ""


def parked_mails() -> MessageQuerySet:
    """Mails given up that a person has to look at."""
    return Message.objects.parked()


def _holidays_until(year: int) -> int:
    """The last year whose holidays are known, from this year on; the year before if this one's are not."""
    unknown = next(one for one in count(year) if not knows_holidays_of(one))
    return unknown - 1


def _disks() -> list[Disk]:
    """The room for what the product keeps, each disk once."""
    places = {"state": Path(settings.VAR_DIR), "media": Path(settings.MEDIA_ROOT)}
    if connection.vendor == "sqlite":
        places["database"] = Path(str(connection.settings_dict["NAME"])).parent
    found: dict[int, Disk] = {}
    for name, place in places.items():
        while not place.exists():
            place = place.parent
        usage = shutil.disk_usage(place)
        found.setdefault(place.stat().st_dev, Disk(name, usage.free, usage.total))
    return list(found.values())
