"""A county's half-month whose due day is Wednesday, 4 November 2026; it is over after the 11th."""

from datetime import date, datetime, timedelta

import pytest

from tests.factories import make_cycle, make_findings, make_project, moment
from tracker.accounts.models import User
from tracker.inspections.actions import submit_inspection
from tracker.inspections.models import Cycle
from tracker.library.models import Project
from tracker.mailing.actions import deliver_waiting
from tracker.reminders import actions

OPENS, BEFORE_DUE, DUE = date(2026, 10, 31), date(2026, 11, 3), date(2026, 11, 4)
AFTER_DUE, LONG_AFTER_DUE = date(2026, 11, 5), date(2026, 11, 9)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def cycle(db: None) -> Cycle:
    """The second half of October in the county."""
    return make_cycle(code="2026-10-H2")


def give(inspector: User, count: int = 1, **facts: object) -> list[Project]:
    """Projects that the inspector answers for."""
    return [make_project(inspector=inspector, **facts) for _ in range(count)]


def inspect(project: Project, cycle: Cycle, by: User, at: datetime | None = None) -> None:
    """The project is inspected."""
    submit_inspection(project, cycle, make_findings(project), by=by, at=at or moment(cycle.opens_on))


def ring(now: datetime) -> int:
    """What beat does each minute; how many mails went out."""
    actions.remind(now)
    return deliver_waiting(now)


def a_day(day: date, hours: range = range(24)) -> int:
    """Beat rings all day long; how many mails went out."""
    return sum(ring(moment(day, hour)) for hour in hours)
