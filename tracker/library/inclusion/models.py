"""Papers of inclusion with their files, figures of the survey, and the bureau's lists that they come from."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import fingerprint
from tracker.calendars.periods import MONTHS_IN_YEAR, Month
from tracker.library.inclusion import rules
from tracker.library.inclusion.rules import Amounts, PaperKind, PaperState
from tracker.library.inclusion.words import KINDS, STATES
from tracker.library.models import Division, Project, money


class OfProjectQuerySet(AuditedQuerySet):
    """Rows seen by whoever sees the project."""

    division_paths = ("project__county", "project__township")
    enterprise_path = "project__enterprise"


class InclusionPaperQuerySet(OfProjectQuerySet):
    """Papers, seen by whoever sees the project."""

    def settled(self) -> Self:
        """Those that are there, or that the bureau does not want."""
        return self.filter(state__in=rules.SETTLED)


class InclusionPaper(Audited, models.Model):
    """What is known of one kind of paper at a project; without a row nothing has been heard of it."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="papers", verbose_name=_("project"))
    kind = models.CharField(
        _("paper"), max_length=24, choices=[(kind.value, KINDS[kind]) for kind in PaperKind]
    )
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=[(state.value, STATES[state]) for state in PaperState],
        default=PaperState.MISSING.value,
    )
    reason = models.CharField(_("not needed because"), max_length=200, blank=True)
    # Read off the paper by whoever has it in hand; compared with the filing, which it never changes.
    party = models.CharField(_("party A of the contract"), max_length=120, blank=True)
    total = money(_("total on the paper (万元)"), null=True, blank=True)
    dated_on = models.DateField(_("date on the paper"), null=True, blank=True)
    noted_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("noted by")
    )
    noted_at = models.DateTimeField(_("noted at"), default=timezone.now)
    # Counts the saves: a form that shows an older edition is told so instead of overwriting.
    edition = models.PositiveIntegerField(_("edition"), default=0)

    objects = InclusionPaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("inclusion paper")
        verbose_name_plural = _("inclusion papers")
        ordering = ["project", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["project", "kind"], name="paper_once_in_project"),
            models.CheckConstraint(
                name="paper_not_needed_with_reason",
                condition=~Q(state="not_needed") | ~Q(reason=""),
                violation_error_message=_("Say why the paper is not needed."),
            ),
        ]
        indexes = [models.Index(fields=["kind", "state", "project"], name="paper_by_kind_and_state")]

    def __str__(self) -> str:
        return f"{self.project} {self.kind}"


class PaperFileQuerySet(AuditedQuerySet):
    """Files of papers, seen by whoever sees the project."""

    division_paths = ("paper__project__county", "paper__project__township")
    enterprise_path = "paper__project__enterprise"

    def standing(self) -> Self:
        """Those that nobody has taken away."""
        return self.filter(voided_at=None)


class PaperFile(Audited, models.Model):
    """One file of a paper; once it is deleted the row says by whom and why, and the file is gone."""

    paper = models.ForeignKey(InclusionPaper, models.PROTECT, related_name="files", verbose_name=_("paper"))
    name = models.CharField(max_length=32, unique=True, editable=False)
    format = models.CharField(_("format"), max_length=5, editable=False)
    filename = models.CharField(_("file"), max_length=120)
    size = models.PositiveIntegerField(_("size"), editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    added_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    voided_at = models.DateTimeField(_("deleted at"), null=True, blank=True)
    voided_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("deleted by")
    )
    void_reason = models.CharField(_("deleted because"), max_length=200, blank=True)

    objects = PaperFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file of a paper")
        verbose_name_plural = _("files of papers")
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["paper", "sha256"], condition=Q(voided_at=None), name="file_once_in_paper"
            ),
            models.CheckConstraint(
                name="file_deleted_with_reason",
                condition=Q(voided_at=None) | ~Q(void_reason=""),
                violation_error_message=_("Say why the file is deleted."),
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def project(self) -> Project:
        """The project that the paper is of."""
        return self.paper.project


class BureauListQuerySet(AuditedQuerySet):
    """Lists of the counties that an official sees; enterprises see none."""

    division_paths = ("county",)


class BureauList(Audited, models.Model):
    """The statistics bureau's own list of a month: handed in, matched, and then taken or not."""

    trail = Trail(masked={"content": fingerprint})

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Waiting for confirmation")
        TAKEN = "taken", _("Taken")

    county = models.ForeignKey(Division, models.PROTECT, related_name="+", verbose_name=_("county"))
    filename = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.UPLOADED)
    # Rows matched by hand: {"row number": project id, or null for a row that is left out}.
    chosen = models.JSONField(_("matched by hand"), default=dict, blank=True)
    uploaded_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)

    objects = BureauListQuerySet.as_manager()

    class Meta:
        verbose_name = _("list of the statistics bureau")
        verbose_name_plural = _("lists of the statistics bureau")
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.filename

    @property
    def period(self) -> Month:
        """The month that the figures run to."""
        return Month(self.year, self.month)


class StatisticalFigureQuerySet(OfProjectQuerySet):
    """Figures of the survey, seen by whoever sees the project."""

    def of_month(self, month: Month) -> Self:
        """Those that run to the end of this month."""
        return self.filter(year=month.year, month=month.month)


class StatisticalFigure(Audited, models.Model):
    """A project's investment since New Year as the statistics bureau has it (统计数). Money in 万元.

    What inspections report (调度数) is another figure: neither is ever written from the other.
    """

    project = models.ForeignKey(
        Project, models.PROTECT, related_name="statistical_figures", verbose_name=_("project")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(
        _("month"), validators=[MinValueValidator(2), MaxValueValidator(MONTHS_IN_YEAR)]
    )
    ytd_investment = money(_("investment this year in statistics (万元)"))
    construction = money(_("construction (万元)"), null=True, blank=True)
    installation = money(_("installation (万元)"), null=True, blank=True)
    equipment = money(_("equipment and tools (万元)"), null=True, blank=True)
    used_equipment = money(_("of which used equipment (万元)"), null=True, blank=True)
    other = money(_("other costs (万元)"), null=True, blank=True)
    source = models.ForeignKey(
        BureauList,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="figures",
        verbose_name=_("from the list"),
    )
    set_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("set by")
    )
    set_at = models.DateTimeField(_("set at"), default=timezone.now)
    edition = models.PositiveIntegerField(_("edition"), default=0)

    objects = StatisticalFigureQuerySet.as_manager()

    class Meta:
        verbose_name = _("statistical figure")
        verbose_name_plural = _("statistical figures")
        ordering = ["-year", "-month", "project"]
        constraints = [
            models.UniqueConstraint(fields=["project", "year", "month"], name="figure_once_in_month"),
            models.CheckConstraint(
                name="figure_of_a_surveyed_month",
                condition=Q(month__gte=2) & Q(month__lte=MONTHS_IN_YEAR),
                violation_error_message=_("There is no survey of January alone."),
            ),
        ]
        indexes = [models.Index(fields=["year", "month", "project"], name="figure_by_month")]

    def __str__(self) -> str:
        return f"{self.project} {self.year}-{self.month:02}"

    @property
    def period(self) -> Month:
        """The month that the figure runs to."""
        return Month(self.year, self.month)

    @property
    def amounts(self) -> Amounts:
        """The figure and its parts as plain value."""
        return Amounts(
            self.ytd_investment,
            self.construction,
            self.installation,
            self.equipment,
            self.used_equipment,
            self.other,
        )


class DifferenceExplanationQuerySet(AuditedQuerySet):
    """Explanations, seen by whoever sees the project."""

    division_paths = ("figure__project__county", "figure__project__township")
    enterprise_path = "figure__project__enterprise"


class DifferenceExplanation(Audited, models.Model):
    """Why the two figures of a month differ by just this much; another difference asks anew."""

    figure = models.ForeignKey(
        StatisticalFigure, models.PROTECT, related_name="explanations", verbose_name=_("statistical figure")
    )
    # Inspected less statistical, in 万元, as it stood when it was explained.
    difference = models.DecimalField(_("difference (万元)"), max_digits=14, decimal_places=2)
    text = models.CharField(_("explanation"), max_length=300)
    explained_by = models.ForeignKey(
        "tracker.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("explained by"),
    )
    explained_at = models.DateTimeField(_("explained at"), default=timezone.now)

    objects = DifferenceExplanationQuerySet.as_manager()

    class Meta:
        verbose_name = _("explanation of a difference")
        verbose_name_plural = _("explanations of differences")
        ordering = ["figure", "-explained_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["figure", "difference"], name="difference_explained_once"),
            models.CheckConstraint(
                name="difference_explained_in_words",
                condition=~Q(text=""),
                violation_error_message=_("Say why the figures differ."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.figure}: {self.difference}"

    @property
    def project(self) -> Project:
        """The project that the figures are of."""
        return self.figure.project


def explanation_of(
    explanations: Iterable[DifferenceExplanation], difference: Decimal
) -> DifferenceExplanation | None:
    """What explains this very difference; none when it is unexplained, or has changed since."""
    return next((said for said in explanations if said.difference == difference), None)
