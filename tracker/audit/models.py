"""The audit trail: one row for each thing that somebody, or the system by a rule, has done."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One thing that was done: by whom, when, to which row, what stood there before and after, and why."""

    class Act(models.TextChoices):
        """What was done."""

        CREATED = "created", _("Created")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
        LOCKED_OUT = "locked_out", _("Locked out")
        SIGNED_OUT = "signed_out", _("Signed out")
        SESSIONS_ENDED = "sessions_ended", _("Sessions ended")
        SECOND_FACTOR = "second_factor", _("Second factor changed")
        REVEALED = "revealed", _("Revealed")
        EXPORTED = "exported", _("Exported")
        REMOVED = "removed", _("Personal data removed")
        RESTORED = "restored", _("Restored from a backup")

    at = models.DateTimeField(_("when"), default=timezone.now)
    # The person, or null: then `system` says by which rule or job it was done.
    actor = models.ForeignKey(
        "tracker.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    system = models.CharField(_("by the system"), max_length=120, blank=True)
    act = models.CharField(_("what was done"), max_length=20, choices=Act.choices)
    # The table ("project") and the row's id as text; empty when it is about no row.
    table = models.CharField(_("kind of record"), max_length=40, blank=True)
    row = models.CharField(_("record"), max_length=40, blank=True)
    # Field names and values, as JSON: of what was there and of what is there now.
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    why = models.CharField(_("why"), max_length=400, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    # The divisions' path that the row lay in then ("/1/14/96/"), by which the trail is shown.
    place = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.act} {self.table} {self.row}"
