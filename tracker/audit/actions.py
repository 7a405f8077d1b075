"""Writing the trail."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from tracker.audit.models import AuditEntry


def record(
    act: str,
    subject: Model | None = None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
    actor: Any = None,
) -> AuditEntry:
    """Write down that something was done, in the transaction in which it is done.

    `subject` is the row that it is about; `actor` is the person, unless it is who the request is from.
    """
    return AuditEntry.objects.create(
        at=timezone.now(),
        act=act,
        actor=actor,
        table=subject._meta.model_name or "" if subject is not None else "",
        row=str(subject.pk) if subject is not None else "",
        before=before or {},
        after=after or {},
        why=why,
    )
