"""What those who keep the library enter by hand: enterprises, projects, plans.

The forms of enterprises and projects are model forms, so that what the tables refuse (a credit code twice, a
completion before the start) is said in the same words here, in the admin and in an import.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import models, transaction
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.fields import writable
from tracker.accounts.models import User
from tracker.inspections.consistency import OF_PROJECT, answered_of, facts_of, facts_with, in_project
from tracker.library import rules
from tracker.library.inclusion.actions import has_started, settle
from tracker.library.inclusion.rules import InclusionState, followed
from tracker.library.keeping import keep_total_changes, set_former_names
from tracker.library.models import (
    AnnualPlan,
    Division,
    Enterprise,
    Industry,
    Project,
    Stage,
)
from tracker.library.records import FormerName
from tracker.office.filters import inspectors_of, townships_of
from tracker.office.forms.answers import ANSWER, AsksForAnswers, SentenceField
from tracker.office.forms.contacts import MaskedContact
from tracker.office.forms.fields import NothingUnseen, OnlyWhatTheRoleMaySet, SuggestingInput
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
COMPONENTS = ["planned_construction", "planned_installation", "planned_equipment", "planned_other"]
FILING = ["filed_on", "filing_number", "filing_authority"]
EXTENSION = ["filing_extended_until", "filing_extension_asked_on", "filing_extension_ground"]
PEOPLE = ["responsible_name", "inspector", "contact_name", "contact_phone"]
MOST_FORMER_NAMES = 20
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


def suggestions_of(county: Division, field: str) -> list[str]:
    """What the county's other enterprises have in a field of free text."""
    values = Enterprise.objects.filter(county=county).exclude(**{field: ""})
    return list(values.order_by(field).values_list(field, flat=True).distinct())


@dataclass(frozen=True)
class Section:
    """A part of a long form; what is rarely needed is folded until something stands in it."""

    title: str
    fields: list[forms.BoundField]
    is_rare: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a folded part shows at once: what is wrong in it must not be hidden."""
        return any(field.errors for field in self.fields)

    @property
    def filled(self) -> int:
        """In how many of its fields something stands."""
        return sum(field.value() not in (None, "", False, []) for field in self.fields)


class EnterpriseForm(OnlyWhatTheRoleMaySet, MaskedContact, NothingUnseen):
    """An enterprise of the county."""

    table = "enterprise"
    # A table of its own: whether the role may write there is asked below.
    steering = frozenset({"former_names"})

    former_names = forms.CharField(
        label=_("Former names"),
        required=False,
        max_length=MOST_FORMER_NAMES * 121,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=_("One on each line. When the name above changes, the old one is added by itself."),
    )

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
            "key_industry",
            "size",
            "is_above_scale",
            "rung",
            "contact_name",
            "contact_phone",
        ]

    field_order = ("name", "former_names")

    def __init__(self, *args: Any, county: Division, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_to(by, is_new=self.instance.pk is None)
        if not writable("formername", by.role):
            del self.fields["former_names"]
        elif self.instance.pk:
            names = FormerName.objects.filter(enterprise=self.instance).values_list("name", flat=True)
            self.initial["former_names"] = "\n".join(names)
        for name in {"chain", "key_industry"} & set(self.fields):
            self.fields[name].widget = SuggestingInput(suggestions_of(county, name), attrs={"maxlength": 60})
        offer_townships(self, county, by)

    @property
    def sections(self) -> list[Section]:
        """The fields as the page groups them."""
        folded = ("former_names",)
        people = ("contact_name", "contact_phone")
        kinds = ("industry", "chain", "key_industry", "size", "is_above_scale", "rung")
        basics = [name for name in self.fields if name not in (*folded, *people, *kinds)]
        parts = [
            ("", basics, False),
            (gettext("Former names"), folded, True),
            (gettext("Industry and size"), kinds, False),
            (gettext("Contact"), people, False),
        ]
        return [
            Section(title, [self[name] for name in names if name in self.fields], is_rare)
            for title, names, is_rare in parts
        ]

    def clean_former_names(self) -> list[str]:
        """Each name once, without stray blanks."""
        lines = [rules.normalised(line) for line in self.cleaned_data["former_names"].splitlines()]
        names = list(dict.fromkeys(line for line in lines if line))
        if any(len(name) > 120 for name in names):
            raise forms.ValidationError(_("A name has at most 120 signs."))
        if len(names) > MOST_FORMER_NAMES:
            raise forms.ValidationError(_("At most 20 former names."))
        return names

    @transaction.atomic
    def save(self, commit: bool = True) -> Enterprise:
        """Write the enterprise; a name that is replaced becomes a former one by itself."""
        enterprise: Enterprise = self.instance
        is_new, has_names = enterprise.pk is None, "former_names" in self.changed_data
        if has_names and not is_new:
            set_former_names(enterprise, self.cleaned_data["former_names"])
        super().save()
        if has_names and is_new:
            set_former_names(enterprise, self.cleaned_data["former_names"])
        return enterprise

    def clean_credit_code(self) -> str:
        """As everybody writes it; whether it is one, the table says."""
        return rules.normalised_code(self.cleaned_data["credit_code"])

    def clean_name(self) -> str:
        """Without stray blanks."""
        return rules.normalised(self.cleaned_data["name"])


class ProjectForm(OnlyWhatTheRoleMaySet, AsksForAnswers, MaskedContact, NothingUnseen):
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
    planned_construction = FigureField(label=_("Of which construction (万元)"), max_digits=14, required=False)
    planned_installation = FigureField(label=_("Of which installation (万元)"), max_digits=14, required=False)
    planned_equipment = FigureField(label=_("Of which equipment (万元)"), max_digits=14, required=False)
    planned_other = FigureField(label=_("Of which other (万元)"), max_digits=14, required=False)
    funds_in_place = FigureField(label=_("Funds in place (万元)"), max_digits=14, required=False)

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
            *COMPONENTS,
            "funds_in_place",
            "planned_start_on",
            "planned_equipment_on",
            "planned_completion_on",
            "planned_production_on",
            "planned_target_on",
            *FILING,
            *EXTENSION,
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
        self.today, self.by = today, by
        self.total_before = self.instance.planned_total if self.instance.pk else None
        self.grounds = ""
        dates = (*PLANNED_DATES, *ACTUAL_DATES, *EXTENSION[:2])
        for name in [name for name in dates if name in self.fields]:
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
    def sections(self) -> list[Section]:
        """The fields as the page groups them: the daily ones first, what is rarely needed folded."""
        parts = [
            (gettext("Parts of the total, funds"), [*COMPONENTS, "funds_in_place"], True),
            (gettext("Planned dates"), PLANNED_DATES, False),
            (gettext("Filing"), FILING, False),
            (gettext("Extension of the filing"), EXTENSION, True),
            (gettext("What has happened"), [name for name in ACTUAL_DATES if name != "filed_on"], False),
            (gettext("People"), PEOPLE, False),
        ]
        elsewhere = {name for _title, names, _is_rare in parts for name in names}
        basics = [name for name in self.fields if name not in elsewhere and not name.startswith(ANSWER)]
        return [
            Section(title, [self[name] for name in names if name in self.fields], is_rare)
            for title, names, is_rare in [("", basics, False), *parts]
        ]

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
        return code

    def clean(self) -> dict[str, Any]:
        """Grounds for a new planned total, and nothing that contradicts itself unless it is explained."""
        facts: dict[str, Any] = super().clean() or {}
        self._refuse_an_inspector_from_elsewhere(facts)
        if (
            self.total_before is not None
            and facts.get("planned_total", self.total_before) != self.total_before
        ):
            self.grounds = self.read_late(
                "total_grounds",
                SentenceField(
                    label=_("Grounds for the new planned total"),
                    help_text=_("The planned total stays as it was filed; a change has its grounds."),
                ),
                _("Say why the planned total changes."),
            )
        self._hold_against_the_rules(facts)
        return facts

    def _hold_against_the_rules(self, facts: dict[str, Any]) -> None:
        project = self.instance
        is_new = project.pk is None
        known = (
            facts_with(project, [], None, self.today)
            if is_new
            else facts_of([project], self.today)[project.pk]
        )
        entered = {name: facts[name] for name in OF_PROJECT if name in facts}
        exact = frozenset(project.month_only) - set(self.changed_data)
        if "planned_total" in entered:
            # Where it will stand once this is saved.
            entered["inclusion_state"] = followed(
                InclusionState(known.inclusion_state),
                entered["planned_total"],
                has_started=has_started(project) or bool(entered.get("started_on")),
            )
        found = in_project(replace(known, month_only=exact, **entered))
        # A field that was refused already is not held against others.
        found = [one for one in found if not set(one.fields) & set(self.errors)]
        self.look_for(found, answered_of(project), about=self.fields if is_new else self.changed_data)

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

    @transaction.atomic
    def save(self, commit: bool = True, *, at: datetime | None = None) -> Project:
        """Write what was entered and nothing else: inspections write the same row meanwhile."""
        project: Project = self.instance
        at = at or timezone.now()
        project.month_only = [name for name in project.month_only if name not in self.changed_data]
        if project.pk:
            before = dict(
                Project.objects.select_for_update().filter(pk=project.pk).values_list("pk", "planned_total")
            )
            columns = {column.name for column in Project._meta.concrete_fields}
            project.save(update_fields=[*(columns & set(self.fields)), "month_only"])
            keep_total_changes(before, [project], grounds=self.grounds, by=self.by, at=at)
        else:
            project.county = project.enterprise.county
            project.save()
        self.keep_answers(project, by=self.by, at=at)
        # Whether it belongs into statistics, and whether its papers are due, follows from what was entered.
        settle([project.pk])
        project.refresh_from_db(fields=["inclusion_state"])
        return project


class Spread(models.TextChoices):
    """How the plan of a year is spread over its months."""

    LINEAR = "linear", _("evenly over the project's working time")
    QUARTERS = "quarters", _("20, 50, 75 and 100 % by the end of each quarter")
    MONTHS = "months", _("month by month, as typed below")


class PlanForm(OnlyWhatTheRoleMaySet, AsksForAnswers, forms.Form):
    """What a project means to invest in a year, evenly, by quarters or by month. Money in 万元."""

    table = "annualplan"
    stands_for = {**{f"month_{month}": "by_month" for month in MONTHS}, "spread": "by_month"}

    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    amount = FigureField(label=_("Plan of the year (万元)"), max_digits=14)
    spread = forms.ChoiceField(
        label=_("Spread over the year"), choices=Spread.choices, widget=forms.RadioSelect, required=False
    )
    reason = forms.CharField(
        label=_("Reason for the change"),
        max_length=200,
        required=False,
        help_text=_("Needed when the year already has a plan. The first plan stays as the baseline."),
    )

    def __init__(self, *args: Any, project: Project, year: int, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project, self.today = project, today
        chooser: Any = self.fields["year"]
        chooser.choices = [(choice, str(choice)) for choice in (year, year + 1)]
        current = project.plan_for(year)
        self.initial = {"year": year, "amount": current and current.amount}
        amounts = current.months if current else None
        self.initial["spread"] = Spread.LINEAR
        if current and amounts:
            is_by_quarters = amounts == rules.by_quarters(current.amount)
            self.initial["spread"] = Spread.QUARTERS if is_by_quarters else Spread.MONTHS
            # What follows from the amount is not shown as if it had been typed.
            amounts = None if is_by_quarters else amounts
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
        facts["months"] = self._months(facts)
        if facts["months"] and facts.get("amount") is not None and sum(facts["months"]) != facts["amount"]:
            self.add_error("amount", self.does_not_add_up(sum(facts["months"]), facts["amount"]))
        current = self.project.plan_for(facts["year"]) if "year" in facts else None
        if current and not facts.get("reason") and self._changes(current, facts):
            self.add_error("reason", _("Say why the plan changes."))
        known = facts_of([self.project], self.today)[self.project.pk]
        if facts.get("amount") is not None and "amount" not in self.errors:
            found = in_project(replace(known, annual_plan=facts["amount"]))
            self.look_for(found, answered_of(self.project), about=["annual_plan"])
        return facts

    def _months(self, facts: dict[str, Any]) -> tuple[Decimal, ...] | None:
        typed = tuple(facts.get(f"month_{month}") for month in MONTHS)
        is_typed = any(month is not None for month in typed)
        spread = facts.get("spread") or (Spread.MONTHS if is_typed else Spread.LINEAR)
        was_there = tuple(self.initial[f"month_{month}"] for month in MONTHS)
        if spread == Spread.MONTHS:
            if not is_typed and not self.errors:
                self.add_error("spread", _("Type the months below, or choose another spread."))
            return tuple(month or Decimal(0) for month in typed) if is_typed else None
        if is_typed and typed != was_there:
            self.add_error("spread", _("You have typed months: choose “month by month”, or empty them."))
        if spread == Spread.QUARTERS and facts.get("amount") is not None:
            return rules.by_quarters(facts["amount"])
        return None

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
