"""The county's units of time: the half-month in which every project is inspected once, and the month."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_HALF_ENDS_ON = 15
MONTHS_IN_YEAR = 12


class NotAPeriod(ValueError):
    """The text, number or date names no half-month or month."""


class NaiveMoment(ValueError):
    """A moment without a time zone has no date in Shanghai."""


def shanghai_date(moment: datetime) -> date:
    """The civil date in the county at this moment."""
    if moment.utcoffset() is None:
        raise NaiveMoment(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(SHANGHAI).date()


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    month: int

    def __post_init__(self) -> None:
        _check_month(self.year, self.month)

    @classmethod
    def containing(cls, day: date) -> Self:
        """The month in which this day falls."""
        _check_day(day)
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, code: str) -> Self:
        """The month written as "2026-10"."""
        match = re.fullmatch(r"([0-9]{4})-([0-9]{2})", code)
        if match is None:
            raise NotAPeriod(f"{code!r} is not a month; write it like 2026-10")
        return cls(int(match[1]), int(match[2]))

    @property
    def code(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def start(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        return calendar.monthrange(self.year, self.month)[1]

    @property
    def halves(self) -> tuple["HalfMonth", "HalfMonth"]:
        return HalfMonth(self.year, self.month, 1), HalfMonth(self.year, self.month, 2)

    def plus(self, months: int) -> Self:
        """The month so many months later, or earlier when negative."""
        year, index = divmod(self.year * MONTHS_IN_YEAR + self.month - 1 + months, MONTHS_IN_YEAR)
        return type(self)(year, index + 1)

    def next(self) -> Self:
        return self.plus(1)

    def previous(self) -> Self:
        return self.plus(-1)

    def distance(self, other: "Month") -> int:
        """How many months later the other one is; negative when it is earlier."""
        return (other.year - self.year) * MONTHS_IN_YEAR + other.month - self.month

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, order=True)
class HalfMonth:
    """An inspection cycle: the 1st to the 15th, or the 16th to the end of the month."""

    year: int
    month: int
    half: int

    def __post_init__(self) -> None:
        _check_month(self.year, self.month)
        if self.half not in (1, 2):
            raise NotAPeriod(f"a month has halves 1 and 2, not {self.half}")

    @classmethod
    def containing(cls, day: date) -> Self:
        """The half-month in which this day falls."""
        _check_day(day)
        return cls(day.year, day.month, 1 if day.day <= FIRST_HALF_ENDS_ON else 2)

    @classmethod
    def starting(cls, day: date) -> Self:
        """The half-month that starts on this day, as a stored `cycle_start` names it."""
        cycle = cls.containing(day)
        if cycle.start != day:
            raise NotAPeriod(f"no half-month starts on {day.isoformat()}; they start on the 1st and the 16th")
        return cycle

    @classmethod
    def parse(cls, code: str) -> Self:
        """The half-month written as "2026-10-H2"."""
        match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-H([12])", code)
        if match is None:
            raise NotAPeriod(f"{code!r} is not a half-month; write it like 2026-10-H2")
        return cls(int(match[1]), int(match[2]), int(match[3]))

    @classmethod
    def latest_cut_off(cls, today: date) -> Self:
        """The half-month whose cut-off is the latest on or before today: the one to inspect now."""
        current = cls.containing(today)
        return current if current.end == today else current.previous()

    @property
    def code(self) -> str:
        return f"{self.year:04}-{self.month:02}-H{self.half}"

    @property
    def start(self) -> date:
        return date(self.year, self.month, 1 if self.half == 1 else FIRST_HALF_ENDS_ON + 1)

    @property
    def end(self) -> date:
        """The cut-off: figures count as they stood at the end of this day."""
        return date(self.year, self.month, FIRST_HALF_ENDS_ON) if self.half == 1 else self.month_of.end

    @property
    def month_of(self) -> Month:
        """The month that this half belongs to."""
        return Month(self.year, self.month)

    def plus(self, cycles: int) -> Self:
        """The half-month so many cycles later, or earlier when negative."""
        index, half = divmod(self._ordinal + cycles, 2)
        year, month = divmod(index, MONTHS_IN_YEAR)
        return type(self)(year, month + 1, half + 1)

    def next(self) -> Self:
        return self.plus(1)

    def previous(self) -> Self:
        return self.plus(-1)

    def distance(self, other: "HalfMonth") -> int:
        """How many cycles later the other one is; negative when it is earlier."""
        return other._ordinal - self._ordinal

    @property
    def _ordinal(self) -> int:
        return (self.year * MONTHS_IN_YEAR + self.month - 1) * 2 + self.half - 1

    def __str__(self) -> str:
        return self.code


def _check_month(year: int, month: int) -> None:
    if not date.min.year <= year <= date.max.year:
        raise NotAPeriod(f"there is no year {year}")
    if not 1 <= month <= MONTHS_IN_YEAR:
        raise NotAPeriod(f"there is no month {month}")


def _check_day(day: date) -> None:
    # A datetime passes for a date in Python, but its day may be yesterday's in Shanghai.
    if isinstance(day, datetime):
        raise TypeError("give a civil date; shanghai_date() makes one from a moment")
