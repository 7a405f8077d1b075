"""Who still has something to do in a half-month, and what it is."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Count, F, Q, QuerySet

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.badges.models import BadgePolicy
from tracker.calendars.queries import working_days_of
from tracker.calendars.workdays import working_days_between
from tracker.inspections.models import Cycle
from tracker.inspections.queries import awaiting, inspectable_by, worst_badge_first
from tracker.library.models import (
    NOT_STARTED_STAGES,
    Division,
    InclusionState,
    Project,
    ProjectQuerySet,
)
from tracker.library.rules import INCLUSION_THRESHOLD
from tracker.reminders.rules import AUDIENCES, Audience

# Projects that a mail names; the page behind it names all.
NAMED = 20


def overdue_for_inclusion(county: Division, today: date) -> ProjectQuerySet:
    """Projects under way for longer than the county's rule allows without being included in statistics."""
    allowed = BadgePolicy.objects.in_force(county, today).policy.inclusion_yellow_after_days
    return (
        Project.objects.of_county(county)
        .followed()
        .filter(started_on__lt=today - timedelta(days=allowed), planned_total__gte=INCLUSION_THRESHOLD)
        .exclude(stage__in=NOT_STARTED_STAGES)
        .exclude(inclusion_state__in=[InclusionState.INCLUDED, InclusionState.NOT_APPLICABLE])
    )


class Outstanding:
    """Who has something to do today in each half-month whose window is open; asked once each."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._people: dict[tuple[int, Audience], frozenset[int]] = {}

    @cached_property
    def cycles(self) -> dict[tuple[int, date], Cycle]:
        """The half-months in which something can still be done, by county and start."""
        cycles = Cycle.objects.open_on(self.today).filter(closes_on__gte=self.today)
        return {(cycle.county_id, cycle.start): cycle for cycle in cycles.select_related("county")}

    def people(self, cycle: Cycle, audience: Audience) -> frozenset[int]:
        """Ids of those of the audience whose part of the half-month is not done."""
        asked = (cycle.pk, audience)
        if asked not in self._people:
            self._people[asked] = frozenset(self._ask(cycle, audience))
        return self._people[asked]

    def concerns(self, person_id: int, county_id: int, cycle_start: date, kind: str) -> bool:
        """Whether a reminder of this kind would still go to the person."""
        cycle = self.cycles.get((county_id, cycle_start))
        return cycle is not None and any(
            person_id in self.people(cycle, audience) for audience in AUDIENCES[kind]
        )

    def _ask(self, cycle: Cycle, audience: Audience) -> QuerySet[User, int]:
        left = awaiting(cycle)
        people = User.objects.filter(is_active=True)
        if audience is Audience.INSPECTORS:
            people = people.filter(role__in=roles.INSPECTING, pk__in=left.values("inspector"))
        elif audience is Audience.LEADS:
            people = people.filter(role=Role.TEAM_LEAD, division=cycle.county)
            people = people if left.exists() else people.none()
        else:
            people = people.filter(role=Role.STATISTICS_LIAISON, division=cycle.county)
            has_work = left.exists() or overdue_for_inclusion(cycle.county, self.today).exists()
            people = people if has_work else people.none()
        return people.values_list("pk", flat=True)


@dataclass(frozen=True)
class Deadline:
    """How a half-month stands for somebody: how much of it is left, and for how long."""

    cycle: Cycle
    left: int
    total: int
    is_overdue: bool
    # Working days until it is due, or since.
    days: int


@dataclass(frozen=True)
class OwnWork:
    """What an inspector has to inspect in a half-month; the worst badge first."""

    deadline: Deadline
    projects: list[Project]

    @property
    def more(self) -> int:
        """How many projects are left that are not named."""
        return self.deadline.left - len(self.projects)


@dataclass(frozen=True)
class Share:
    """How many of an inspector's projects are left."""

    name: str
    left: int
    total: int


@dataclass(frozen=True)
class CountyWork:
    """What is not inspected in a county's half-month, and with whom it lies."""

    deadline: Deadline
    shares: list[Share]


@dataclass(frozen=True)
class Awaited:
    """A project that has been under way for so many days and is not included in statistics."""

    project: Project
    days: int


@dataclass(frozen=True)
class InclusionWork:
    """Projects that should be included by now, the longest under way first."""

    county: Division
    awaited: list[Awaited]
    total: int

    @property
    def more(self) -> int:
        """How many there are that are not named."""
        return self.total - len(self.awaited)


def own_work(person: User, cycle: Cycle, today: date) -> OwnWork | None:
    """What the person still has to inspect in the half-month; None when it is all done."""
    left = awaiting(cycle).of_inspector(person)
    count = left.count()
    if not count:
        return None
    named = worst_badge_first(left).select_related("enterprise")
    total = inspectable_by(person).of_county(cycle.county).of_inspector(person).count()
    return OwnWork(_deadline(cycle, count, max(total, count), today), list(named[:NAMED]))


def county_work(cycle: Cycle, today: date) -> CountyWork | None:
    """What the county still has to inspect in the half-month; None when it is all done."""
    left = awaiting(cycle)
    count = left.count()
    if not count:
        return None
    followed = Project.objects.of_county(cycle.county).followed()
    by_inspector = followed.values("inspector", "inspector__name").annotate(
        total=Count("pk"), left=Count("pk", filter=Q(pk__in=left.values("pk")))
    )
    shares = [
        Share(row["inspector__name"] or "", row["left"], row["total"])
        for row in by_inspector.order_by(F("inspector__name").asc(nulls_last=True), "inspector")
        if row["left"]
    ]
    return CountyWork(_deadline(cycle, count, followed.count(), today), shares)


def inclusion_work(county: Division, today: date) -> InclusionWork | None:
    """What the county's liaison has to bring into the statistics; None when nothing is overdue."""
    overdue = overdue_for_inclusion(county, today)
    count = overdue.count()
    if not count:
        return None
    longest_first = overdue.select_related("enterprise").order_by("started_on", "pk")[:NAMED]
    awaited = [
        Awaited(project, (today - project.started_on).days)
        for project in longest_first
        if project.started_on is not None
    ]
    return InclusionWork(county, awaited, count)


def _deadline(cycle: Cycle, left: int, total: int, today: date) -> Deadline:
    days = working_days_between(today, cycle.due_on, working_days_of(cycle.county_id))
    return Deadline(cycle, left, total, is_overdue=today > cycle.due_on, days=abs(days))
