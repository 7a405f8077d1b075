"""How many attempts are too many, and for how long.

What locks is the pair of account and address, so that nobody shuts an official out from elsewhere. The wide
limits, per account and per address, are slow: they stop guessing spread over many addresses or accounts.
Every lock ends by itself when its attempts have grown old.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What was attempted."""

    PASSWORD = "password"  # noqa: S105  a kind, no password
    SECOND_FACTOR = "second_factor"
    MAILED_CODE = "mailed_code"


@dataclass(frozen=True)
class Limit:
    """So many attempts within a time, counted by account, by address, or by both."""

    most: int
    within: timedelta
    by: tuple[str, ...]


HALF_AN_HOUR, AN_HOUR = timedelta(minutes=30), timedelta(hours=1)
PAIR, ACCOUNT, ADDRESS = ("account", "address"), ("account",), ("address",)

LIMITS: dict[Kind, tuple[Limit, ...]] = {
    Kind.PASSWORD: (
        Limit(5, HALF_AN_HOUR, PAIR),
        Limit(50, AN_HOUR, ACCOUNT),
        Limit(100, AN_HOUR, ADDRESS),
    ),
    Kind.SECOND_FACTOR: (
        Limit(5, HALF_AN_HOUR, PAIR),
        Limit(50, AN_HOUR, ACCOUNT),
        Limit(100, AN_HOUR, ADDRESS),
    ),
    # Here an attempt is a mail: nobody's mailbox is flooded, and nobody uses up the codes of somebody else.
    Kind.MAILED_CODE: (
        Limit(3, HALF_AN_HOUR, PAIR),
        Limit(20, AN_HOUR, ACCOUNT),
        Limit(60, AN_HOUR, ADDRESS),
    ),
}
# After this time an attempt counts for nothing any more and is forgotten.
REMEMBERED_FOR = max(limit.within for limits in LIMITS.values() for limit in limits)


def ends_at(limit: Limit, newest_first: list[datetime], most: int) -> datetime | None:
    """When the lock ends that so many attempts cause; None when they are fewer."""
    return newest_first[most - 1] + limit.within if len(newest_first) >= most else None
