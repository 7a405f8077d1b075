"""What is said about the inclusion of a project: its state, its papers, its figures in statistics."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.calendars.periods import Month
from tracker.library.inclusion import rules
from tracker.library.inclusion.actions import PaperNote
from tracker.library.inclusion.models import StatisticalFigure
from tracker.library.inclusion.queries import Paper
from tracker.library.inclusion.rules import Amounts, PaperKind, PaperState, Way
from tracker.library.inclusion.words import KINDS, STATES
from tracker.library.models import Division, InclusionState, Project
from tracker.library.words import month_label
from tracker.office.filters import townships_of
from tracker.office.forms.fields import OnlyWhatTheRoleMaySet
from tracker.office.forms.inspect import DayField, FigureField
from tracker.uploads.rules import LARGEST_FILE, UnusablePaper
from tracker.uploads.words import refusal

ALL_THERE, OVERDUE, NOT_YET = "none", "overdue", "coming"
MEGABYTE = 1024 * 1024


class InclusionForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Where the papers stand, since when, and by which paper of the bureau."""

    table = "project"
    stands_for = {"state": "inclusion_state", "on": "included_on", "reference": "inclusion_reference"}
    steering = frozenset({"seen"})

    # The state that the form shows: what somebody else says meanwhile is not overwritten unseen.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    state = forms.ChoiceField(label=_("State"))
    on = DayField(label=_("Since"), help_text=_("The day on the bureau's paper."))
    reference = forms.CharField(
        label=_("Statistics bureau's reference (optional)"), max_length=60, required=False
    )

    def __init__(self, data: Any = None, *, project: Project, today: date, by: User) -> None:
        now = rules.InclusionState(project.inclusion_state)
        offered = [InclusionState(state) for state in rules.moves_from(Way.LIAISON, now)]
        # From before the start nobody says anything; the choices then show why.
        offered = offered or [InclusionState(state) for state in InclusionState if state not in NOT_SAID]
        is_offered = InclusionState(now) in offered
        super().__init__(
            data,
            initial={
                "seen": now.value,
                "state": now.value if is_offered else offered[0].value,
                "on": today,
                "reference": project.inclusion_reference,
            },
        )
        chooser: Any = self.fields["state"]
        chooser.choices = [(state.value, state.label) for state in offered]
        self.keep_to(by)


# What follows from the facts and is said by nobody here.
NOT_SAID = frozenset({InclusionState.NOT_APPLICABLE, InclusionState.NOT_DUE})


class InclusionFilter(forms.Form):
    """Which of the projects to show."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            *((state.value, state.label) for state in InclusionState if state != InclusionState.INCLUDED),
        ],
    )
    missing = forms.ChoiceField(
        label=_("Missing paper"),
        required=False,
        choices=[
            ("", _("All")),
            *((kind.value, KINDS[kind]) for kind in PaperKind),
            (ALL_THERE, _("nothing: all papers are there")),
        ],
    )
    due = forms.ChoiceField(
        label=_("Due"),
        required=False,
        choices=[("", _("All")), (OVERDUE, _("overdue")), (NOT_YET, _("still ahead"))],
    )
    township = forms.ModelChoiceField(
        label=_("Township"), required=False, queryset=Division.objects.none(), empty_label=_("All")
    )

    def __init__(self, data: Any = None, *, county: Division, **options: Any) -> None:
        super().__init__(data, **options)
        chooser: Any = self.fields["township"]
        chooser.queryset = townships_of(county)

    @property
    def wanted(self) -> dict[str, Any]:
        """What was chosen; what is not offered is as good as nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ReceiveForm(OnlyWhatTheRoleMaySet, forms.Form):
    """A paper is there, with its file where somebody has it at hand."""

    table = "inclusionpaper"
    steering = frozenset({"file"})

    kind = forms.ChoiceField(choices=[(kind.value, KINDS[kind]) for kind in PaperKind])
    file = forms.FileField(required=False, allow_empty_file=True)

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.keep_to(by)

    def clean_kind(self) -> PaperKind:
        """The kind as the rule names it."""
        return PaperKind(self.cleaned_data["kind"])

    def clean_file(self) -> tuple[bytes, str] | None:
        """Content and name; a file that is too large is not even read."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(refusal(UnusablePaper("too_large", most=LARGEST_FILE // MEGABYTE)))
        return file.read(LARGEST_FILE + 1), file.name


class PaperForm(OnlyWhatTheRoleMaySet, forms.Form):
    """What is known of one paper. What stands on it is compared with the filing and changes nothing there."""

    table = "inclusionpaper"
    steering = frozenset({"edition"})

    edition = forms.IntegerField(widget=forms.HiddenInput)
    state = forms.ChoiceField(label=_("State"))
    reason = forms.CharField(label=_("Not needed because"), max_length=200, required=False)
    party = forms.CharField(label=_("Party A of the contract (optional)"), max_length=120, required=False)
    total = FigureField(label=_("Total on the paper, 万元 (optional)"), max_digits=14, required=False)
    dated_on = DayField(label=_("Date on the paper (optional)"), required=False)

    def __init__(self, data: Any = None, *, paper: Paper, by: User) -> None:
        row = paper.row
        initial = {"edition": paper.edition, "state": paper.state.value}
        if row:
            initial |= {name: getattr(row, name) for name in ("reason", "party", "total", "dated_on")}
        super().__init__(data, initial=initial)
        self.keep_to(by)
        offered = list(PaperState)
        if "reason" not in self.fields and paper.state != PaperState.NOT_NEEDED:
            offered.remove(PaperState.NOT_NEEDED)
        chooser: Any = self.fields["state"]
        chooser.choices = [(state.value, STATES[state]) for state in offered]
        if paper.kind not in rules.CONTRACTS:
            del self.fields["party"]
        self.kept = row

    def clean(self) -> dict[str, Any]:
        """A paper that is not needed has a reason."""
        facts: dict[str, Any] = super().clean() or {}
        is_told = "reason" in self.fields and facts.get("state") == PaperState.NOT_NEEDED
        if is_told and not facts.get("reason"):
            self.add_error("reason", _("Say why the paper is not needed."))
        return facts

    @property
    def note(self) -> PaperNote:
        """What was entered; what the role may not set stays."""
        facts = self.cleaned_data
        return PaperNote(
            state=PaperState(facts["state"]),
            reason=facts.get("reason", self.kept.reason if self.kept else ""),
            party=facts.get("party", self.kept.party if self.kept else ""),
            total=facts["total"],
            dated_on=facts["dated_on"],
        )


class DeleteFileForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Why a file is taken away."""

    table = "paperfile"
    stands_for = {"why": "void_reason"}

    why = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.keep_to(by)


class FigureForm(OnlyWhatTheRoleMaySet, forms.Form):
    """A figure of the survey with its parts. Money in 万元."""

    table = "statisticalfigure"
    steering = frozenset({"edition"})

    edition = forms.IntegerField(widget=forms.HiddenInput)
    ytd_investment = FigureField(label=_("Investment this year in statistics (万元)"), max_digits=14)
    construction = FigureField(label=_("Construction (optional)"), max_digits=14, required=False)
    installation = FigureField(label=_("Installation (optional)"), max_digits=14, required=False)
    equipment = FigureField(label=_("Equipment and tools (optional)"), max_digits=14, required=False)
    used_equipment = FigureField(label=_("Of which used equipment (optional)"), max_digits=14, required=False)
    other = FigureField(label=_("Other costs (optional)"), max_digits=14, required=False)

    def __init__(self, data: Any = None, *, figure: StatisticalFigure | None, by: User) -> None:
        names = ("ytd_investment", "construction", "installation", "equipment", "used_equipment", "other")
        initial: dict[str, Any] = {"edition": figure.edition if figure else 0}
        if figure:
            initial |= {name: getattr(figure, name) for name in names}
        super().__init__(data, initial=initial)
        self.keep_to(by)

    @property
    def amounts(self) -> Amounts:
        """What was entered."""
        facts = self.cleaned_data
        return Amounts(
            facts["ytd_investment"],
            facts["construction"],
            facts["installation"],
            facts["equipment"],
            facts["used_equipment"],
            facts["other"],
        )


class ExplanationForm(OnlyWhatTheRoleMaySet, forms.Form):
    """Why the two figures of a month differ."""

    table = "differenceexplanation"
    steering = frozenset({"difference"})

    # The difference that was looked at: another one needs another explanation.
    difference = forms.DecimalField(widget=forms.HiddenInput, max_digits=14, decimal_places=2)
    text = forms.CharField(
        label=_("Why they differ"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, data: Any = None, *, difference: Decimal | None, text: str, by: User) -> None:
        super().__init__(data, initial={"difference": difference, "text": text})
        self.keep_to(by)


class FigureFilter(forms.Form):
    """Which month's figures, and which of them."""

    month = forms.ChoiceField(label=_("Month"), required=False)
    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All")),
            ("open", _("differences not explained")),
            ("differing", _("all differences")),
            ("lacking", _("without a figure in statistics")),
        ],
    )
    township = forms.ModelChoiceField(
        label=_("Township"), required=False, queryset=Division.objects.none(), empty_label=_("All")
    )

    def __init__(self, data: Any = None, *, county: Division, months: list[Month], **options: Any) -> None:
        super().__init__(data, **options)
        self.months = {month.code: month for month in months}
        chooser: Any = self.fields["month"]
        chooser.choices = [(code, month_label(month.start)) for code, month in self.months.items()]
        places: Any = self.fields["township"]
        places.queryset = townships_of(county)

    @property
    def wanted(self) -> dict[str, Any]:
        """What was chosen; what is not offered is as good as nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def chosen_month(self) -> Month:
        """The month asked for, or the latest."""
        return self.months.get(self.wanted.get("month", ""), next(iter(self.months.values())))


class BureauListForm(forms.Form):
    """The bureau's list, and the month when the list does not name it itself."""

    file = forms.FileField(
        label=_("List of the statistics bureau (.xlsx, .csv)"),
        help_text=_(
            "With project code, or enterprise, credit code and project name; investment this year; date and "
            "reference of inclusion where it has them. Nothing is taken before you have seen the preview."
        ),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
    month = forms.ChoiceField(label=_("Figures up to the end of"), required=False)

    def __init__(self, *args: Any, months: list[Month], **options: Any) -> None:
        super().__init__(*args, **options)
        chooser: Any = self.fields["month"]
        chooser.choices = [
            ("", _("as the list says")),
            *((month.code, month_label(month.start)) for month in months),
        ]

    def clean_month(self) -> Month | None:
        """The chosen month, or none."""
        code = self.cleaned_data["month"]
        return Month.parse(code) if code else None
