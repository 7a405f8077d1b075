"""What an official says about a project in a half-month."""

import unicodedata
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.inspections.actions import FINISHED_STAGES, findings_of
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.rules import Findings
from tracker.library.models import (
    ENDED_STAGES,
    LIAISON_STATES,
    NOT_STARTED_STAGES,
    InclusionState,
    Project,
    Stage,
)
from tracker.library.words import figure, inclusion_label, stage_label, wan
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet

EARLIEST_DAY, LATEST_DAY = date(1990, 1, 1), date(2099, 12, 31)
# The remedy for what cannot be true together.
CONTRADICTIONS = {
    "year_above_total": _(
        "This year's investment is part of the investment since the start: it cannot be more."
    ),
    "not_a_percentage": _("Progress lies between 0 and 100."),
    "completed_before_start": _("A project cannot be completed before it started."),
}
QUESTIONS = {
    "over_planned_total": _("the investment is more than 5% above the planned total"),
    "investment_fell": _("the investment since the start is lower than last time"),
    "year_fell": _("this year's investment is lower than last time"),
    "progress_fell": _("the progress is lower than last time"),
    "progress_jumped": _("the progress rose by more than 30 points in one half-month"),
}
# Set here by whoever inspects; the liaison's three are shown, not offered.
INSPECTORS_STATES = [InclusionState.NOT_DUE, InclusionState.PREPARING, InclusionState.SUBMITTED]
# Once the liaison has said this, papers of the inspector no longer change it.
SETTLED_STATES = LIAISON_STATES - {InclusionState.RETURNED}


class FigureField(forms.DecimalField):
    """A number as people type it: with grouping commas, full-width digits, a blank or the unit behind it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, decimal_places=2, widget=forms.TextInput, **options)
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        """The number without what stands around it."""
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").replace("，", "")
            value = "".join(value.split()).removesuffix("万元").removesuffix("%")
        return super().to_python(value)


class DayField(forms.DateField):
    """A day of a project's life, picked by the browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        # What lies beyond is a slip of the hand, like the year 0026.
        believable = [MinValueValidator(EARLIEST_DAY), MaxValueValidator(LATEST_DAY)]
        super().__init__(widget=widget, validators=believable, **options)


class InspectionForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Four figures and one sentence, each beside what was found last time."""

    table = "inspection"
    steering = frozenset({"cycle", "edition"})

    cycle = forms.CharField(widget=forms.HiddenInput)
    edition = forms.IntegerField(widget=forms.HiddenInput, required=False)
    cumulative_investment = FigureField(label=_("Investment since the start (万元)"), max_digits=14)
    ytd_investment = FigureField(label=_("Investment this year (万元)"), max_digits=14)
    progress_percent = FigureField(label=_("Progress (%)"), max_digits=5, max_value=100)
    stage = forms.ChoiceField(label=_("Stage"), choices=Stage.choices)
    started_on = DayField(label=_("Started on (if it has)"), required=False)
    completed_on = DayField(label=_("Completed on (if it is)"), required=False)
    inclusion_state = forms.ChoiceField(label=_("Inclusion in statistics"))
    remark = forms.CharField(
        label=_("In one sentence (optional)"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        project: Project,
        cycle: Cycle,
        present: Inspection | None,
        before: Inspection | None,
        today: date,
        by: User,
    ) -> None:
        self.project, self.window, self.before, self.today = project, cycle, before, today
        super().__init__(data, initial=self._as_known(present))
        self.keep_to(by)
        self._offer_what_applies()
        self._tell_last_time()

    def _as_known(self, present: Inspection | None) -> dict[str, Any]:
        """What was entered in this half-month, else what was found last time."""
        known = present or self.before
        initial: dict[str, Any] = {
            "cycle": self.window.half_month.code,
            "edition": present.edition if present else None,
            # What was said of the stage by hand since the last inspection stands.
            "stage": present.stage if present else self.project.stage,
            "inclusion_state": self.project.inclusion_state,
        }
        if known:
            initial["cumulative_investment"] = known.cumulative_investment
            initial["progress_percent"] = known.progress_percent
            # A new year begins at nothing, not at last year's sum.
            if known.cycle_start.year == self.window.start.year:
                initial["ytd_investment"] = known.ytd_investment
        if present:
            initial["remark"] = present.remark
            initial["started_on"], initial["completed_on"] = present.started_on, present.completed_on
            if (
                present.inclusion_state not in LIAISON_STATES
                and self.project.inclusion_state not in SETTLED_STATES
            ):
                initial["inclusion_state"] = present.inclusion_state
        return initial

    def _offer_what_applies(self) -> None:
        stages: Any = self.fields["stage"]
        # Which project takes it over is asked for on the page of the stage.
        stages.choices = [
            (stage.value, stage.label)
            for stage in Stage
            if stage != Stage.MERGED or stage in (self.project.stage, self.initial["stage"])
        ]
        if self.project.started_on is not None:
            del self.fields["started_on"]
        if self.project.completed_on is not None:
            del self.fields["completed_on"]
        state = InclusionState(self.project.inclusion_state)
        if state in SETTLED_STATES | {InclusionState.NOT_APPLICABLE}:
            del self.fields["inclusion_state"]
        else:
            offered = dict.fromkeys([state, *INSPECTORS_STATES])
            self.fields["inclusion_state"].choices = [(one.value, one.label) for one in offered]
            self.fields["inclusion_state"].help_text = _(
                "Included, returned and removed are set by the statistics liaison."
            )

    def _tell_last_time(self) -> None:
        if self.before is None:
            return
        is_same_year = self.before.cycle_start.year == self.window.start.year
        told = {
            "cumulative_investment": wan(self.before.cumulative_investment),
            "ytd_investment": wan(self.before.ytd_investment) if is_same_year else "",
            "progress_percent": f"{figure(self.before.progress_percent)}%",
            "stage": stage_label(self.before.stage),
        }
        for name, value in told.items():
            if value:
                self.fields[name].help_text = gettext("last time %(value)s") % {"value": value}
        if "ytd_investment" in self.fields and not is_same_year:
            self.fields["ytd_investment"].help_text = gettext("A new year: it begins again at 0.")

    @property
    def inclusion_words(self) -> str:
        """The state of inclusion where it is not the inspector's to change."""
        return "" if "inclusion_state" in self.fields else inclusion_label(self.project.inclusion_state)

    def clean(self) -> dict[str, Any]:
        """Days and stage have to agree with each other and with what is known of the project."""
        facts = super().clean() or {}
        self._refuse_future("started_on")
        self._refuse_future("completed_on")
        stage = facts.get("stage")
        started = facts.get("started_on") or self.project.started_on
        completed = facts.get("completed_on")
        if facts.get("started_on") and stage in NOT_STARTED_STAGES:
            self.add_error(
                "started_on",
                _("The stage says that it has not started: choose the stage, or leave the day out."),
            )
        if completed and stage not in FINISHED_STAGES:
            self.add_error(
                "completed_on",
                _("The stage says that it is not completed: choose the stage, or leave the day out."),
            )
        if stage in FINISHED_STAGES and self.project.completed_on is None:
            self._settle_completion(started, completed)
        if stage in ENDED_STAGES and stage != self.project.stage and not facts.get("remark"):
            self.fields["remark"].label = gettext("In one sentence")
            self.add_error(
                "remark", _("Say in one sentence why the project is suspended, terminated or merged.")
            )
        return facts

    def _settle_completion(self, started: date | None, completed: date | None) -> None:
        # Without a day of their own both count from the cut-off.
        cut_off = self.window.cut_off
        if (completed or cut_off) >= (started or cut_off):
            return
        if started is None and "started_on" in self.fields:
            self.add_error(
                "started_on", _("Say when it started: it was completed before this half-month's cut-off.")
            )
        else:
            self.add_error("completed_on", CONTRADICTIONS["completed_before_start"])

    def _refuse_future(self, name: str) -> None:
        day = self.cleaned_data.get(name)
        if day and day > self.today:
            self.add_error(name, _("This day has not come yet."))

    def findings(self) -> Findings:
        """What was entered, as plain value; what the page does not ask stays as the project has it."""
        facts = self.cleaned_data
        state = facts.get("inclusion_state") or self.project.inclusion_state
        return Findings(
            cumulative_investment=facts["cumulative_investment"],
            ytd_investment=facts["ytd_investment"],
            progress_percent=facts["progress_percent"],
            stage=facts["stage"],
            inclusion_state=state,
            included_on=self.project.included_on if state == self.project.inclusion_state else None,
            started_on=facts.get("started_on"),
            completed_on=facts.get("completed_on"),
            remark=facts["remark"],
        )

    def refuse(self, found: list[tuple[str, str]]) -> None:
        """Put what contradicts itself beside its field."""
        for name, code in found:
            self.add_error(name if name in self.fields else None, str(CONTRADICTIONS[code]))

    def ask(self, questions: list[str]) -> None:
        """Name what is odd and ask for the sentence that explains it."""
        odd = pgettext("between sentences", "; ").join(str(QUESTIONS[code]) for code in questions)
        self.fields["remark"].label = gettext("In one sentence")
        self.add_error("remark", gettext("Please explain in one sentence: %(odd)s.") % {"odd": odd})


def unchanged_findings(before: Inspection, project: Project, remark: str) -> Findings:
    """The same as last time; what was said of stage and inclusion since, and a new sentence, are today's."""
    last = findings_of(before)
    return Findings(
        cumulative_investment=last.cumulative_investment,
        ytd_investment=last.ytd_investment,
        progress_percent=last.progress_percent,
        stage=project.stage,
        inclusion_state=project.inclusion_state,
        included_on=project.included_on,
        started_on=last.started_on,
        completed_on=last.completed_on,
        progress_note=last.progress_note,
        remark=remark or last.remark,
    )


class ReturnForm(forms.Form):
    """Why an inspection goes back to the inspector."""

    reason = forms.CharField(
        label=_("What is to be mended?"),
        help_text=_("The inspector reads this sentence above the figures."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
