"""What can be done to the library."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from tracker.audit.context import because
from tracker.library.models import AnnualPlan, Division, Project

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
