"""What somebody has looked at and found to be two."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet
from tracker.library.models import Enterprise, Project


class ToldApartQuerySet(AuditedQuerySet):
    """Pairs of a county, seen by its officials."""

    division_paths = ("one__county",)


class ToldApart(Audited):
    """Two records of similar name that are not the same; `one` is the older one."""

    told_at = models.DateTimeField(_("when"), default=timezone.now)
    told_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who")
    )

    objects = ToldApartQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        pair: Any = self
        return f"{pair.one} ≠ {pair.other}"


class DifferentEnterprises(ToldApart):
    """Two enterprises that are not the same."""

    one = models.ForeignKey(Enterprise, models.CASCADE, related_name="+", verbose_name=_("enterprise"))
    other = models.ForeignKey(
        Enterprise, models.CASCADE, related_name="+", verbose_name=_("other enterprise")
    )

    class Meta:
        verbose_name = _("pair of different enterprises")
        verbose_name_plural = _("pairs of different enterprises")
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="different_enterprises_once"),
            models.CheckConstraint(name="different_enterprises_in_order", condition=Q(one__lt=F("other"))),
        ]


class DifferentProjects(ToldApart):
    """Two projects of an enterprise that are not the same."""

    one = models.ForeignKey(Project, models.CASCADE, related_name="+", verbose_name=_("project"))
    other = models.ForeignKey(Project, models.CASCADE, related_name="+", verbose_name=_("other project"))

    class Meta:
        verbose_name = _("pair of different projects")
        verbose_name_plural = _("pairs of different projects")
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="different_projects_once"),
            models.CheckConstraint(name="different_projects_in_order", condition=Q(one__lt=F("other"))),
        ]
