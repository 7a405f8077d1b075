"""The rule's numbers, version by version."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tracker.admin.site import ByAdministrators
from tracker.badges.figures import plain
from tracker.badges.models import BadgePolicy
from tracker.badges.policy import DEFAULT_POINTS, BadPolicy, Policy
from tracker.calendars.periods import HalfMonth, NotAPeriod

# What each number of the rule must be, in the words of the form; the rule itself decides.
LIMITS: dict[str, Any] = {
    "yellow_at": _("above 0"),
    "red_above": _("above the number for yellow, up to 100"),
    "ratio_yellow_below": _("above 0, up to 100"),
    "ratio_red_below": _("above 0 and below the number for yellow"),
    "start_red_after_months": _("at least 2"),
    "inclusion_yellow_after_days": _("0 or more"),
    "inclusion_red_after_days": _("above the number for yellow"),
    "stale_at": _("at least 1"),
    "fresh_yellow": _("not below the number for “carried forward”"),
    "fresh_red": _("above the number for yellow"),
    "gold_ahead_by": _("from 0 to 100"),
    "history_yellow_run": _("at least 2"),
}


class PolicyForm(forms.ModelForm):
    """One dated version of the rule, number by number."""

    kind = forms.ChoiceField(
        label=_("How being behind is measured"),
        choices=[
            ("points", _("in percentage points behind plan")),
            ("ratio", _("in per cent of the plan to date")),
        ],
        help_text=_("The two built-in rules; only the numbers of the chosen one count."),
    )
    yellow_at = forms.DecimalField(label=_("yellow from so many points behind"))
    red_above = forms.DecimalField(label=_("red above so many points behind"))
    ratio_yellow_below = forms.DecimalField(label=_("yellow below so many per cent of the plan to date"))
    ratio_red_below = forms.DecimalField(label=_("red below so many per cent of the plan to date"))
    start_red_after_months = forms.IntegerField(label=_("start: red from so many months missed"))
    inclusion_yellow_after_days = forms.IntegerField(label=_("inclusion: yellow after so many days"))
    inclusion_red_after_days = forms.IntegerField(label=_("inclusion: red after so many days"))
    stale_at = forms.IntegerField(label=_("“carried forward” from so many half-months missing"))
    fresh_yellow = forms.IntegerField(label=_("yellow from so many half-months missing"))
    fresh_red = forms.IntegerField(label=_("red from so many half-months missing"))
    gold_ahead_by = forms.DecimalField(label=_("gold: so many points ahead of plan"))
    history_yellow_run = forms.IntegerField(label=_("red after yellow so many half-months running"))
    preset = forms.ChoiceField(
        label=_("Plan of a project without monthly figures"),
        required=False,
        choices=[("", _("evenly, day by day")), ("quarters", _("20, 50, 75 and 100 per cent by quarter"))],
    )

    class Meta:
        model = BadgePolicy
        fields = ("county", "code", "effective_from", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = {**DEFAULT_POINTS.to_dict(), **(self.instance.terms or {})}
        for name in TERMS:
            self.initial.setdefault(name, shown[name])
        for name, limit in LIMITS.items():
            self.fields[name].help_text = limit

    def clean_effective_from(self) -> date:
        """A policy begins with a half-month."""
        day: date = self.cleaned_data["effective_from"]
        try:
            HalfMonth.starting(day)
        except NotAPeriod:
            raise ValidationError(_("Half-months start on the 1st and on the 16th.")) from None
        return day

    def clean(self) -> dict[str, Any] | None:
        """The rule itself says whether the numbers go together."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        terms = {name: _as_kept(cleaned[name]) for name in TERMS}
        try:
            self.instance.terms = Policy.from_dict({"code": cleaned["code"], **terms}).to_dict()
        except BadPolicy as bad:
            self.add_error(
                bad.field,
                ValidationError(_("This number has to be %(limit)s."), params={"limit": LIMITS[bad.field]})
                if bad.field in LIMITS
                else _("The rule cannot take this."),
            )
        return cleaned


TERMS = [name for name in DEFAULT_POINTS.to_dict() if name != "code"]


def _as_kept(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value or None if isinstance(value, str) else value


@admin.register(BadgePolicy)
class BadgePolicyAdmin(ByAdministrators):
    """The rule's numbers by date and county; a version under which a badge was given stays as it is."""

    ways = ("county__",)
    shared_rows = Q(county=None)
    form = PolicyForm
    list_display = ("code", "county", "effective_from", "source", "made_at")
    list_select_related = ("county",)
    fieldsets = (
        (None, {"fields": ("county", "code", "effective_from", "source")}),
        (
            _("Behind plan"),
            {"fields": ("kind", "yellow_at", "red_above", "ratio_yellow_below", "ratio_red_below")},
        ),
        (
            _("Start and inclusion"),
            {"fields": ("start_red_after_months", "inclusion_yellow_after_days", "inclusion_red_after_days")},
        ),
        (_("Missing inspections"), {"fields": ("stale_at", "fresh_yellow", "fresh_red")}),
        (_("Gold and history"), {"fields": ("gold_ahead_by", "history_yellow_run")}),
        (_("Plan to date"), {"fields": ("preset",)}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Once a badge was given under it, a policy is history."""
        may = super().has_change_permission(request, obj)
        return may and not (isinstance(obj, BadgePolicy) and obj.awards.exists())

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A version that is only looked at shows the numbers as they are kept."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("county", "code", "effective_from", "source", "numbers", "made_at")}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The same."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("numbers", "made_at")
        return ()

    @admin.display(description=_("numbers of the rule"))
    def numbers(self, policy: BadgePolicy) -> SafeString:
        """The kept numbers, each by its name in the form."""
        kept = {**DEFAULT_POINTS.to_dict(), **policy.terms}
        lines = format_html_join(
            "", "<dt>{}</dt><dd>{}</dd>", ((_label(name), _as_said(name, kept[name])) for name in TERMS)
        )
        return format_html('<dl class="numbers">{}</dl>', lines)


def _label(name: str) -> Any:
    return PolicyForm.base_fields[name].label


def _as_said(name: str, value: Any) -> Any:
    """A number as it is, one of several choices in its words."""
    choices: Any = getattr(PolicyForm.base_fields[name], "choices", None)
    return dict(choices)[value or ""] if choices else value
