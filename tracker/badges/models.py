"""Policies, and the awards that were given under them."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.badges.policy import Policy
from tracker.calendars.periods import HalfMonth
from tracker.library.models import BadgeColour, Division, Project


class BadgePolicyQuerySet(AuditedQuerySet):
    """Policies by when and where they hold; what holds for everybody is seen by everybody."""

    division_paths = ("county",)
    shared_rows = Q(county=None)

    def in_force(self, county: Division, cycle_start: date) -> "BadgePolicy":
        """The county's own latest policy at the cycle, else the one for everybody.

        Raises BadgePolicy.DoesNotExist when there is neither; the first migration adds one for everybody.
        """
        holding = self.filter(Q(county=county) | Q(county=None), effective_from__lte=cycle_start)
        return holding.order_by(models.F("county").asc(nulls_last=True), "-effective_from", "-pk")[:1].get()


class BadgePolicy(Audited, models.Model):
    """One dated version of the rule's numbers. A policy under which a badge was given is never edited."""

    county = models.ForeignKey(
        Division, models.PROTECT, null=True, blank=True, related_name="policies", verbose_name=_("county")
    )
    code = models.CharField(_("version"), max_length=40)
    effective_from = models.DateField(_("in force from the cycle that starts on"))
    terms = models.JSONField(_("numbers of the rule"))
    source = models.CharField(_("source"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("entered at"), default=timezone.now, editable=False)

    objects = BadgePolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("badge policy")
        verbose_name_plural = _("badge policies")
        ordering = ["-effective_from", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["county", "code"], name="policy_code_once_in_county"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(county=None), name="policy_code_once_for_all"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def policy(self) -> Policy:
        """The numbers as the rule takes them."""
        return Policy.from_dict(self.terms)


class AwardQuerySet(AuditedQuerySet):
    """Badges that were given."""

    division_paths = ("project__county", "project__township")
    enterprise_path = "project__enterprise"

    def standing(self) -> Self:
        """Those that hold: not superseded by a later judgement of the same cycle."""
        return self.exclude(state=Award.State.SUPERSEDED)

    def in_cycle(self, cycle_start: date) -> Self:
        """Those of one half-month."""
        return self.filter(cycle_start=cycle_start)


class Award(Audited, models.Model):
    """A project's badge in one half-month, with all that it was judged by: superseded, never edited."""

    # These are large, and follow from the digest of what was judged, the policy and the badge.
    trail = Trail(left_out={"inputs", "lights", "reason_zh", "reason_en", "to_improve_zh", "to_improve_en"})

    class State(models.TextChoices):
        PROVISIONAL = "provisional", _("Provisional")
        CONFIRMED = "confirmed", _("Confirmed")
        SUPERSEDED = "superseded", _("Superseded")

    project = models.ForeignKey(Project, models.PROTECT, related_name="awards", verbose_name=_("project"))
    cycle_start = models.DateField(_("half-month"))
    version = models.PositiveSmallIntegerField(default=1)
    policy = models.ForeignKey(BadgePolicy, models.PROTECT, related_name="awards", verbose_name=_("policy"))
    badge = models.CharField(_("badge"), max_length=6, choices=BadgeColour.choices)
    # The badge before the history step: a red out of four yellows is remembered as the yellow it was.
    earned = models.CharField(max_length=6, choices=BadgeColour.choices)
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PROVISIONAL)
    is_stale = models.BooleanField(_("carried forward"), default=False)
    has_reason_applied = models.BooleanField(_("reason applied"), default=False)
    meets_gold = models.BooleanField(default=False)
    decisive = models.CharField(_("decisive light"), max_length=20, blank=True)
    lights = models.JSONField(default=list)
    inputs = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    reason_zh = models.CharField(max_length=400)
    reason_en = models.CharField(max_length=400)
    to_improve_zh = models.CharField(max_length=400, blank=True)
    to_improve_en = models.CharField(max_length=400, blank=True)
    assigned_at = models.DateTimeField(_("assigned at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        "tracker.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        ordering = ["-cycle_start", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "cycle_start", "version"], name="award_version_once"),
            models.UniqueConstraint(
                fields=["project", "cycle_start"],
                condition=~Q(state="superseded"),
                name="award_stands_once_in_cycle",
            ),
        ]
        indexes = [models.Index(fields=["cycle_start", "badge"])]

    def __str__(self) -> str:
        return f"{self.project} {self.cycle_start} {self.badge}"

    @property
    def reason(self) -> str:
        """The sentence that explains the badge, in the reader's language."""
        return self.reason_en if get_language() == "en" else self.reason_zh

    @property
    def to_improve(self) -> str:
        """The least that reaches the next badge, in the reader's language; empty once its day is over."""
        if HalfMonth.starting(self.cycle_start).next().end < timezone.localdate():
            return ""
        return self.to_improve_en if get_language() == "en" else self.to_improve_zh
