"""The databases that are measured: one invented country, small or large, with a year of half-months."""

from dataclasses import dataclass

from django.db import connection

from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.calendars.periods import HalfMonth
from tracker.library.models import Division

# Nineteen projects of twenty lie in this county: its lists are the longest that there are.
COUNTY = "371423"
LATEST = HalfMonth.parse("2026-11-H1")


@dataclass(frozen=True)
class World:
    """One filled database."""

    database: str
    projects: int

    def enter(self) -> None:
        """From here on Django asks this one."""
        if connection.settings_dict["NAME"] != self.database:
            connection.close()
            connection.settings_dict["NAME"] = self.database

    @property
    def county(self) -> Division:
        """The county that has nearly all of it."""
        self.enter()
        return Division.objects.get(code=COUNTY)

    def official(self, role: str = Role.TEAM_LEAD) -> User:
        """Somebody of the county in this role."""
        self.enter()
        return User.objects.filter(division__code=COUNTY, role=role).order_by("pk")[0]


@dataclass(frozen=True)
class Scale:
    """How much is measured: growth is what the large world costs beside the small one."""

    name: str
    small: World
    large: World


SCALES = {"tiny": (20, 40), "usual": (10_000, 100_000), "full": (10_000, 1_000_000)}
