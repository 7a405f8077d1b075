"""Days on which a county, or everybody, works or rests against the week's rhythm."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet


class CalendarDayQuerySet(AuditedQuerySet):
    """Special days: everybody's, and those of a county."""

    division_paths = ("county",)
    shared_rows = Q(county=None)

    def for_county(self, county_id: int | None) -> Self:
        """Everybody's days and the county's own."""
        return self.filter(Q(county=None) | Q(county=county_id))


class CalendarDay(Audited, models.Model):
    """One day that is worked or not, whatever the national calendar says of it."""

    county = models.ForeignKey(
        "tracker.Division", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("county")
    )
    day = models.DateField(_("day"))
    is_working = models.BooleanField(_("working day"))
    note = models.CharField(_("why"), max_length=120, blank=True)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["county", "day"], name="calendar_day_once_in_county"),
            models.UniqueConstraint(
                fields=["day"], condition=Q(county=None), name="calendar_day_once_for_all"
            ),
        ]

    def __str__(self) -> str:
        return str(self.day)
