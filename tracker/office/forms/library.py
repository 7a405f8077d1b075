"""What those who keep the library enter by hand: enterprises, projects, plans.

The forms of enterprises and projects are model forms, so that what the tables refuse (a credit code twice, a
completion before the start) is said in the same words here, in the admin and in an import.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.library import rules
from tracker.library.inclusion.actions import settle
from tracker.library.models import (
    NOT_STARTED_STAGES,
    AnnualPlan,
    Division,
    Enterprise,
    Industry,
    Project,
    Stage,
)
from tracker.office.filters import inspectors_of, townships_of
from tracker.office.forms.contacts import MaskedContact
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet
from tracker.office.forms.inspect import DayField, FigureField

MONTHS = range(1, 13)
PLANNED_DATES = [
    "planned_start_on",
    "planned_equipment_on",
    "planned_completion_on",
    "planned_production_on",
    "planned_target_on",
]
ACTUAL_DATES = [
    "filed_on",
    "started_on",
    "equipment_delivered_on",
    "completed_on",
    "in_production_on",
    "on_target_on",
]
# A project that is added by hand is somewhere on the line; how it goes on, inspections say.
FIRST_STAGES = [Stage.RESERVE, Stage.FILED, Stage.STARTED, Stage.BUILDING]


def offer_townships(form: forms.BaseForm, county: Division, by: User) -> None:
    """The townships in which the person keeps the library: all of the county, or the own one alone."""
    offered = townships_of(county)
    field: Any = form.fields["township"]
    if by.division is not None and by.division.level == Division.Level.TOWNSHIP:
        offered = offered.filter(pk=by.division.pk)
        field.required = True
        form.initial.setdefault("township", by.division.pk)
    field.queryset = offered


class EnterpriseForm(OnlyWhatTheRoleMaySet, MaskedContact):
    """An enterprise of the county."""

    table = "enterprise"

    # Longer than the code itself: people copy it with blanks.
    credit_code = forms.CharField(
        label=_("Unified social credit code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("18 signs, as on the business licence."),
    )
    industry = forms.ModelChoiceField(
        label=_("Industry"),
        queryset=Industry.objects.all(),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Code of GB/T 4754-2017, for example 3542."),
        error_messages={"invalid_choice": _("There is no such code in GB/T 4754-2017.")},
    )

    class Meta:
        model = Enterprise
        fields = [
            "name",
            "credit_code",
            "township",
            "industry",
            "chain",
            "rung",
            "contact_name",
            "contact_phone",
        ]

    def __init__(self, *args: Any, county: Division, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_to(by, is_new=self.instance.pk is None)
        offer_townships(self, county, by)

    def clean_credit_code(self) -> str:
        """As everybody writes it; whether it is one, the table says."""
        return rules.normalised_code(self.cleaned_data["credit_code"])

    def clean_name(self) -> str:
        """Without stray blanks."""
        return rules.normalised(self.cleaned_data["name"])

    @property
    def warnings(self) -> list[str]:
        """Nothing about an enterprise is taken although it is odd."""
        return []


class ProjectForm(OnlyWhatTheRoleMaySet, MaskedContact):
    """A project of the county; how far it has come is said by inspections, not here."""

    table = "project"

    code = forms.CharField(
        label=_("Project code"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("As on the filing, for example 2101-371591-04-01-436244."),
    )
    planned_total = FigureField(label=_("Planned total (万元)"), max_digits=14)
    planned_equipment = FigureField(label=_("Of which equipment (万元)"), max_digits=14, required=False)

    class Meta:
        model = Project
        fields = [
            "enterprise",
            "name",
            "code",
            "nature",
            "stage",
            "township",
            "planned_total",
            "planned_equipment",
            "planned_start_on",
            "planned_equipment_on",
            "planned_completion_on",
            "planned_production_on",
            "planned_target_on",
            "filed_on",
            "started_on",
            "equipment_delivered_on",
            "completed_on",
            "in_production_on",
            "on_target_on",
            "responsible_name",
            "inspector",
            "contact_name",
            "contact_phone",
        ]

    def __init__(self, *args: Any, county: Division, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_to(by, is_new=self.instance.pk is None)
        fields: Any = self.fields
        self.today = today
        self.warnings: list[str] = []
        for name in [name for name in (*PLANNED_DATES, *ACTUAL_DATES) if name in self.fields]:
            self.fields[name] = DayField(
                label=self.fields[name].label, required=False, input_formats=["%Y-%m-%d"]
            )
            if name in self.instance.month_only:
                self.fields[name].help_text = gettext("Known to the month only; a new day makes it exact.")
        offer_townships(self, county, by)
        if self.instance.pk is None:
            fields["enterprise"].queryset = Enterprise.objects.visible_to(by).of_county(county)
            fields["stage"].choices = [(stage.value, stage.label) for stage in FIRST_STAGES]
        if "inspector" in fields:
            fields["inspector"].queryset = inspectors_of(county)
        elif self.instance.pk is None:
            # Who answers for what is the team lead's to say; what an inspector adds is their own.
            self.instance.inspector = by

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page groups them."""
        dated = {*PLANNED_DATES, *ACTUAL_DATES}
        people = ["responsible_name", "inspector", "contact_name", "contact_phone"]
        basics = [name for name in self.fields if name not in dated and name not in people]
        named = [
            ("", basics),
            (gettext("Planned dates"), PLANNED_DATES),
            (gettext("What has happened"), ACTUAL_DATES),
            (gettext("People"), people),
        ]
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in named]

    def clean_name(self) -> str:
        """Without stray blanks."""
        return rules.normalised(self.cleaned_data["name"])

    def clean_code(self) -> str | None:
        """In the standard's shape; a check digit that does not fit is only remarked."""
        text = self.cleaned_data["code"]
        if not rules.normalised_code(text):
            return None
        try:
            code = rules.project_code(text)
        except ValueError:
            raise forms.ValidationError(
                _("A project code has 20 digits: 2101-371591-04-01-436244.")
            ) from None
        if not rules.has_right_check_digit(code):
            self.warnings.append(
                gettext(
                    "The last digit of %(code)s does not fit the others: please compare it with the filing."
                )
                % {"code": code}
            )
        return code

    def clean(self) -> dict[str, Any]:
        """What happened, happened by today and in its order."""
        facts: dict[str, Any] = super().clean() or {}
        for name in ACTUAL_DATES:
            if facts.get(name) and facts[name] > self.today:
                self.add_error(name, _("This day has not come yet."))
        planned_start, planned_end = facts.get("planned_start_on"), facts.get("planned_completion_on")
        if planned_start and planned_end and planned_end < planned_start:
            self.add_error(
                "planned_completion_on", _("The planned completion lies before the planned start.")
            )
        equipment, total = facts.get("planned_equipment"), facts.get("planned_total")
        if equipment is not None and total is not None and equipment > total:
            self.add_error(
                "planned_equipment", _("Equipment is part of the planned total: it cannot be more.")
            )
        if facts.get("stage") in (Stage.STARTED, Stage.BUILDING) and not facts.get("started_on"):
            self.add_error("started_on", _("Say when it started."))
        if facts.get("stage") in NOT_STARTED_STAGES and facts.get("started_on"):
            self.add_error("stage", _("It has started, so it is not in reserve or only filed."))
        self._refuse_an_inspector_from_elsewhere(facts)
        if facts.get("filed_on") and facts.get("started_on") and facts["started_on"] < facts["filed_on"]:
            self.warnings.append(gettext("The start lies before the filing: please check both days."))
        return facts

    def _refuse_an_inspector_from_elsewhere(self, facts: dict[str, Any]) -> None:
        """A township's own inspector cannot open what lies in another township, nor what lies in none."""
        inspector = facts.get("inspector")
        if inspector is None or inspector.division.level != Division.Level.TOWNSHIP:
            return
        if inspector.division != facts.get("township"):
            text = _("%(person)s works for %(place)s and would not see a project that lies elsewhere.")
            wrong = forms.ValidationError(
                text, params={"person": inspector.name, "place": inspector.division.name}
            )
            self.add_error("inspector", wrong)

    def save(self, commit: bool = True) -> Project:
        """Write what was entered and nothing else: inspections write the same row meanwhile."""
        project: Project = self.instance
        project.month_only = [name for name in project.month_only if name not in self.changed_data]
        if project.pk:
            project.save(update_fields=[*self.fields, "month_only"])
        else:
            project.county = project.enterprise.county
            project.save()
        # Whether it belongs into statistics, and whether its papers are due, follows from what was entered.
        settle([project.pk])
        project.refresh_from_db(fields=["inclusion_state"])
        return project


class PlanForm(OnlyWhatTheRoleMaySet, forms.Form):
    """What a project means to invest in a year, evenly or by month. Money in 万元."""

    table = "annualplan"
    stands_for = {f"month_{month}": "by_month" for month in MONTHS}

    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    amount = FigureField(label=_("Plan of the year (万元)"), max_digits=14)
    reason = forms.CharField(
        label=_("Reason for the change"),
        max_length=200,
        required=False,
        help_text=_("Needed when the year already has a plan. The first plan stays as the baseline."),
    )

    def __init__(self, *args: Any, project: Project, year: int, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        chooser: Any = self.fields["year"]
        chooser.choices = [(choice, str(choice)) for choice in (year, year + 1)]
        current = project.plan_for(year)
        self.initial = {"year": year, "amount": current and current.amount}
        amounts = current.months if current else None
        for month in MONTHS:
            self.fields[f"month_{month}"] = FigureField(
                label=_month_name(year, month), max_digits=14, required=False
            )
            self.initial[f"month_{month}"] = amounts[month - 1] if amounts else None
        self.keep_to(by)

    @property
    def month_fields(self) -> list[forms.BoundField]:
        """The twelve months."""
        return [self[f"month_{month}"] for month in MONTHS]

    @property
    def is_by_month(self) -> bool:
        """Whether any month is filled in, so that the months are shown at once."""
        return any(field.value() not in (None, "") or field.errors for field in self.month_fields)

    def clean(self) -> dict[str, Any]:
        """Months that add up, and a reason where there is a plan already."""
        facts: dict[str, Any] = super().clean() or {}
        months = tuple(facts.get(f"month_{month}") for month in MONTHS)
        facts["months"] = (
            tuple(m or Decimal(0) for m in months) if any(m is not None for m in months) else None
        )
        if facts["months"] and facts.get("amount") is not None and sum(facts["months"]) != facts["amount"]:
            self.add_error("amount", self.does_not_add_up(sum(facts["months"]), facts["amount"]))
        current = self.project.plan_for(facts["year"]) if "year" in facts else None
        if current and not facts.get("reason") and self._changes(current, facts):
            self.add_error("reason", _("Say why the plan changes."))
        return facts

    def _changes(self, current: AnnualPlan, facts: dict[str, Any]) -> bool:
        return current.amount != facts.get("amount") or current.months != facts["months"]

    @staticmethod
    def does_not_add_up(months: Decimal | int, amount: Decimal) -> str:
        """What the months come to, beside what the year says."""
        return gettext("The months add up to %(months)s, the year's plan says %(amount)s.") % {
            "months": number_format(months, 2, force_grouping=True),
            "amount": number_format(amount, 2, force_grouping=True),
        }


def _month_name(year: int, month: int) -> str:
    return date_format(date(year, month, 1), "F")
