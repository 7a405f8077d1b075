"""What a project's page shows in tables: milestones, parts of the total, the lapse, plan and baseline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.library import rules
from tracker.library.models import AnnualPlan, Project
from tracker.library.words import known_date

# What each milestone is called, and the fields of the day that was planned and of the day that came.
MILESTONES: tuple[tuple[Any, str, str], ...] = (
    (_("Filed"), "", "filed_on"),
    (pgettext_lazy("milestone", "Start"), "planned_start_on", "started_on"),
    (_("Equipment delivery"), "planned_equipment_on", "equipment_delivered_on"),
    (_("Completion"), "planned_completion_on", "completed_on"),
    (_("Production"), "planned_production_on", "in_production_on"),
    (_("Full capacity"), "planned_target_on", "on_target_on"),
)
COMPONENTS: tuple[tuple[Any, str], ...] = (
    (_("Construction"), "planned_construction"),
    (_("Installation"), "planned_installation"),
    (_("Equipment"), "planned_equipment"),
    (_("Other"), "planned_other"),
)


@dataclass(frozen=True)
class Milestone:
    """One step of a project: when it was planned and when it came, as people say it."""

    name: str
    planned: str
    actual: str
    # Days between the plan and the day that came: positive when late; none where one of them is missing.
    days_late: int | None

    @property
    def days_early(self) -> int:
        """How many days before the plan it came."""
        return max(-(self.days_late or 0), 0)


def milestones_of(project: Project) -> list[Milestone]:
    """The project's milestones of which a day is known, in their order."""
    found = []
    for name, planned, actual in MILESTONES:
        planned_on = getattr(project, planned) if planned else None
        came_on = getattr(project, actual)
        if planned_on is None and came_on is None:
            continue
        is_exact = not {planned, actual} & set(project.month_only)
        late = (came_on - planned_on).days if planned_on and came_on and is_exact else None
        found.append(
            Milestone(
                str(name), known_date(project, planned) if planned else "–", known_date(project, actual), late
            )
        )
    return found


@dataclass(frozen=True)
class Component:
    """A part of the planned total in 万元, and its share in per cent."""

    name: str
    amount: Decimal
    share: Decimal | None


def components_of(project: Project) -> list[Component]:
    """The known parts of the planned total."""
    known = [(name, getattr(project, field)) for name, field in COMPONENTS]
    return [
        Component(str(name), amount, amount * 100 / project.planned_total if project.planned_total else None)
        for name, amount in known
        if amount is not None
    ]


@dataclass(frozen=True)
class Lapse:
    """When the filing lapses unless work starts."""

    on: date
    days_left: int


def lapse_of(project: Project, today: date) -> Lapse | None:
    """The filing's lapse, while the project has not started."""
    on = project.filing_lapses_on
    return Lapse(on, (on - today).days) if on else None


@dataclass(frozen=True)
class MonthBeside:
    """A month of a year's first plan beside the same month of the plan in force. Money in 万元."""

    first_day: date
    baseline: Decimal
    plan: Decimal

    @property
    def difference(self) -> Decimal:
        """What the plan in force adds."""
        return self.plan - self.baseline


@dataclass(frozen=True)
class Comparison:
    """A year's first plan beside the one in force, and how often it was re-planned."""

    year: int
    replans: int
    baseline: AnnualPlan
    plan: AnnualPlan
    months: list[MonthBeside]

    @property
    def difference(self) -> Decimal:
        """What the plan in force adds to the year."""
        return self.plan.amount - self.baseline.amount


def comparison_of(project: Project, year: int) -> Comparison:
    """The year's plan beside its baseline; an even plan falls on the days planned for work."""
    baseline, plan = project.baseline_for(year), project.plan_for(year)
    assert baseline is not None
    assert plan is not None
    pairs: Iterable[tuple[Decimal, Decimal]] = zip(
        _months(project, baseline), _months(project, plan), strict=True
    )
    months = [MonthBeside(date(year, number, 1), *pair) for number, pair in enumerate(pairs, start=1)]
    return Comparison(year, plan.version - baseline.version, baseline, plan, months)


def _months(project: Project, plan: AnnualPlan) -> tuple[Decimal, ...]:
    return plan.months or rules.linearly(
        plan.amount, plan.year, project.planned_start_on, project.planned_completion_on
    )
