"""Photos of projects; the pictures themselves are files."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet
from tracker.library.models import Project


class PhotoQuerySet(AuditedQuerySet):
    """Photos, seen by whoever sees the project."""

    division_paths = ("project__county", "project__township")
    enterprise_path = "project__enterprise"

    def standing(self) -> Self:
        """Those that nobody has taken away."""
        return self.filter(voided_at=None)


class Photo(Audited):
    """One photo of a project; once it is deleted the row says by whom and why, and the files are gone."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="photos", verbose_name=_("project"))
    inspection = models.ForeignKey(
        "tracker.Inspection",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="photos",
        verbose_name=_("inspection"),
    )
    name = models.CharField(max_length=32, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    added_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    voided_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    voided_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("deleted by")
    )
    void_reason = models.CharField(_("deleted because"), max_length=200, blank=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sha256"], condition=Q(voided_at=None), name="photo_once_in_project"
            ),
            models.CheckConstraint(
                name="photo_deleted_with_reason",
                condition=Q(voided_at=None) | ~Q(void_reason=""),
                violation_error_message=_("Say why the photo is deleted."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.pk}"
