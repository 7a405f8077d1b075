"""What can be done with a person's data: corrected, asked to be removed, removed."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.accounts.names import removed_name
from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.library.contacts import remove_contact, remove_further_contacts
from tracker.library.models import Enterprise, Project
from tracker.mailing.actions import compose
from tracker.mailing.models import Attachment, Message, MessageQuerySet
from tracker.mailing.tasks import ring
from tracker.personal.queries import place_of, security_administrators_for, sessions_of
from tracker.personal.rules import divisions_above, undeliverable_address
from tracker.summaries.actions import rename_inspector

# What the sign-in keeps of a person, where it is there: the table, and its way to the person.
SIGN_IN_ROWS = {
    "account.EmailAddress": "user",
    "socialaccount.SocialAccount": "user",
    "mfa.Authenticator": "user",
    "tracker.Visit": "person",
    "tracker.PastPassword": "person",
    "tracker.Invitation": "person",
}
# Attempts to sign in, by the address that was typed, and when.
SIGN_IN_ATTEMPTS = {
    "axes.AccessAttempt": ("username", "attempt_time"),
    "axes.AccessFailureLog": ("username", "attempt_time"),
    "axes.AccessLog": ("username", "attempt_time"),
    "tracker.SignInAttempt": ("account", "at"),
}
MAIL_KIND = "removal_request"


class MayNotRemove(Exception):
    """The person is out of the administrator's reach, or is the administrator."""


def may_remove(by: User, person: User) -> bool:
    """Whether it is for this security administrator to remove the person's data; never one's own."""
    return by.may(roles.SECURING) and security_administrators_for(person).filter(pk=by.pk).exists()


def rows_of(label: str) -> QuerySet[Any] | None:
    """All rows of a table, or none where this deployment has no such table."""
    try:
        return apps.get_model(label)._default_manager.all()
    except LookupError:
        return None


@transaction.atomic
def correct(person: User, *, name: str, language: str) -> list[str]:
    """Write a person's own name and language as they say; the fields that are different now."""
    new = {"name": name, "language": language}
    changed = [field for field, value in new.items() if getattr(person, field) != value]
    if changed:
        for field in changed:
            setattr(person, field, new[field])
        person.save(update_fields=changed)
    return changed


@transaction.atomic
def ask_for_removal(person: User, *, at: datetime) -> bool:
    """Ask the security administrators to remove the person's data; False when that is asked already."""
    asking = User.objects.filter(pk=person.pk, removal_asked_at=None, removed_at=None)
    if not asking.update(removal_asked_at=at):
        return False
    context = {
        "person": person,
        "place": place_of(person),
        "page": reverse("admin:tracker_user_change", args=[person.pk]),
    }
    written = [
        compose(
            # Taken back and asked for again on the same day, it is still one mail.
            f"{MAIL_KIND}/{person.pk}/{at.date().isoformat()}/{administrator.pk}",
            MAIL_KIND,
            administrator,
            "removal_request",
            context,
            not_before=at,
        )
        for administrator in security_administrators_for(person)
    ]
    ring(message for message in written if message is not None)
    return True


@transaction.atomic
def take_back_request(person: User) -> bool:
    """Leave everything as it is after all; False when nothing was asked."""
    asked = User.objects.filter(pk=person.pk).exclude(removal_asked_at=None)
    return bool(asked.update(removal_asked_at=None))


@transaction.atomic
def remove_personal_data(person: User, *, by: User | None, why: str, at: datetime) -> bool:
    """Make a person a number: what they did stays, who they were goes. False when that was done before.

    `by` is the security administrator, or nobody when the time of keeping is over.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    if by is not None and not may_remove(by, person):
        raise MayNotRemove(person)
    if person.removed_at is not None:
        return False
    name, address = person.name, person.email
    _forget_sign_ins(person, address)
    _forget_contact(person, name, by=by, why=why)
    forget_texts(Message.objects.filter(recipient=person), at=at)
    _forget_in_administration_log(person)
    _forget_in_summaries(person, name)
    person.name, person.email = removed_name(person.pk), undeliverable_address(person.pk)
    person.set_unusable_password()
    person.is_active = person.is_staff = False
    person.switched_off_at = person.switched_off_at or at
    person.removal_asked_at, person.removed_at = None, at
    person.save()
    record(AuditEntry.Act.REMOVED, person, after={"fields": ["name", "email"]}, why=why, actor=by)
    return True


def _forget_sign_ins(person: User, address: str) -> None:
    for session in sessions_of(person):
        session.delete()
    for label, way in SIGN_IN_ROWS.items():
        if (rows := rows_of(label)) is not None:
            rows.filter(**{way: person}).delete()
    for label, (typed, _when) in SIGN_IN_ATTEMPTS.items():
        if (rows := rows_of(label)) is not None:
            rows.filter(**{f"{typed}__iexact": address}).delete()


def _forget_contact(person: User, name: str, *, by: User | None, why: str) -> None:
    """The person may also stand in the library by name: as responsible for projects, or as a contact."""
    Project.objects.filter(inspector=person, responsible_name=name).update(responsible_name="")
    if person.enterprise is None:
        return
    named: list[Enterprise | Project] = [person.enterprise, *person.enterprise.projects.all()]
    for subject in named:
        if subject.contact_name.strip() == name:
            remove_contact(subject, by=by, why=why)
    remove_further_contacts(person.enterprise, by=by, why=why, name=name)


def forget_texts(messages: MessageQuerySet, *, at: datetime) -> int:
    """Leave of these mails what they were and when; what was not sent is withdrawn. How many there were."""
    messages.unsent().update(withdrawn_at=at)
    ids = list(messages.values_list("pk", flat=True))
    Attachment.objects.filter(message__in=ids).delete()
    gone: dict[str, Any] = dict.fromkeys(("subject", "text", "html", "address", "last_error"), "")
    return Message.objects.filter(pk__in=ids).update(**gone)


def _forget_in_summaries(person: User, name: str) -> None:
    """The frozen months name a project's inspector; months and figures stay as they are."""
    own = Project.objects.filter(Q(inspector=person) | Q(inspections__inspector=person))
    place = place_of(person)
    counties = {*own.values_list("county", flat=True), *(divisions_above(place.path) if place else ())}
    has_namesake = User.objects.filter(name=name).exclude(pk=person.pk).exists()
    projects = set(own.values_list("pk", flat=True)) if has_namesake else None
    rename_inspector(name, removed_name(person.pk), counties, projects)


def _forget_in_administration_log(person: User) -> None:
    """Django's administration writes a person's name beside each change."""
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk)
    )
    entries.update(object_repr=removed_name(person.pk))
