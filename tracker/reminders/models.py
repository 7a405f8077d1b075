"""What somebody is to be reminded of; each row exists once and leads to at most one mail."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.library.models import Division
from tracker.mailing.models import Message
from tracker.scope import ScopedQuerySet


class ReminderQuerySet(ScopedQuerySet):
    """Reminders by what is still to be done; a person sees their own."""

    person_path = "recipient"

    def waiting(self) -> Self:
        """Neither in a mail yet nor settled because the work was done meanwhile."""
        return self.filter(message=None, settled_at=None)


class Reminder(models.Model):
    """One kind of reminder of one cycle to one person."""

    class Kind(models.TextChoices):
        OPEN = "open", _("The window opens")
        DUE_MINUS_1 = "due_minus_1", _("Due in one working day")
        DUE = "due", _("Due today")
        DUE_PLUS_1 = "due_plus_1", _("One working day overdue")
        DUE_PLUS_3 = "due_plus_3", _("Three working days overdue")

    recipient = models.ForeignKey(User, models.CASCADE, related_name="reminders", verbose_name=_("recipient"))
    county = models.ForeignKey(Division, models.CASCADE, related_name="+", verbose_name=_("county"))
    cycle_start = models.DateField(_("half-month"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    due_on = models.DateField(_("falls on"))
    recorded_at = models.DateTimeField(default=timezone.now)
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, blank=True, related_name="reminders", verbose_name=_("message")
    )
    settled_at = models.DateTimeField(_("settled without a mail at"), null=True, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-due_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "county", "cycle_start", "kind"], name="reminder_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.cycle_start} {self.kind}"
