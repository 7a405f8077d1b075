"""What is kept beside the library's records: figures by year, planning sheets, grounds and explanations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max

from tracker.audit.context import because
from tracker.library.consistency import Finding
from tracker.library.models import Enterprise, Project
from tracker.library.records import AnsweredWarning, FormerName, PlanningSheet, TotalChange

if TYPE_CHECKING:
    from tracker.accounts.models import User

SHEET_FIELDS = ("technical_need", "production_process", "supply_chain", "development_strategy")


class SheetEditedMeanwhile(Exception):
    """Somebody else has saved the planning sheet since the form was shown."""


@transaction.atomic
def set_former_names(enterprise: Enterprise, names: Iterable[str]) -> None:
    """Keep exactly these former names; those that stay keep the day until which they were used."""
    wanted = [name for name in dict.fromkeys(names) if name and name != enterprise.name]
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)
    kept = FormerName.objects.filter(enterprise=enterprise)
    kept.exclude(name__in=wanted).delete()
    there = set(kept.values_list("name", flat=True))
    FormerName.objects.bulk_create(
        FormerName(enterprise=enterprise, name=name) for name in wanted if name not in there
    )
    Enterprise.objects.filter(pk=enterprise.pk).keep_keys()


def keep_total_changes(
    before: Mapping[int, Decimal],
    projects: Iterable[Project],
    *,
    grounds: str,
    by: "User | None",
    at: datetime,
) -> None:
    """Write down which planned totals were replaced, and on what grounds. Money in 万元.

    The caller holds the projects and writes the totals in the same transaction.
    """
    changed = [
        project
        for project in projects
        if project.pk in before and before[project.pk] != project.planned_total
    ]
    if not changed:
        return
    kept = TotalChange.objects.filter(project__in=[project.pk for project in changed])
    numbers: dict[int, int] = defaultdict(int)
    numbers.update(kept.order_by().values_list("project").annotate(Max("number")))
    TotalChange.objects.bulk_create(
        [
            TotalChange(
                project=project,
                number=numbers[project.pk] + 1,
                before=before[project.pk],
                after=project.planned_total,
                grounds=grounds,
                by=by,
                made_at=at,
            )
            for project in changed
        ],
        batch_size=200,
    )


@transaction.atomic
def save_planning_sheet(
    project: Project, texts: Mapping[str, str], *, edition: int, by: "User", at: datetime
) -> PlanningSheet:
    """Keep what the project is planned around; `edition` is the one that the form showed, 0 for none yet."""
    Project.objects.select_for_update().get(pk=project.pk)
    sheet = PlanningSheet.objects.filter(project=project).first() or PlanningSheet(project=project, edition=0)
    if sheet.edition != edition:
        raise SheetEditedMeanwhile(sheet)
    for name in SHEET_FIELDS:
        setattr(sheet, name, texts[name])
    sheet.edition, sheet.updated_by, sheet.updated_at = edition + 1, by, at
    sheet.save()
    return sheet


@transaction.atomic
def answer_warning(
    subject: Enterprise | Project, finding: Finding, sentence: str, *, by: "User", at: datetime
) -> AnsweredWarning:
    """Explain what is odd: it stays explained as long as its facts are what they are."""
    project = subject if isinstance(subject, Project) else None
    enterprise = subject.enterprise if isinstance(subject, Project) else subject
    with because(sentence):
        answered, _is_new = AnsweredWarning.objects.update_or_create(
            enterprise=enterprise,
            project=project,
            code=finding.code,
            fingerprint=finding.fingerprint,
            defaults={"sentence": sentence, "by": by, "at": at},
        )
    return answered
