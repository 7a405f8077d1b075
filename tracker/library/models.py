"""The county's library: who there is, what they are transforming, and by which plan."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, router
from django.db.models import Case, F, IntegerField, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as WrongNumber

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import masked_name, masked_phone
from tracker.library import rules
from tracker.library.found import FoundEnterprise, FoundEnterprises, FoundProject, FoundProjects
from tracker.library.naming import keeping_former_names

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable


class DivisionQuerySet(AuditedQuerySet):
    """Divisions: an official sees their own and everything below it."""

    division_paths = ("self",)

    @classmethod
    def place(cls) -> "Combinable":
        """The division itself; while it is being added and has no path yet, what it belongs to."""
        return Coalesce(NullIf(F("path"), Value("")), F("parent__path"), Value(""))

    def counties(self) -> Self:
        """Those that run a special team of their own."""
        return self.filter(level=Division.Level.COUNTY)

    def under(self, division: "Division") -> Self:
        """The division and everything below it."""
        return self.filter(path__startswith=division.path)

    def below(self, division_id: int | None) -> Self:
        """The same, of a division that is known by its id alone."""
        if division_id is None:
            return self.none()
        whole = Division.objects.filter(pk=division_id).values("path")
        return self.filter(path__startswith=Subquery(whole))


class Division(Audited, models.Model):
    """A province, city, county or township of GB/T 2260, or a park that a county treats like a township."""

    # The path follows from what it belongs to.
    trail = Trail(left_out={"path"})

    class Level(models.TextChoices):
        PROVINCE = "province", _("Province")
        CITY = "city", _("City")
        COUNTY = "county", _("County")
        TOWNSHIP = "township", _("Township or park")

    code = models.CharField(_("code"), max_length=12, unique=True, null=True, blank=True)
    name_zh = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("belongs to")
    )
    is_invented = models.BooleanField(
        _("for trying out"),
        default=False,
        help_text=_("Every enterprise, person and figure of the county is invented; its pages say so."),
    )
    # The ids from the root down, "/1/14/96/": one prefix comparison finds a subtree on every database.
    path = models.CharField(max_length=60, db_index=True, editable=False)

    objects = DivisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("division")
        verbose_name_plural = _("divisions")
        ordering = ["code", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name_zh"], name="division_name_once_in_parent"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the path beside the parent: the id is part of it and only known after the first save."""
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            type(self).objects.filter(pk=self.pk).update(path=path)

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh


class CountySettingsQuerySet(AuditedQuerySet):
    """Settings, seen by the county's officials."""

    division_paths = ("county",)


class CountySettings(Audited, models.Model):
    """How one county's special team works."""

    class Confirmation(models.TextChoices):
        AT_CLOSE = "at_close", _("when the cycle closes")
        BY_LEAD = "by_lead", _("when a team lead confirms it")

    county = models.OneToOneField(Division, models.CASCADE, related_name="settings", verbose_name=_("county"))
    needs_second_person = models.BooleanField(
        _("a second person accepts each inspection"),
        default=False,
        help_text=_("When set, what an inspector submits counts only after somebody else has accepted it."),
    )
    due_after_working_days = models.PositiveSmallIntegerField(
        _("working days from the cut-off to the due date"), default=3, validators=[MaxValueValidator(10)]
    )
    closes_after_working_days = models.PositiveSmallIntegerField(
        _("working days from the due date to the close"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    inclusion_deadline_day = models.PositiveSmallIntegerField(
        _("day of the month by which inclusion papers are due"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(28)],
    )
    confirmation = models.CharField(
        _("badges are confirmed"), max_length=10, choices=Confirmation.choices, default=Confirmation.AT_CLOSE
    )

    objects = CountySettingsQuerySet.as_manager()

    class Meta:
        verbose_name = _("county's settings")
        verbose_name_plural = _("counties' settings")

    def __str__(self) -> str:
        return str(self.county)

    @classmethod
    def of(cls, county: Division) -> "CountySettings":
        """The county's settings, or the defaults while it has none."""
        return cls.objects.filter(county=county).first() or cls(county=county)


class IndustryQuerySet(AuditedQuerySet):
    """Reference data: the same for everybody who has signed in."""

    shared_rows = Q()


class Industry(Audited, models.Model):
    """A class, group, division or section of GB/T 4754-2017."""

    code = models.CharField(_("code"), max_length=4, primary_key=True)
    name_zh = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)

    objects = IndustryQuerySet.as_manager()

    class Meta:
        verbose_name = _("industry")
        verbose_name_plural = _("industries")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if self.name_en and get_language() == "en" else self.name_zh


def check_credit_code(code: str) -> None:
    """Refuse a unified social credit code that GB 32100-2015 would not issue."""
    try:
        uscc.validate(code)
    except WrongNumber as wrong:
        raise ValidationError(
            _("%(code)s is not a unified social credit code: 18 signs, the last one checks the others."),
            params={"code": code},
        ) from wrong


def rank_of(field: str, values: Sequence[str]) -> Case:
    """A place in an order by meaning instead of by alphabet; the lists' indexes are made of the same."""
    ranks = [When(**{field: value}, then=Value(rank)) for rank, value in enumerate(values)]
    return Case(*ranks, default=Value(len(values)), output_field=IntegerField())


def in_place(field: str, nothing: Any = 0) -> Coalesce:
    """What a row is grouped by; rows without it come first."""
    return Coalesce(field, Value(nothing))


class Rung(models.TextChoices):
    """The rung of the cultivation ladder, as the county's table names it."""

    NONE = "", _("Not on the ladder")
    TECHNOLOGY_SME = "technology_sme", _("Technology SME")
    HIGH_TECH = "high_tech", _("High-tech enterprise")
    LEADING = "leading", _("Technological leading enterprise")


RUNG_RANK = rank_of("rung", Rung.values)


class EnterpriseQuerySet(FoundEnterprises):
    """Enterprises of a county, or one's own."""

    division_paths = ("county", "township")
    enterprise_path = "self"

    def of_county(self, county: Division) -> Self:
        """Those in the county's library; what was merged into another one is found there."""
        return self.filter(county=county, merged_into=None)

    def update(self, **kwargs: Any) -> int:
        """Change these rows; a name that is replaced becomes a former one."""
        if "name" not in kwargs:
            return super().update(**kwargs)
        with keeping_former_names(self.model, self.values_list("pk", flat=True), self.db):
            return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Change many rows, each in its own way; a name that is replaced becomes a former one."""
        rows, names = list(objs), list(fields)
        if "name" not in names:
            return super().bulk_update(rows, names, batch_size=batch_size)
        with keeping_former_names(self.model, [row.pk for row in rows], self.db):
            return super().bulk_update(rows, names, batch_size=batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]


class Enterprise(FoundEnterprise, Audited, models.Model):
    """A technology enterprise in a county's library."""

    trail = Trail(
        masked={"contact_name": masked_name, "contact_phone": masked_phone},
        left_out={"pinyin", "initials", "found_by", "worst_rank"},
    )

    Rung = Rung

    class Size(models.TextChoices):
        """The size class of the statistical division of large, medium, small and micro enterprises."""

        LARGE = "large", pgettext_lazy("size", "Large")
        MEDIUM = "medium", pgettext_lazy("size", "Medium")
        SMALL = "small", pgettext_lazy("size", "Small")
        MICRO = "micro", pgettext_lazy("size", "Micro")

    credit_code = models.CharField(
        _("unified social credit code"), max_length=18, unique=True, validators=[check_credit_code]
    )
    name = models.CharField(_("name"), max_length=120)
    county = models.ForeignKey(Division, models.PROTECT, related_name="enterprises", verbose_name=_("county"))
    township = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("township or park")
    )
    industry = models.ForeignKey(
        Industry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="enterprises",
        verbose_name=_("industry"),
    )
    chain = models.CharField(_("industrial chain"), max_length=60, blank=True)
    key_industry = models.CharField(_("key industry"), max_length=60, blank=True)
    size = models.CharField(_("size class"), max_length=10, choices=Size.choices, blank=True)
    is_above_scale = models.BooleanField(_("above-scale enterprise"), default=False)
    rung = models.CharField(_("grade"), max_length=20, choices=Rung.choices, default=Rung.NONE, blank=True)
    contact_name = models.CharField(_("contact"), max_length=60, blank=True)
    contact_phone = models.CharField(_("phone"), max_length=30, blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_here",
        verbose_name=_("merged into"),
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("enterprise")
        verbose_name_plural = _("enterprises")
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["county", "name"]),
            # One for each order that the list offers; those by a group serve its filter as well.
            models.Index(fields=["county", "pinyin", "id"], name="enterprise_by_name"),
            models.Index(fields=["county", "credit_code", "id"], name="enterprise_by_code"),
            models.Index(fields=["county", "worst_rank", "pinyin", "id"], name="enterprise_by_badge"),
            models.Index(fields=["county", "chain", "pinyin", "id"], name="enterprise_by_chain"),
            models.Index("county", in_place("township"), "pinyin", "id", name="enterprise_by_township"),
            models.Index("county", in_place("industry", ""), "pinyin", "id", name="enterprise_by_industry"),
            models.Index("county", RUNG_RANK, "pinyin", "id", name="enterprise_by_rung"),
        ]

    def __str__(self) -> str:
        return self.name

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the row; a name that is replaced becomes a former one."""
        renames = update_fields is None or "name" in set(update_fields)
        if raw or force_insert or self.pk is None or not renames:
            return super().save_base(raw, force_insert, force_update, using, update_fields)
        with keeping_former_names(type(self), [self.pk], using or router.db_for_write(type(self))):
            return super().save_base(raw, force_insert, force_update, using, update_fields)

    def clean(self) -> None:
        """Write the code as everybody writes it before it is checked."""
        self.credit_code = rules.normalised_code(self.credit_code)
        self.name = rules.normalised(self.name)


class Stage(models.TextChoices):
    """How far a project has come; the last three are ways out of the line."""

    RESERVE = "reserve", _("In reserve")
    FILED = "filed", _("Filed")
    STARTED = "started", _("Started")
    BUILDING = "building", _("Under construction")
    COMPLETED = "completed", _("Completed")
    IN_PRODUCTION = "in_production", _("In production")
    OUTCOME_VERIFIED = "outcome_verified", _("Outcome verified")
    SUSPENDED = "suspended", _("Suspended")
    TERMINATED = "terminated", _("Terminated")
    MERGED = "merged", _("Merged into another project")


NOT_STARTED_STAGES = frozenset({Stage.RESERVE, Stage.FILED})
ENDED_STAGES = frozenset({Stage.SUSPENDED, Stage.TERMINATED, Stage.MERGED})


class InclusionState(models.TextChoices):
    """Where a project stands on its way into the fixed-asset investment survey (纳统)."""

    NOT_APPLICABLE = "not_applicable", _("Not applicable (under 500 万元)")
    NOT_DUE = "not_due", _("Not due yet")
    PREPARING = "preparing", _("Preparing papers")
    SUBMITTED = "submitted", _("Submitted")
    RETURNED = "returned", _("Returned")
    INCLUDED = "included", _("Included")
    REMOVED = "removed", _("Removed")


# These three are said by the statistics liaison alone; the others follow from the papers.
LIAISON_STATES = frozenset({InclusionState.INCLUDED, InclusionState.RETURNED, InclusionState.REMOVED})


class BadgeColour(models.TextChoices):
    """The badge as it is stored and shown; `badges.rules.Badge` is the same thing to the rule."""

    RED = "red", _("Red")
    YELLOW = "yellow", _("Yellow")
    BLUE = "blue", _("Blue")
    GOLD = "gold", _("Gold")
    NONE = "none", _("Not rated")


# In the order in which badges are worth a call.
WORST_FIRST = [BadgeColour.RED, BadgeColour.YELLOW, BadgeColour.NONE, BadgeColour.BLUE, BadgeColour.GOLD]
BADGE_RANK = rank_of("badge", WORST_FIRST)
STAGE_RANK = rank_of("stage", Stage.values)
INCLUSION_RANK = rank_of("inclusion_state", InclusionState.values)
NEVER = date(9999, 12, 31)


def money(verbose_name: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    """A field for an amount in 万元 with two decimals, never negative."""
    return models.DecimalField(
        verbose_name, max_digits=14, decimal_places=2, validators=[MinValueValidator(Decimal(0))], **options
    )


class ProjectQuerySet(FoundProjects):
    """Projects of a county, or of one's own enterprise."""

    division_paths = ("county", "township")
    enterprise_path = "enterprise"

    def of_county(self, county: Division) -> Self:
        """Those that the county's special team follows."""
        return self.filter(county=county)

    def followed(self) -> Self:
        """Those inspected each half-month: everything but what was suspended, terminated or merged."""
        return self.exclude(stage__in=ENDED_STAGES)

    def of_inspector(self, person: Any) -> Self:
        """Those that the person answers for."""
        return self.filter(inspector=person)

    def for_table(self) -> Self:
        """With what a list shows, so that it costs the same for one row as for two hundred."""
        return self.select_related("enterprise", "township", "inspector", "county")


class Project(FoundProject, Audited, models.Model):
    """One technological-transformation project of an enterprise. Money in 万元."""

    # The badge beside a project follows from its awards, each of which is in the trail.
    trail = Trail(
        masked={
            "contact_name": masked_name,
            "contact_phone": masked_phone,
            "responsible_name": masked_name,
        },
        left_out={"badge", "badge_cycle_start", "pinyin", "initials", "found_by", "enterprise_pinyin"},
    )

    class Nature(models.TextChoices):
        """Construction nature as the national investment survey divides it."""

        NEW = "new", _("New construction")
        EXPANSION = "expansion", _("Expansion")
        TRANSFORMATION = "transformation", _("Reconstruction and technological transformation")
        LIVING_FACILITIES = "living_facilities", _("Living facilities only")
        RELOCATION = "relocation", _("Relocation")
        RESTORATION = "restoration", _("Restoration")
        PURCHASE_ONLY = "purchase_only", _("Purchase only")

    enterprise = models.ForeignKey(
        Enterprise, models.PROTECT, related_name="projects", verbose_name=_("enterprise")
    )
    county = models.ForeignKey(Division, models.PROTECT, related_name="projects", verbose_name=_("county"))
    township = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("township or park")
    )
    name = models.CharField(_("project"), max_length=160)
    code = models.CharField(
        _("project code"),
        max_length=24,
        unique=True,
        null=True,
        blank=True,
        validators=[
            RegexValidator(rules.PROJECT_CODE, _("A project code looks like 2101-371591-04-01-436244."))
        ],
    )
    nature = models.CharField(
        _("construction nature"), max_length=20, choices=Nature.choices, default=Nature.TRANSFORMATION
    )
    # Moved by `library.stages` alone, which keeps every move.
    stage = models.CharField(_("stage"), max_length=20, choices=Stage.choices, default=Stage.FILED)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_here",
        verbose_name=_("merged into"),
    )
    planned_total = money(_("planned total (万元)"))
    planned_construction = money(_("of which construction (万元)"), null=True, blank=True)
    planned_installation = money(_("of which installation (万元)"), null=True, blank=True)
    planned_equipment = money(_("of which equipment (万元)"), null=True, blank=True)
    planned_other = money(_("of which other (万元)"), null=True, blank=True)
    funds_in_place = money(_("funds in place (万元)"), null=True, blank=True)

    filing_number = models.CharField(_("filing number"), max_length=60, blank=True)
    filing_authority = models.CharField(_("filing authority"), max_length=100, blank=True)
    filed_on = models.DateField(_("filed on"), null=True, blank=True)
    filing_extended_until = models.DateField(_("filing extended until"), null=True, blank=True)
    filing_extension_asked_on = models.DateField(_("extension asked for on"), null=True, blank=True)
    filing_extension_ground = models.CharField(_("ground of the extension"), max_length=200, blank=True)
    planned_start_on = models.DateField(_("planned start"), null=True, blank=True)
    started_on = models.DateField(_("started on"), null=True, blank=True)
    planned_equipment_on = models.DateField(_("planned equipment delivery"), null=True, blank=True)
    equipment_delivered_on = models.DateField(_("equipment delivered on"), null=True, blank=True)
    planned_completion_on = models.DateField(_("planned completion"), null=True, blank=True)
    completed_on = models.DateField(_("completed on"), null=True, blank=True)
    planned_production_on = models.DateField(_("planned start of production"), null=True, blank=True)
    in_production_on = models.DateField(_("in production since"), null=True, blank=True)
    planned_target_on = models.DateField(_("planned full capacity"), null=True, blank=True)
    on_target_on = models.DateField(_("at full capacity since"), null=True, blank=True)
    # Names of the dates above that are known to the month only ("2026年8月"): a planned or actual start is
    # then kept as the first of the month, a completion as the last.
    month_only = models.JSONField(default=list, blank=True, editable=False)

    inclusion_state = models.CharField(
        _("inclusion in statistics"),
        max_length=20,
        choices=InclusionState.choices,
        default=InclusionState.NOT_DUE,
    )
    inclusion_submitted_on = models.DateField(_("papers submitted on"), null=True, blank=True)
    included_on = models.DateField(_("included on"), null=True, blank=True)
    inclusion_returned_on = models.DateField(_("papers returned on"), null=True, blank=True)
    inclusion_removed_on = models.DateField(_("removed on"), null=True, blank=True)
    inclusion_reference = models.CharField(_("statistics bureau's reference"), max_length=60, blank=True)

    problem = models.CharField(_("open problem"), max_length=200, blank=True)
    responsible_name = models.CharField(_("responsible person"), max_length=60, blank=True)
    inspector = models.ForeignKey(
        "tracker.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="projects",
        verbose_name=_("inspector"),
    )
    contact_name = models.CharField(_("contact"), max_length=60, blank=True)
    contact_phone = models.CharField(_("phone"), max_length=30, blank=True)

    # The badge of the latest cycle, so that lists need no join; written by badges.actions alone.
    badge = models.CharField(
        _("badge"), max_length=6, choices=BadgeColour.choices, default=BadgeColour.NONE, editable=False
    )
    badge_cycle_start = models.DateField(null=True, blank=True, editable=False)
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        ordering = ["enterprise__name", "name", "pk"]
        indexes = [
            models.Index(fields=["county", "badge", "id"]),
            models.Index(fields=["county", "stage"]),
            models.Index(fields=["inspector", "stage"]),
            # One for each order that the list offers. Those by a group go on with the worst badge, so
            # that they also serve the filter by that group in the list's own order.
            models.Index("county", BADGE_RANK, "enterprise", "id", name="project_by_badge"),
            models.Index(fields=["county", "pinyin", "id"], name="project_by_name"),
            models.Index(fields=["county", "enterprise_pinyin", "id"], name="project_by_enterprise"),
            models.Index(fields=["county", "planned_total", "id"], name="project_by_total"),
            models.Index(
                "county", Coalesce("planned_completion_on", Value(NEVER)), "id", name="project_by_completion"
            ),
            models.Index(
                "county", in_place("township"), BADGE_RANK, "enterprise", "id", name="project_by_township"
            ),
            models.Index(
                "county", in_place("inspector"), BADGE_RANK, "enterprise", "id", name="project_by_inspector"
            ),
            models.Index("county", STAGE_RANK, BADGE_RANK, "enterprise", "id", name="project_by_stage"),
            models.Index(
                "county", INCLUSION_RANK, BADGE_RANK, "enterprise", "id", name="project_by_inclusion"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="project_completed_after_start",
                condition=Q(completed_on=None) | Q(started_on=None) | Q(completed_on__gte=F("started_on")),
                violation_error_message=_("A project cannot be completed before it started."),
            ),
            models.CheckConstraint(name="project_total_not_negative", condition=Q(planned_total__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def filing_lapses_on(self) -> date | None:
        """The day on which the filing lapses unless work has started: two years on, or as extended."""
        if self.started_on is not None:
            return None
        return rules.filing_lapses_on(self.filed_on, self.filing_extended_until)

    def plan_for(self, year: int) -> "AnnualPlan | None":
        """The plan in force for the year: the latest version, or none."""
        plans = [plan for plan in self.plans.all() if plan.year == year]
        return max(plans, key=lambda plan: plan.version, default=None)

    def baseline_for(self, year: int) -> "AnnualPlan | None":
        """The first plan of the year, against which re-plans are counted."""
        plans = [plan for plan in self.plans.all() if plan.year == year]
        return min(plans, key=lambda plan: plan.version, default=None)


class AnnualPlanQuerySet(AuditedQuerySet):
    """Annual plans, seen by whoever sees the project."""

    division_paths = ("project__county", "project__township")
    enterprise_path = "project__enterprise"


class AnnualPlan(Audited, models.Model):
    """What a project means to invest in one year; version 1 is the baseline and is never changed."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="plans", verbose_name=_("project"))
    year = models.PositiveSmallIntegerField(_("year"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    amount = money(_("annual plan (万元)"))
    # Twelve amounts from January to December as text with two decimals, or null: then it runs linearly.
    by_month = models.JSONField(_("by month (万元)"), null=True, blank=True)
    reason = models.CharField(_("reason for the re-plan"), max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey("tracker.User", models.SET_NULL, null=True, blank=True, related_name="+")

    objects = AnnualPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("annual plan")
        verbose_name_plural = _("annual plans")
        ordering = ["project", "year", "version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "year", "version"], name="annual_plan_version_once"),
            models.CheckConstraint(
                name="annual_replan_has_reason",
                condition=Q(version=1) | ~Q(reason=""),
                violation_error_message=_("Say why the plan changes."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.year} v{self.version}"

    @property
    def months(self) -> tuple[Decimal, ...] | None:
        """The twelve monthly amounts in 万元, or none when the plan runs linearly."""
        return tuple(Decimal(amount) for amount in self.by_month) if self.by_month else None
