"""What the library keeps beside an enterprise and a project: figures by year, contacts, moves, reasons."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import masked_name, masked_phone
from tracker.library.models import Enterprise, Project, Stage, money


class OfEnterpriseQuerySet(AuditedQuerySet):
    """Rows that belong to an enterprise, seen by whoever sees it."""

    division_paths = ("enterprise__county", "enterprise__township")
    enterprise_path = "enterprise"


class OfProjectQuerySet(AuditedQuerySet):
    """Rows that belong to a project, seen by whoever sees it."""

    division_paths = ("project__county", "project__township")
    enterprise_path = "project__enterprise"


class FormerName(Audited, models.Model):
    """A name that an enterprise had before; by it, too, the enterprise is found."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, related_name="former_names", verbose_name=_("enterprise")
    )
    name = models.CharField(_("former name"), max_length=120)
    until = models.DateField(_("until"), null=True, blank=True)

    objects = OfEnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("former name")
        verbose_name_plural = _("former names")
        ordering = [F("until").desc(nulls_last=True), "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "name"],
                name="former_name_once",
                violation_error_message=_("This former name is kept already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class EnterpriseYear(Audited, models.Model):
    """An enterprise's figures of one year, as its annual report says. Money in 万元."""

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, related_name="years", verbose_name=_("enterprise")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    staff = models.PositiveIntegerField(_("staff"), null=True, blank=True)
    rd_staff = models.PositiveIntegerField(_("R&D staff"), null=True, blank=True)
    revenue = money(_("revenue (万元)"), null=True, blank=True)
    rd_spend = money(_("R&D spend (万元)"), null=True, blank=True)
    assets = money(_("total assets (万元)"), null=True, blank=True)

    objects = OfEnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("figures of a year")
        verbose_name_plural = _("figures by year")
        ordering = ["enterprise", "-year"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "year"],
                name="enterprise_year_once",
                violation_error_message=_("There are figures of this year already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} {self.year}"


class Contact(Audited, models.Model):
    """One more person to call at an enterprise: shown masked, revealed on the record, removed when asked."""

    trail = Trail(masked={"name": masked_name, "phone": masked_phone})

    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, related_name="contacts", verbose_name=_("enterprise")
    )
    name = models.CharField(_("contact"), max_length=60)
    post = models.CharField(_("post"), max_length=60, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)

    objects = OfEnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("further contact")
        verbose_name_plural = _("further contacts")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enterprise", "name", "phone"],
                name="contact_once",
                violation_error_message=_("This contact is kept already."),
            )
        ]

    def __str__(self) -> str:
        return masked_name(self.name)


class StageChange(Audited, models.Model):
    """One move of a project from a stage to another, with its day and its reason."""

    class Origin(models.TextChoices):
        """What moved the project."""

        PAGE = "page", _("by hand")
        INSPECTION = "inspection", _("by an inspection")
        WORKBOOK = "workbook", _("by the county's table")

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="stage_changes", verbose_name=_("project")
    )
    # One after the other: two moves at once cannot both be the project's fifth.
    number = models.PositiveIntegerField(_("number"))
    from_stage = models.CharField(_("from stage"), max_length=20, choices=Stage.choices)
    to_stage = models.CharField(_("to stage"), max_length=20, choices=Stage.choices)
    on = models.DateField(_("since"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    merged_into = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("merged into")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices)
    by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of stage")
        verbose_name_plural = _("changes of stage")
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="stage_change_number_once"),
            models.CheckConstraint(
                name="stage_change_moves",
                condition=~Q(from_stage=F("to_stage")) | ~Q(merged_into=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.number}: {self.from_stage} → {self.to_stage}"


class TotalChange(Audited, models.Model):
    """A planned total that was replaced, with the grounds for it. Money in 万元."""

    project = models.ForeignKey(
        Project, models.CASCADE, related_name="total_changes", verbose_name=_("project")
    )
    number = models.PositiveIntegerField(_("number"))
    before = money(_("before (万元)"))
    after = money(_("after (万元)"))
    grounds = models.CharField(_("grounds"), max_length=200)
    by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of the planned total")
        verbose_name_plural = _("changes of the planned total")
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="total_change_number_once"),
            models.CheckConstraint(name="total_change_has_grounds", condition=~Q(grounds="")),
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.before} → {self.after}"


class PlanningSheet(Audited, models.Model):
    """What a project is planned around: the firm's need, its process, its supply chain, its strategy."""

    project = models.OneToOneField(
        Project, models.CASCADE, related_name="planning_sheet", verbose_name=_("project")
    )
    technical_need = models.TextField(_("technical need"), max_length=4000, blank=True)
    production_process = models.TextField(_("production process"), max_length=4000, blank=True)
    supply_chain = models.TextField(_("supply chain"), max_length=4000, blank=True)
    development_strategy = models.TextField(_("development strategy"), max_length=4000, blank=True)
    # Counts the savings, so that nobody overwrites what they have not seen.
    edition = models.PositiveIntegerField(default=1, editable=False)
    updated_by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OfProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("planning sheet")
        verbose_name_plural = _("planning sheets")

    def __str__(self) -> str:
        return str(self.project)


class AnsweredWarningQuerySet(AuditedQuerySet):
    """Answers, seen by whoever sees the enterprise or the project."""

    division_paths = ("enterprise__county", "enterprise__township", "project__township")
    enterprise_path = "enterprise"


class AnsweredWarning(Audited, models.Model):
    """The sentence that explains what is odd; it holds as long as the facts are what they were."""

    # The enterprise of the project, or the enterprise that is odd itself.
    enterprise = models.ForeignKey(
        Enterprise, models.CASCADE, related_name="answered_warnings", verbose_name=_("enterprise")
    )
    project = models.ForeignKey(
        Project,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="answered_warnings",
        verbose_name=_("project"),
    )
    code = models.CharField(_("warning"), max_length=40)
    fingerprint = models.CharField(_("fingerprint of the facts"), max_length=32)
    sentence = models.CharField(_("explanation"), max_length=200)
    by = models.ForeignKey(
        "tracker.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("answered at"), default=timezone.now)

    objects = AnsweredWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("answered warning")
        verbose_name_plural = _("answered warnings")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code", "fingerprint"],
                condition=~Q(project=None),
                name="warning_of_project_answered_once",
            ),
            models.UniqueConstraint(
                fields=["enterprise", "code", "fingerprint"],
                condition=Q(project=None),
                name="warning_of_enterprise_answered_once",
            ),
            models.CheckConstraint(name="answered_warning_has_sentence", condition=~Q(sentence="")),
        ]

    def __str__(self) -> str:
        return f"{self.project or self.enterprise}: {self.code}"
