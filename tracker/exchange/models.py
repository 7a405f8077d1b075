"""Workbooks that somebody has handed in."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import fingerprint
from tracker.library.models import Division


class ImportBatchQuerySet(AuditedQuerySet):
    """Hand-ins of the counties that an official sees; enterprises see none."""

    division_paths = ("county",)


class ImportBatch(Audited, models.Model):
    """One half-monthly table: uploaded, looked at, and then taken or not."""

    trail = Trail(masked={"content": fingerprint})

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Waiting for confirmation")
        TAKEN = "taken", _("Taken")

    county = models.ForeignKey(Division, models.PROTECT, related_name="imports", verbose_name=_("county"))
    filename = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    cycle_start = models.DateField(_("half-month"))
    uploaded_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    # {"created": n, "changed": n, "unchanged": n, "refused": n} over all kinds of records.
    counts = models.JSONField(default=dict, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.filename
