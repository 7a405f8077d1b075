"""Invitations: a person is added without a password and chooses it by a link in a mail."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from tracker.accounts.models import Invitation, User
from tracker.audit.context import asked_by
from tracker.mailing import actions as mailing
from tracker.mailing.models import Message
from tracker.mailing.rules import without_secrets
from tracker.mailing.tasks import ring

# Whoever asks again within this time has pressed twice: one mail goes out.
SAME_PRESS = timedelta(minutes=1)


class InvitationOver(Exception):
    """The invitation was accepted, withdrawn or has expired meanwhile."""


class CannotBeInvited(Exception):
    """The account is closed, or has a password already."""


def invite(person: User, *, by: User | None, now: datetime) -> tuple[Invitation, bool]:
    """Send the person a link to choose a password; an earlier one stops working. Whether a mail was made."""
    if not may_be_invited(person):
        raise CannotBeInvited(person)
    with asked_by(lambda: by), transaction.atomic():
        # Two presses at once queue here; the constraint on unanswered invitations is the second guard.
        person = User.objects.select_for_update().get(pk=person.pk)
        earlier = person.invitations.unanswered().first()
        if earlier is not None and now - earlier.made_at < SAME_PRESS:
            return earlier, False
        if earlier is not None:
            _withdraw(earlier, now=now)
        token = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            person=person,
            made_by=by,
            made_at=now,
            expires_at=now + settings.INVITATION_LASTS,
            token_digest=digest(token),
        )
        message = mailing.compose(
            invitation.mail_key,
            "invitation",
            person,
            "invitation",
            {
                "inviter": by,
                "path": reverse("invitation", args=[token]),
                "expires_at": invitation.expires_at,
            },
            not_before=now,
        )
        assert message is not None
        ring([message])
    return invitation, True


def may_be_invited(person: User) -> bool:
    """Whether a link would be of use to the person: they can sign in, and have no password yet."""
    return person.is_active and bool(person.email) and not person.has_usable_password()


def digest(token: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def by_token(token: str) -> Invitation | None:
    """The invitation that a link belongs to."""
    return Invitation.objects.select_related("person").filter(token_digest=digest(token)).first()


def withdraw(person: User, *, by: User, now: datetime) -> bool:
    """Take back the invitation that the person has not accepted; whether there was one."""
    with asked_by(lambda: by), transaction.atomic():
        invitation = person.invitations.unanswered().first()
        return invitation is not None and _withdraw(invitation, now=now)


def _withdraw(invitation: Invitation, *, now: datetime) -> bool:
    open_one = Invitation.objects.unanswered().filter(pk=invitation.pk)
    if not open_one.update(withdrawn_at=now):
        return False
    if message := Message.objects.filter(key=invitation.mail_key).first():
        mailing.withdraw(message, now)
    _blank(invitation, now)
    return True


def accept(invitation: Invitation, password: str, *, now: datetime) -> User:
    """The person has chosen a password: the link has done its work."""
    person = invitation.person
    with asked_by(lambda: person), transaction.atomic():
        still_open = Invitation.objects.unanswered().filter(pk=invitation.pk, expires_at__gt=now)
        if not person.is_active or not still_open.update(accepted_at=now):
            raise InvitationOver(invitation)
        person.set_password(password)
        person.save(update_fields=["password"])
        _blank(invitation, now)
    return person


def blank_expired(now: datetime) -> int:
    """Take the links out of mails whose invitations have expired; how many these were."""
    expired = Invitation.objects.filter(blanked_at=None, expires_at__lte=now)
    for invitation in expired:
        if message := Message.objects.filter(key=invitation.mail_key).first():
            mailing.withdraw(message, now)
        _blank(invitation, now)
    return len(expired)


def _blank(invitation: Invitation, now: datetime) -> None:
    """A link that no longer works has no business in the outbox."""
    for message in Message.objects.filter(key=invitation.mail_key):
        Message.objects.filter(pk=message.pk).update(
            text=without_secrets(message.text), html=without_secrets(message.html)
        )
    Invitation.objects.filter(pk=invitation.pk).update(blanked_at=now)
