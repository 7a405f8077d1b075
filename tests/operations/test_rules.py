"""From what is seen to what is said of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from tracker.operations.rules import (
    Disk,
    Finding,
    Kept,
    Outbox,
    Part,
    Queue,
    Seen,
    Sign,
    State,
    judge,
    worst,
)
from tracker.operations.words import REMEDIES, line

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
GIB = 1024**3


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def kept(**facts: object) -> Kept:
    """Everything that the database knows is well, but for these."""
    facts = {"signs": signs(), "holidays_until": 2027, **facts}
    return Kept(**facts)


def signs(**others: Sign | None) -> dict[str, Sign]:
    """Beat and worker a minute ago, the backup in the night, but for these."""
    all_of_them = {
        "beat": Sign(ago(seconds=40)),
        "worker": Sign(ago(seconds=50), {"waited": 0.2}),
        "backup": Sign(ago(hours=8), {"file": "/var/backups/jigai-2026.zip", "bytes": 5_000_000}),
        **others,
    }
    return {name: sign for name, sign in all_of_them.items() if sign}


def seen(**facts: object) -> Seen:
    """Everything is well, but for these."""
    facts = {
        "at": NOW,
        "today": date(2026, 11, 25),
        "queue": Queue(0),
        "disks": (Disk("state", 50 * GIB, 100 * GIB),),
        "kept": kept(),
        **facts,
    }
    return Seen(**facts)


def finding(part: Part, what: Seen) -> Finding:
    return next(one for one in judge(what) if one.part is part)


def test_every_part_is_told_of_in_its_order_and_all_may_be_well():
    findings = judge(seen())
    assert [one.part for one in findings] == list(Part)
    assert worst(findings) is State.WELL


@pytest.mark.parametrize(
    ("part", "what", "state"),
    [
        (Part.BEAT, seen(kept=kept(signs=signs(beat=None))), State.WRONG),
        (Part.BEAT, seen(kept=kept(signs=signs(beat=Sign(ago(minutes=3))))), State.WELL),
        (Part.BEAT, seen(kept=kept(signs=signs(beat=Sign(ago(minutes=4))))), State.WRONG),
        (Part.WORKER, seen(kept=kept(signs=signs(worker=None))), State.WRONG),
        (Part.WORKER, seen(kept=kept(signs=signs(worker=Sign(ago(minutes=4))))), State.WRONG),
        (Part.QUEUE, seen(queue=None), State.WRONG),
        (Part.QUEUE, seen(queue=Queue(3, ago(seconds=20))), State.WELL),
        (Part.QUEUE, seen(queue=Queue(3, ago(minutes=3))), State.LOOK),
        (Part.QUEUE, seen(queue=Queue(1000)), State.LOOK),
        (Part.QUEUE, seen(queue=Queue(3, ago(minutes=6))), State.WRONG),
        (Part.MAIL, seen(kept=kept(outbox=Outbox(9, ago(minutes=10)))), State.WELL),
        (Part.MAIL, seen(kept=kept(outbox=Outbox(9, ago(minutes=16)))), State.LOOK),
        (Part.MAIL, seen(kept=kept(outbox=Outbox(9, ago(hours=2), "Connection refused"))), State.WRONG),
        (Part.PARKED, seen(kept=kept(outbox=Outbox(parked=1))), State.WRONG),
        (Part.BACKUP, seen(kept=kept(signs=signs(backup=None))), State.WRONG),
        (Part.BACKUP, seen(kept=kept(signs=signs(backup=None)), is_production=False), State.LOOK),
        (Part.BACKUP, seen(kept=kept(signs=signs(backup=Sign(ago(hours=25))))), State.WELL),
        (Part.BACKUP, seen(kept=kept(signs=signs(backup=Sign(ago(hours=27))))), State.LOOK),
        (Part.BACKUP, seen(kept=kept(signs=signs(backup=Sign(ago(days=8))))), State.WRONG),
        (Part.DISK, seen(disks=(Disk("state", 9 * GIB, 100 * GIB),)), State.LOOK),
        (Part.DISK, seen(disks=(Disk("state", 4 * GIB, 100 * GIB),)), State.WRONG),
        (Part.DISK, seen(disks=(Disk("state", GIB // 2, 4 * GIB),)), State.WRONG),
        (Part.DATABASE, seen(kept=None, database_trouble="Connection refused"), State.WRONG),
        (Part.DATABASE, seen(kept=None, unapplied=2), State.WRONG),
        (Part.CALENDAR, seen(kept=kept(holidays_until=2026)), State.WELL),
        (Part.CALENDAR, seen(kept=kept(holidays_until=2026), today=date(2026, 12, 1)), State.LOOK),
        (Part.CALENDAR, seen(kept=kept(holidays_until=2026), today=date(2026, 12, 18)), State.WRONG),
        (Part.CALENDAR, seen(kept=kept(holidays_until=2025), today=date(2026, 3, 1)), State.WRONG),
        (Part.CLOCK, seen(kept=kept(clock_off=timedelta(seconds=-20))), State.LOOK),
        (Part.CLOCK, seen(kept=kept(clock_off=timedelta(minutes=2))), State.WRONG),
        (Part.CLOCK, seen(kept=kept(signs=signs(beat=Sign(ago(minutes=-30))))), State.WRONG),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_is_not_well_is_said_with_its_remedy(part: Part, what: Seen, state: State, language: str):
    found = finding(part, what)
    assert found.state is state
    with translation.override(language):
        shown = line(found)
    assert shown.name
    assert shown.word
    assert shown.shape
    assert shown.figure
    assert bool(shown.remedy) == (state is not State.WELL)


def test_of_several_disks_the_fullest_is_told_of():
    roomy, full = Disk("state", 50 * GIB, 100 * GIB), Disk("media", GIB // 2, 500 * GIB)
    assert finding(Part.DISK, seen(disks=(roomy, full))).figures["place"] == "media"


def test_without_a_database_the_rest_is_still_told_of():
    parts = [one.part for one in judge(seen(kept=None, database_trouble="gone", queue=Queue(2)))]
    assert parts == [Part.DATABASE, Part.QUEUE, Part.DISK]


def test_an_administrator_learns_of_a_dead_worker_within_ten_minutes():
    dead = replace(seen(), at=NOW + timedelta(minutes=9))
    assert finding(Part.WORKER, dead).state is State.WRONG
    assert finding(Part.BEAT, dead).state is State.WRONG


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (ago(seconds=90), "Rang 90 s ago."),
        (ago(minutes=90), "Rang 90 min ago."),
        (ago(hours=47), "Rang 47 h ago."),
        (ago(days=2), "Rang 2 days ago."),
    ],
)
def test_how_long_ago_is_said_in_one_unit(sign: datetime, words: str):
    with translation.override("en"):
        assert line(finding(Part.BEAT, seen(kept=kept(signs=signs(beat=Sign(sign)))))).figure == words


def test_every_remedy_names_a_part_and_no_two_are_alike_but_those_of_one_part():
    assert {part for part, _ in REMEDIES} == set(Part)
