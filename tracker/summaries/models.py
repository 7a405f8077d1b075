"""The figures of a complete month, kept as they were when the leader was written to."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import fingerprint
from tracker.library.models import Division


class MonthlySummaryQuerySet(AuditedQuerySet):
    """Summaries of the counties that an official sees; enterprises see none."""

    division_paths = ("county",)


class MonthlySummary(Audited, models.Model):
    """One county's month, frozen when both its half-months are over."""

    trail = Trail(masked={"figures": fingerprint})

    county = models.ForeignKey(Division, models.PROTECT, related_name="summaries", verbose_name=_("county"))
    month_start = models.DateField(_("month"))
    figures = models.JSONField()
    made_at = models.DateTimeField(_("made at"), default=timezone.now)

    objects = MonthlySummaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("monthly summary")
        verbose_name_plural = _("monthly summaries")
        ordering = ["-month_start"]
        constraints = [
            models.UniqueConstraint(fields=["county", "month_start"], name="summary_once_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.county} {self.month_start:%Y-%m}"
