"""Signs of life."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.scope import ScopedQuerySet


class HeartbeatQuerySet(ScopedQuerySet):
    """Signs of life by name; looked at by the health page alone."""

    def note(self, name: str, at: datetime, facts: dict[str, Any]) -> None:
        """Put the sign in the place of the one before it."""
        self.update_or_create(name=name, defaults={"at": at, "facts": facts})


class Heartbeat(models.Model):
    """When a part of the product last showed that it lives, and what it told: one row for each part."""

    name = models.CharField(_("part"), max_length=40, unique=True)
    at = models.DateTimeField(_("last sign of life"))
    facts = models.JSONField(_("facts"), default=dict, blank=True)

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
