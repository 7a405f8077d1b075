"""A county's half-months and the inspections made in them."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet
from tracker.calendars.periods import HalfMonth
from tracker.library.models import Division, InclusionState, Project, Stage, money


class CycleQuerySet(AuditedQuerySet):
    """Half-months of a county."""

    division_paths = ("county",)

    def of_county(self, county: Division) -> Self:
        """The county's own."""
        return self.filter(county=county)

    def open_on(self, today: date) -> Self:
        """Those whose window has opened and that nobody has closed or skipped."""
        return self.filter(state=Cycle.State.OPEN, opens_on__lte=today)


class Cycle(Audited, models.Model):
    """One county's half-month: what it covers, when its window is open, and when it is over."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")
        SKIPPED = "skipped", _("Skipped")

    county = models.ForeignKey(Division, models.PROTECT, related_name="cycles", verbose_name=_("county"))
    start = models.DateField(_("from"))
    cut_off = models.DateField(_("cut-off"))
    opens_on = models.DateField(_("window opens on"))
    due_on = models.DateField(_("due on"))
    closes_on = models.DateField(_("closes after"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    skipped_because = models.CharField(_("skipped because"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = CycleQuerySet.as_manager()

    class Meta:
        verbose_name = _("half-month")
        verbose_name_plural = _("half-months")
        ordering = ["-start"]
        constraints = [
            models.UniqueConstraint(fields=["county", "start"], name="cycle_once_in_county"),
            models.CheckConstraint(
                name="cycle_skipped_with_reason",
                condition=~Q(state="skipped") | ~Q(skipped_because=""),
                violation_error_message=_("Say why the half-month is skipped."),
            ),
        ]

    def __str__(self) -> str:
        return self.half_month.code

    @property
    def half_month(self) -> HalfMonth:
        """The half-month as plain value."""
        return HalfMonth.starting(self.start)

    @property
    def is_open(self) -> bool:
        """Whether inspections may still be submitted and decided."""
        return self.state == self.State.OPEN


class InspectionQuerySet(AuditedQuerySet):
    """Inspections, seen by whoever sees the project."""

    division_paths = ("project__county", "project__township")
    enterprise_path = "project__enterprise"

    def in_cycle(self, cycle_start: date) -> Self:
        """Those of one half-month."""
        return self.filter(cycle_start=cycle_start)

    def accepted(self) -> Self:
        """Those that count."""
        return self.filter(state=Inspection.State.ACCEPTED)

    def to_review(self) -> Self:
        """Those that wait for somebody to accept or return them."""
        return self.filter(state=Inspection.State.SUBMITTED)


class Inspection(Audited, models.Model):
    """What one project reported, or was found to be, at the cut-off of one half-month. Money in 万元."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        ACCEPTED = "accepted", _("Accepted")

    class Origin(models.TextChoices):
        PAGE = "page", _("Page")
        WORKBOOK = "workbook", _("Workbook")

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="inspections", verbose_name=_("project")
    )
    cycle_start = models.DateField(_("half-month"))
    cumulative_investment = money(_("investment since the start (万元)"))
    ytd_investment = money(_("investment this year (万元)"))
    progress_percent = models.DecimalField(
        _("progress (%)"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices)
    progress_note = models.CharField(_("progress in words"), max_length=60, blank=True)
    inclusion_state = models.CharField(
        _("inclusion in statistics"), max_length=20, choices=InclusionState.choices
    )
    included_on = models.DateField(_("included on"), null=True, blank=True)
    started_on = models.DateField(_("started on"), null=True, blank=True)
    completed_on = models.DateField(_("completed on"), null=True, blank=True)
    remark = models.CharField(_("in one sentence"), max_length=300, blank=True)
    is_unchanged = models.BooleanField(_("no change"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SUBMITTED)
    origin = models.CharField(_("entered by"), max_length=10, choices=Origin.choices, default=Origin.PAGE)
    inspector = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("inspector")
    )
    submitted_at = models.DateTimeField(_("submitted at"), default=timezone.now)
    reviewer = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("reviewer")
    )
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, blank=True)
    return_reason = models.CharField(_("returned because"), max_length=300, blank=True)
    # Counts the saves: a form that shows an older edition is told so instead of overwriting.
    edition = models.PositiveIntegerField(default=1)

    objects = InspectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        ordering = ["-cycle_start", "project"]
        constraints = [
            models.UniqueConstraint(fields=["project", "cycle_start"], name="inspection_once_in_cycle"),
            models.CheckConstraint(
                name="inspection_returned_with_reason",
                condition=~Q(state="returned") | ~Q(return_reason=""),
                violation_error_message=_("Say why it is returned."),
            ),
        ]
        indexes = [models.Index(fields=["cycle_start", "state"])]

    def __str__(self) -> str:
        return f"{self.project} {self.cycle_start}"

    @property
    def half_month(self) -> HalfMonth:
        """The half-month as plain value."""
        return HalfMonth.starting(self.cycle_start)
