"""What can be done to the library."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from tracker.accounts import roles
from tracker.audit.context import because
from tracker.library import rules
from tracker.library.models import LIAISON_STATES, AnnualPlan, Division, InclusionState, Project

if TYPE_CHECKING:
    from tracker.accounts.models import User


class PlanDoesNotAddUp(Exception):
    """The twelve months do not sum up to the year's amount."""


@transaction.atomic
def plan_year(
    project: Project,
    year: int,
    amount: Decimal,
    *,
    by: "User | None",
    months: tuple[Decimal, ...] | None = None,
    reason: str = "",
) -> AnnualPlan:
    """Set what the project means to invest in the year (万元); a second one is kept beside the baseline."""
    if months is not None and sum(months) != amount:
        raise PlanDoesNotAddUp(sum(months), amount)
    by_month = [f"{month:.2f}" for month in months] if months else None
    Project.objects.select_for_update().get(pk=project.pk)
    current = AnnualPlan.objects.filter(project=project, year=year).order_by("-version").first()
    if current and current.amount == amount and current.by_month == by_month:
        return current
    with because(reason):
        return AnnualPlan.objects.create(
            project=project,
            year=year,
            version=current.version + 1 if current else 1,
            amount=amount,
            by_month=by_month,
            reason=reason,
            made_by=by,
        )


def township_of(county: Division, name: str) -> Division:
    """The county's township or park of that name; added when the county's table names a new one."""
    township, _ = Division.objects.get_or_create(
        parent=county, name_zh=name, defaults={"level": Division.Level.TOWNSHIP}
    )
    return township


class InFuture(Exception):
    """The day has not come yet."""


class NotTheLiaison(Exception):
    """Only the statistics liaison says that a project is included, returned or removed."""


class BelowThreshold(Exception):
    """A project with so small a planned total is never part of the investment survey."""


# What each state of inclusion is dated by; the others follow from papers that carry no day.
DATED_BY = {
    InclusionState.SUBMITTED: "inclusion_submitted_on",
    InclusionState.INCLUDED: "included_on",
    InclusionState.RETURNED: "inclusion_returned_on",
    InclusionState.REMOVED: "inclusion_removed_on",
}


@transaction.atomic
def set_inclusion(
    project: Project, state: str, on: date, reference: str, *, by: "User", today: date
) -> Project:
    """Record where the project stands on its way into statistics, since which day and by which paper."""
    if state in LIAISON_STATES and not by.may(roles.INCLUDING):
        raise NotTheLiaison(state)
    if on > today:
        raise InFuture(on)
    project = Project.objects.select_for_update().get(pk=project.pk)
    if state == InclusionState.INCLUDED and project.planned_total < rules.INCLUSION_THRESHOLD:
        raise BelowThreshold(project.planned_total)
    project.inclusion_state, project.inclusion_reference = state, reference
    if state not in (InclusionState.INCLUDED, InclusionState.REMOVED):
        # Said by mistake, or over since the removal: it is not included since that day any more.
        project.included_on = None
    if state in DATED_BY:
        setattr(project, DATED_BY[InclusionState(state)], on)
    with because(reference):
        project.save(update_fields=["inclusion_state", "inclusion_reference", *DATED_BY.values()])
    return project
