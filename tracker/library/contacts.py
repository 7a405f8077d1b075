"""Whom to call about an enterprise or a project: shown masked, revealed on the record, removed when asked."""

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.library.models import Enterprise, Project
from tracker.library.records import Contact

if TYPE_CHECKING:
    from tracker.accounts.models import User

CONTACT_FIELDS = ("contact_name", "contact_phone")
FURTHER_FIELDS = ("name", "post", "phone")


class MayNotReveal(Exception):
    """The number is not needed for the person's work."""


def reveal_phone(subject: Enterprise | Project, *, by: "User") -> str:
    """The contact's number in plain, once it is written down who has asked for it."""
    if not by.can("reveal_phone", subject):
        raise MayNotReveal(subject)
    record(AuditEntry.Act.REVEALED, subject, after={"field": "contact_phone"}, actor=by)
    return subject.contact_phone


def reveal_further_phone(contact: Contact, *, by: "User") -> str:
    """A further contact's number in plain, once it is written down who has asked for it."""
    if not by.can("reveal_phone", contact.enterprise):
        raise MayNotReveal(contact)
    record(AuditEntry.Act.REVEALED, contact, after={"field": "phone"}, actor=by)
    return contact.phone


@transaction.atomic
def remove_further_contacts(
    enterprise: Enterprise, *, by: "User | None", why: str, name: str | None = None, pk: int | None = None
) -> int:
    """Take further contacts out of an enterprise: all, those of a name, or one; how many there were."""
    found = Contact.objects.filter(enterprise=enterprise)
    if name is not None:
        found = found.filter(pk__in=[one.pk for one in found if one.name.strip() == name])
    if pk is not None:
        found = found.filter(pk=pk)
    gone = list(found.select_for_update().order_by("pk"))
    for contact in gone:
        fields = [field for field in FURTHER_FIELDS if getattr(contact, field)]
        record(AuditEntry.Act.REMOVED, contact, after={"fields": fields}, why=why, actor=by)
    Contact.objects.filter(pk__in=[contact.pk for contact in gone]).delete()
    return len(gone)


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
