"""Whom to call about an enterprise or a project: shown masked, revealed on the record, removed when asked."""

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.accounts import roles
from tracker.accounts.roles import Role
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.library.models import Enterprise, Project

if TYPE_CHECKING:
    from tracker.accounts.models import User

CONTACT_FIELDS = ("contact_name", "contact_phone")


class MayNotReveal(Exception):
    """The number is not needed for the person's work."""


def may_reveal(person: "User", subject: Enterprise | Project) -> bool:
    """Whether the person may ask for the contact's number: its inspector, or the county's team lead."""
    if not person.may(roles.KEEPING):
        return False
    if person.role == Role.TEAM_LEAD:
        return person.division_id == subject.county_id
    if isinstance(subject, Project):
        return subject.inspector_id == person.pk
    return subject.projects.filter(inspector=person).exists()


def is_own(person: "User", subject: Enterprise | Project) -> bool:
    """Whether it is the person's own enterprise, or its project: its people see their own number plainly."""
    enterprise_id = subject.pk if isinstance(subject, Enterprise) else subject.enterprise_id
    return person.may(frozenset({Role.ENTERPRISE})) and person.enterprise_id == enterprise_id


def may_remove_contact(person: "User", subject: Enterprise | Project) -> bool:
    """Whether the person may take the contact out of the record: whoever keeps the library there."""
    return (
        person.may(roles.KEEPING) and type(subject).objects.visible_to(person).filter(pk=subject.pk).exists()
    )


def reveal_phone(subject: Enterprise | Project, *, by: "User") -> str:
    """The contact's number in plain, once it is written down who has asked for it."""
    if not may_reveal(by, subject):
        raise MayNotReveal(subject)
    record(AuditEntry.Act.REVEALED, subject, after={"field": "contact_phone"}, actor=by)
    return subject.contact_phone


@transaction.atomic
def remove_contact(
    subject: Enterprise | Project, *, by: "User | None", why: str, with_responsible: bool = False
) -> list[str]:
    """Take the contact's name and number out of a record; the fields that held something."""
    is_named = with_responsible and isinstance(subject, Project)
    fields = [*CONTACT_FIELDS, *(["responsible_name"] if is_named else [])]
    kept = type(subject).objects.select_for_update().get(pk=subject.pk)
    emptied = [name for name in fields if getattr(kept, name)]
    if emptied:
        for name in emptied:
            setattr(kept, name, "")
        kept.save(update_fields=emptied)
        # What stood there must not live on in a trail that nobody can alter.
        record(AuditEntry.Act.REMOVED, kept, after={"fields": emptied}, why=why, actor=by)
    return emptied
