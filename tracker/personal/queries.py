"""What is kept about one person."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils import timezone

from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.audit.models import AuditEntry
from tracker.exchange.models import ImportBatch
from tracker.inspections.models import Inspection
from tracker.library.inclusion.models import (
    BureauList,
    DifferenceExplanation,
    InclusionPaper,
    PaperFile,
    StatisticalFigure,
)
from tracker.library.models import Division, Enterprise, Project
from tracker.library.records import Contact
from tracker.personal.rules import divisions_above
from tracker.photos.models import Photo


def place_of(person: User) -> Division | None:
    """The division that the person works for, or the county of their enterprise."""
    return person.enterprise.county if person.enterprise else person.division


def security_administrators_for(person: User) -> QuerySet[User]:
    """Who may remove the person's data: those of the place, of one above it, and those above all."""
    place = place_of(person)
    reaching = Q(division=None)
    if place is not None:
        reaching |= Q(division__in=divisions_above(place.path))
    administrators = User.objects.filter(reaching, role=Role.SECURITY_ADMINISTRATOR, is_active=True)
    return administrators.exclude(pk=person.pk).order_by("name", "pk")


def sessions_of(person: User) -> Iterator[Session]:
    """The person's sign-ins that have not ended."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            yield session


def entries_about(person: User) -> QuerySet[AuditEntry]:
    """What the trail says that the person did, or that was done to their account."""
    return AuditEntry.objects.filter(Q(actor=person) | Q(table="user", row=str(person.pk))).order_by("pk")


def named_as_contact(person: User) -> list[dict[str, Any]]:
    """Where the person stands in their enterprise's records by name, and with which number."""
    if person.enterprise_id is None or not person.name.strip():
        return []
    own = {"contact_name": person.name.strip()}
    enterprises = Enterprise.objects.filter(pk=person.enterprise_id, **own)
    projects = Project.objects.filter(enterprise=person.enterprise_id, **own)
    further = Contact.objects.filter(enterprise=person.enterprise_id, name=person.name.strip())
    return [
        *({"enterprise": row.name, "phone": row.contact_phone} for row in enterprises),
        *({"project": row.name, "phone": row.contact_phone} for row in projects.order_by("pk")),
        *({"enterprise": row.enterprise.name, "post": row.post, "phone": row.phone} for row in further),
    ]


def everything_about(person: User) -> dict[str, Any]:
    """All that is kept about the person, without secrets and without anything of somebody else."""
    return {
        "person": {
            "number": person.pk,
            "name": person.name,
            "address": person.email,
            "role": person.role,
            "division": person.division and person.division.name_zh,
            "enterprise": person.enterprise and person.enterprise.name,
            "language": person.language,
            "is_active": person.is_active,
            "added_at": person.date_joined,
            "last_sign_in_at": person.last_login,
            "removal_asked_at": person.removal_asked_at,
        },
        "projects_answered_for": _rows(Project.objects.filter(inspector=person), "id", "name"),
        "named_as_contact": named_as_contact(person),
        "inspections_made": _rows(
            Inspection.objects.filter(inspector=person), "id", "project_id", "cycle_start", "submitted_at"
        ),
        "inspections_decided": _rows(
            Inspection.objects.filter(reviewer=person), "id", "project_id", "cycle_start", "reviewed_at"
        ),
        "tables_handed_in": _rows(
            ImportBatch.objects.filter(uploaded_by=person), "id", "cycle_start", "uploaded_at"
        ),
        "paper_files_added": _rows(PaperFile.objects.filter(added_by=person), "id", "paper_id", "added_at"),
        "papers_noted": _rows(
            InclusionPaper.objects.filter(noted_by=person), "id", "project_id", "kind", "noted_at"
        ),
        "figures_set": _rows(
            StatisticalFigure.objects.filter(set_by=person), "id", "project_id", "year", "month", "set_at"
        ),
        "differences_explained": _rows(
            DifferenceExplanation.objects.filter(explained_by=person), "id", "figure_id", "explained_at"
        ),
        "bureau_lists_handed_in": _rows(
            BureauList.objects.filter(uploaded_by=person), "id", "year", "month", "uploaded_at"
        ),
        "photos_added": _rows(Photo.objects.filter(added_by=person), "id", "project_id", "added_at"),
        "mails": _rows(
            person.messages.all(), "id", "kind", "address", "language", "made_at", "sent_at", "parked_at"
        ),
        "reminders": _rows(person.reminders.all(), "id", "kind", "cycle_start", "due_on", "recorded_at"),
        "sign_ins_open": [{"ends_at": session.expire_date} for session in sessions_of(person)],
        "trail": [
            {
                "id": entry.pk,
                "at": entry.at,
                "act": entry.act,
                "by_yourself": entry.actor_id == person.pk,
                "kind_of_record": entry.table,
                "record": entry.row,
            }
            for entry in entries_about(person)
        ],
    }


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values(*fields))
