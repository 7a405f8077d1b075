"""What is forgotten when its time is over. Each part can run late, twice, or be stopped half-way."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tracker.accounts.models import User
from tracker.exchange.effects import forget_contact
from tracker.exchange.models import ImportBatch, ImportEffect
from tracker.inspections.models import Inspection
from tracker.library.contacts import CONTACT_FIELDS, remove_contact, remove_further_contacts
from tracker.library.inclusion.actions import clear_orphans as clear_papers
from tracker.library.inclusion.models import BureauList
from tracker.library.models import ENDED_STAGES, Enterprise, Project, Stage
from tracker.library.records import Contact
from tracker.mailing.models import Message
from tracker.personal.actions import SIGN_IN_ATTEMPTS, forget_texts, remove_personal_data, rows_of
from tracker.photos.actions import clear_orphans

logger = logging.getLogger(__name__)

AT_ONCE = 200
OVER_STAGES = ENDED_STAGES | {Stage.COMPLETED, Stage.IN_PRODUCTION, Stage.OUTCOME_VERIFIED}
LAST_DATES = ("started_on", "equipment_delivered_on", "completed_on", "in_production_on", "on_target_on")
TIME_IS_OVER = "The time of keeping is over."


def _before(now: datetime, kind: str) -> datetime:
    """The moment before which this kind is no longer kept."""
    return now - timedelta(days=settings.RETENTION_DAYS[kind])


def note_who_is_off(now: datetime) -> int:
    """Write down since when somebody is switched off, however it was done; forget it of who is back."""
    User.objects.filter(is_active=True).exclude(switched_off_at=None).update(switched_off_at=None)
    return User.objects.filter(is_active=False, switched_off_at=None).update(switched_off_at=now)


def forget_people(now: datetime) -> int:
    """Remove the data of those who were switched off long ago."""
    before = _before(now, "people")
    long_off = User.objects.filter(is_active=False, switched_off_at__lt=before, removed_at=None)
    # Somebody who was back for a day in between counts from then.
    long_off = long_off.filter(Q(last_login=None) | Q(last_login__lt=before))
    done = 0
    for person in list(long_off.order_by("pk")):
        done += remove_personal_data(person, by=None, why=TIME_IS_OVER, at=now)
    return done


def forget_contacts(now: datetime) -> int:
    """Take the contacts out of enterprises of which no project has been heard for long."""
    before = _before(now, "contacts")
    done = 0
    for enterprise in list(enterprises_long_over(before).order_by("pk")):
        with transaction.atomic():
            named: list[Enterprise | Project] = [enterprise, *enterprise.projects.all()]
            emptied = [remove_contact(subject, by=None, why=TIME_IS_OVER) for subject in named]
            further = remove_further_contacts(enterprise, by=None, why=TIME_IS_OVER)
            for subject in named:
                forget_contact(subject, CONTACT_FIELDS)
        done += any(emptied) or bool(further)
    return done


def enterprises_long_over(before: datetime) -> QuerySet[Enterprise]:
    """Enterprises with a contact whose projects, at least one, all ended before a moment."""
    day = timezone.localdate(before)
    heard = Q(added_at__gte=before) | Q(badge_cycle_start__gte=day)
    for name in LAST_DATES:
        heard |= Q(**{f"{name}__gte": day})
    inspected = Inspection.objects.filter(project=OuterRef("pk"), cycle_start__gte=day)
    its_own = Project.objects.filter(enterprise=OuterRef("pk"))
    going_on = its_own.filter(~Q(stage__in=OVER_STAGES) | heard | Exists(inspected))
    named = _holding(CONTACT_FIELDS)
    further = Contact.objects.filter(enterprise=OuterRef("pk"))
    holding = named | Exists(its_own.filter(named)) | Exists(further)
    return Enterprise.objects.filter(holding, Exists(its_own)).exclude(Exists(going_on))


def _holding(fields: Iterable[str]) -> Q:
    holds = Q()
    for name in fields:
        holds |= ~Q(**{name: ""})
    return holds


def forget_mail_texts(now: datetime) -> int:
    """Leave of old mails their key, kind and dates; what still waits to be sent is not old."""
    finished = ~Q(sent_at=None) | ~Q(parked_at=None) | ~Q(withdrawn_at=None)
    old = Message.objects.filter(
        finished, _holding(("subject", "text", "html")), made_at__lt=_before(now, "mail_texts")
    )
    return _in_batches(old, lambda some: forget_texts(some, at=now))


def forget_sign_in_attempts(now: datetime) -> int:
    """Delete old attempts to sign in; the trail keeps that they were made."""
    before = _before(now, "sign_in_attempts")
    done = 0
    for label, (_typed, when) in SIGN_IN_ATTEMPTS.items():
        if (rows := rows_of(label)) is not None:
            done += _in_batches(rows.filter(**{f"{when}__lt": before}), lambda some: some.delete()[0])
    return done


def forget_sessions(now: datetime) -> int:
    """Delete sessions that have ended."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return 0


def forget_import_files(now: datetime) -> int:
    """Empty the workbooks that were handed in long ago; what was taken from them stands in the library."""
    before = _before(now, "import_files")
    # What stood in the library before a table was taken: from then on it cannot be undone.
    _in_batches(ImportEffect.objects.filter(batch__uploaded_at__lt=before), lambda some: some.delete()[0])
    done = 0
    for table in (ImportBatch, BureauList):
        old = table._default_manager.filter(uploaded_at__lt=before).exclude(content=b"")
        done += _in_batches(old, lambda some: some.update(content=b""))
    return done


def _in_batches(rows: QuerySet[Any], forget: Callable[[Any], int]) -> int:
    """A little at a time, each in a transaction of its own, so that nobody waits behind it."""
    done = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            done += forget(rows.model._default_manager.filter(pk__in=ids))
    return done


KINDS: Mapping[str, Callable[[datetime], int]] = {
    "people switched off": note_who_is_off,
    "people": forget_people,
    "contacts": forget_contacts,
    "mail texts": forget_mail_texts,
    "sign-in attempts": forget_sign_in_attempts,
    "sessions": forget_sessions,
    "import files": forget_import_files,
    "photos without a row": clear_orphans,
    "papers without a row": clear_papers,
}


def forget(now: datetime) -> dict[str, int]:
    """Forget everything whose time is over; trouble with one kind leaves the others alone."""
    done = {}
    for kind, part in KINDS.items():
        try:
            done[kind] = part(now)
        except Exception:  # it is tried again tomorrow, and the others must not wait for it
            logger.exception("could not forget: %s", kind)
    logger.info("forgotten: %s", ", ".join(f"{kind} {number}" for kind, number in done.items()))
    return done
