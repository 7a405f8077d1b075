"""The ledger of everything that was or will be sent."""

import hashlib
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.scope import ScopedQuerySet

# A worker that took a message and has not marked it within this time is taken for dead.
CLAIM_LAPSES_AFTER = timedelta(minutes=2)


class MessageQuerySet(ScopedQuerySet):
    """Messages by what is still to be done with them; a person sees those to them."""

    person_path = "recipient"

    def undelivered(self) -> Self:
        """Neither sent nor withdrawn because it no longer matters."""
        return self.filter(sent_at=None, withdrawn_at=None)

    def unsent(self) -> Self:
        """Neither sent, nor parked for a person to look at, nor withdrawn because it no longer matters."""
        return self.filter(sent_at=None, parked_at=None, withdrawn_at=None)

    def parked(self) -> Self:
        """Given up, and nobody has looked at them yet."""
        return self.undelivered().filter(parked_at__isnull=False)

    def deliverable(self, at: datetime) -> Self:
        """Unsent, due, and in nobody's hands."""
        free = Q(claimed_at=None) | Q(claimed_at__lt=at - CLAIM_LAPSES_AFTER)
        return self.unsent().filter(free, not_before__lte=at)

    def claim(self, pk: int, *, at: datetime) -> bool:
        """Take one message for this worker; False if another has it or it is done."""
        return (
            self.deliverable(at).filter(pk=pk).update(claimed_at=at, attempts=models.F("attempts") + 1) == 1
        )


class Message(models.Model):
    """One mail to one person. The key says what it is, so that it exists once, however often asked for."""

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=40, db_index=True)
    recipient = models.ForeignKey(
        "tracker.User", models.CASCADE, related_name="messages", verbose_name=_("recipient")
    )
    address = models.EmailField(_("mail address"))
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField()
    html = models.TextField()
    made_at = models.DateTimeField(_("written at"), default=timezone.now)
    not_before = models.DateTimeField(_("not to be sent before"), default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    parked_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-made_at", "-pk"]
        indexes = [
            models.Index(
                fields=["not_before"],
                condition=Q(sent_at=None, parked_at=None, withdrawn_at=None),
                name="message_unsent",
            ),
            models.Index(
                fields=["attempts"],
                condition=Q(sent_at=None, withdrawn_at=None),
                name="message_undelivered",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def message_id(self) -> str:
        """The Message-ID that follows from the key: the same mail has it however often it is handed over."""
        digest = hashlib.sha256(self.key.encode()).hexdigest()[:40]
        return f"<{digest}@{settings.MAIL_DOMAIN}>"


class AttachmentQuerySet(ScopedQuerySet):
    """Files, seen by whom the message is to."""

    person_path = "message__recipient"


class Attachment(models.Model):
    """A file that goes with a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    filename = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.filename
