"""Months of a county, made half-month by half-month."""

from decimal import Decimal
from typing import Any

from tests.factories import make_county, make_cycle, make_inspection, moment
from tracker.inspections.actions import close_cycle
from tracker.library.models import Division, Project

# Done of the factory's plan of 1,200 万元: what gives which badge at the cut-offs of 2026.
BADGE_BY_DONE = {
    "2026-09-H2": {"red": 400, "yellow": 700, "blue": 900},
    "2026-10-H1": {"red": 500, "yellow": 750, "blue": 950},
    "2026-10-H2": {"red": 600, "yellow": 800, "blue": 1000},
}


def inspect(project: Project, code: str, badge: str = "blue", **facts: Any) -> None:
    """An accepted inspection whose figures earn the badge."""
    done = Decimal(BADGE_BY_DONE.get(code, {}).get(badge, 1000))
    facts = {"ytd_investment": done, "cumulative_investment": done, **facts}
    make_inspection(project, make_cycle(project.county, code), **facts)


def close(*codes: str, county: Division | None = None) -> None:
    """Close half-months of the county on the day their windows end."""
    for code in codes:
        cycle = make_cycle(county or make_county(), code)
        close_cycle(cycle, by=None, at=moment(cycle.closes_on))
