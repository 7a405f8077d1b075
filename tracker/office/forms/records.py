"""What is kept beside an enterprise and a project: figures of a year, a move, a planning sheet."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.inspections.consistency import answered_of, year_facts
from tracker.library import rules
from tracker.library.consistency import YEAR_RULES, contradictions
from tracker.library.keeping import SHEET_FIELDS
from tracker.library.models import ENDED_STAGES, Enterprise, Project, Stage
from tracker.library.records import EnterpriseYear, PlanningSheet
from tracker.library.stages import moves_open_to
from tracker.library.words import stage_label
from tracker.office.forms.answers import AsksForAnswers
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet
from tracker.office.forms.inspect import DayField, FigureField

EARLIEST_YEAR = 1990
MOST_STAFF = 1_000_000
FIGURES_OF_YEAR = ("staff", "rd_staff", "revenue", "rd_spend", "assets")


class WholeNumberField(forms.IntegerField):
    """A number of people, as they type it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        super().__init__(min_value=0, max_value=MOST_STAFF, required=False, widget=widget, **options)

    def to_python(self, value: Any) -> Any:
        """The number without grouping commas and full-width digits."""
        if isinstance(value, str):
            value = rules.normalised_code(value).replace(",", "")
        return super().to_python(value)


class EnterpriseYearForm(OnlyWhatTheRoleMaySet, AsksForAnswers, forms.ModelForm):
    """An enterprise's figures of one year. Money in 万元."""

    table = "enterpriseyear"

    year = forms.IntegerField(
        label=_("Year"),
        min_value=EARLIEST_YEAR,
        max_value=2099,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    staff = WholeNumberField(label=_("Staff"))
    rd_staff = WholeNumberField(label=_("Of which R&D staff"))
    revenue = FigureField(label=_("Revenue (万元)"), max_digits=14, required=False)
    rd_spend = FigureField(label=_("R&D spend (万元)"), max_digits=14, required=False)
    assets = FigureField(label=_("Total assets (万元)"), max_digits=14, required=False)

    class Meta:
        model = EnterpriseYear
        fields = ("year", *FIGURES_OF_YEAR)

    def __init__(self, *args: Any, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.keep_to(by, is_new=self.instance.pk is None)
        if self.instance.pk:
            # Another year is another row.
            self.fields["year"].disabled = True

    def clean(self) -> dict[str, Any]:
        """One row a year with at least one figure, and nothing in it that contradicts itself unexplained."""
        facts: dict[str, Any] = super().clean() or {}
        enterprise: Enterprise = self.instance.enterprise
        if "year" not in facts:
            return facts
        others = {row.year: row for row in enterprise.years.exclude(pk=self.instance.pk)}
        if facts["year"] in others:
            self.add_error("year", _("There are figures of this year already: open them in the table."))
            return facts
        if not self.errors and all(
            facts.get(name) is None for name in self._meta.fields or () if name != "year"
        ):
            self.add_error("staff", _("Enter at least one figure."))
        row = EnterpriseYear(**{name: facts.get(name) for name in self._meta.fields or ()})
        found = contradictions(year_facts(row, others.get(row.year - 1), self.today), YEAR_RULES)
        found = [one for one in found if not set(one.fields) & set(self.errors)]
        self.look_for(found, answered_of(enterprise))
        return facts


class StageForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Where a project is moved to, since when and why."""

    table = "stagechange"
    stands_for = {"merged_code": "merged_into"}

    to_stage = forms.ChoiceField(label=_("New stage"), widget=forms.RadioSelect)
    on = DayField(label=_("Since"), help_text=_("The day on which it happened."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text=_("Needed when the project is suspended, terminated or merged, and for a step back."),
    )
    merged_into = forms.ModelChoiceField(
        label=_("Merged into"),
        queryset=Project.objects.none(),
        required=False,
        empty_label=_("another enterprise's project, see below"),
    )
    merged_code = forms.CharField(
        label=_("Project code of another enterprise's project"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, project: Project, by: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project, self.by, self.today = project, by, today
        fields: Any = self.fields
        self.initial.setdefault("on", today)
        fields["to_stage"].choices = [(stage, stage_label(stage)) for stage in moves_open_to(project)]
        going_on = Project.objects.of_county(project.county).exclude(stage__in=ENDED_STAGES)
        self.going_on = going_on.visible_to(by).exclude(pk=project.pk)
        fields["merged_into"].queryset = self.going_on.filter(enterprise=project.enterprise_id)
        self.keep_to(by)

    @property
    def merging(self) -> list[forms.BoundField]:
        """The fields that only a merger needs."""
        return [self[name] for name in ("merged_into", "merged_code") if name in self.fields]

    @property
    def is_merging(self) -> bool:
        """Whether the fields of a merger show at once."""
        return any(field.errors or field.value() for field in self.merging)

    def clean(self) -> dict[str, Any]:
        """A reason and a project that takes over, where the move needs them."""
        facts: dict[str, Any] = super().clean() or {}
        to_stage = facts.get("to_stage")
        facts["reason"] = rules.normalised(facts.get("reason", ""))
        if facts.get("on") and facts["on"] > self.today:
            self.add_error("on", _("This day has not come yet."))
        if to_stage and not facts["reason"] and rules.move_needs_reason(self.project.stage, to_stage):
            self.add_error("reason", _("Say why."))
        facts["into"] = self._taking_over(facts) if to_stage == Stage.MERGED else None
        return facts

    def _taking_over(self, facts: dict[str, Any]) -> Project | None:
        into: Project | None = facts.get("merged_into")
        if into is not None or "merged_into" in self.errors:
            return into
        code = facts.get("merged_code", "")
        if not code.strip():
            self.add_error("merged_into", _("Choose the project that takes it over, or type its code."))
            return None
        try:
            into = self.going_on.filter(code=rules.project_code(code)).first()
        except ValueError:
            into = None
        if into is None:
            self.add_error("merged_code", _("No other project of the county that goes on has this code."))
        return into


class PlanningSheetForm(OnlyWhatTheRoleMaySet, forms.Form):
    """What a project is planned around, in four texts."""

    table = "planningsheet"
    steering = frozenset({"edition"})

    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2_000_000_000)

    hints = {
        "technical_need": _("What the enterprise cannot do today, and what it needs for that."),
        "production_process": _("The steps of production, and which of them the project changes."),
        "supply_chain": _("From whom it buys, to whom it sells, and what is missing in the county."),
        "development_strategy": _("Where the enterprise means to be in three to five years."),
    }

    def __init__(self, *args: Any, sheet: PlanningSheet | None, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["edition"] = sheet.edition if sheet else 0
        for name in SHEET_FIELDS:
            column: Any = PlanningSheet._meta.get_field(name)
            label = str(column.verbose_name)
            self.fields[name] = forms.CharField(
                label=label[:1].upper() + label[1:],
                max_length=column.max_length,
                required=False,
                widget=forms.Textarea(attrs={"rows": 6}),
                help_text=self.hints[name],
            )
            self.initial[name] = getattr(sheet, name) if sheet else ""
        self.keep_to(by)

    def show_theirs(self, sheet: PlanningSheet) -> None:
        """Put beside each text what somebody else has saved; the next save replaces it knowingly."""
        sent: Any = self.data
        seen = sent.copy()
        seen["edition"] = sheet.edition
        self.data = seen
        self.theirs = [
            (self.fields[name].label, getattr(sheet, name))
            for name in SHEET_FIELDS
            if name in self.fields and getattr(sheet, name) != self.cleaned_data[name]
        ]
