"""The statistics bureau's list: hand it in, match what is left over, look, confirm."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from tracker.calendars.periods import shanghai_date
from tracker.exchange.archive import LARGEST_FILE, MEGABYTE, UnreadableFile
from tracker.exchange.bureau import (
    AlreadyTaken,
    Kind,
    ListHasNoMonth,
    PlannedRow,
    choose_project,
    counts_of,
    hand_in_list,
    plan_for,
    take_list,
)
from tracker.exchange.bureau_words import FIELDS, NO_MONTH, refusal, remark, shown
from tracker.library.inclusion.actions import ChangedMeanwhile
from tracker.library.inclusion.models import BureauList
from tracker.library.models import Division, Project
from tracker.office.access import OfficialOnly
from tracker.office.forms.inclusion import BureauListForm
from tracker.office.views.figures import surveyed_months
from tracker.office.views.imports import Remark

LISTS_SHOWN = 50
ROWS_SHOWN = 200
LONGEST_NUMBER = 9


class BureauLists(OfficialOnly, FormView):
    """Hand in a list, and see what was handed in before."""

    needs = "import_bureau_list"
    form_class = BureauListForm
    template_name = "office/bureau_lists.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the months that the survey has figures of."""
        return {**super().get_form_kwargs(), "months": surveyed_months(shanghai_date(timezone.now()))}

    def form_valid(self, form: BureauListForm) -> HttpResponse:
        """Keep it for its preview, or say why it cannot be read."""
        self.require(self.county_as_row)
        file = form.cleaned_data["file"]
        try:
            if file.size > LARGEST_FILE:
                raise UnreadableFile("file_too_large", most=LARGEST_FILE // MEGABYTE)
            batch = hand_in_list(
                self.county,
                file.name,
                file.read(),
                chosen=form.cleaned_data["month"],
                by=self.person,
                at=timezone.now(),
            )
        except UnreadableFile as refused:
            form.add_error("file", refusal(refused))
            return self.form_invalid(form)
        except ListHasNoMonth:
            form.add_error("month", str(NO_MONTH))
            return self.form_invalid(form)
        return redirect("office:bureau_list", pk=batch.pk)

    def form_invalid(self, form: BureauListForm) -> HttpResponse:
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)

    @property
    def county_as_row(self) -> BureauList:
        """What the permission is asked about: a list of this county."""
        return BureauList(county=self.county)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The latest lists, without their content."""
        handed_in = BureauList.objects.visible_to(self.person).filter(county=self.county)
        batches = handed_in.defer("content").select_related("uploaded_by")[:LISTS_SHOWN]
        return super().get_context_data(batches=batches, **kwargs)


@dataclass(frozen=True)
class Replaced:
    """One value that would be replaced."""

    row: int
    enterprise: str
    project: str
    label: str
    old: str
    new: str


class BureauListPreview(OfficialOnly, TemplateView):
    """What will happen if this list is taken; and once it is, what did."""

    needs = "import_bureau_list"
    template_name = "office/bureau_list.html"

    @cached_property
    def batch(self) -> BureauList:
        """The list, of a county that the official sees."""
        lists = BureauList.objects.visible_to(self.person).select_related("county", "uploaded_by")
        batch: BureauList = get_object_or_404(lists, pk=self.kwargs["pk"])
        self.require(batch)
        return batch

    @cached_property
    def county(self) -> Division:
        """The page is about the county that the list was handed in for."""
        return self.batch.county

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The preview, or what was taken."""
        if self.batch.state == BureauList.State.TAKEN:
            return self.render_to_response(self.get_context_data())
        try:
            planned = plan_for(self.batch, shanghai_date(timezone.now()))
        except UnreadableFile as refused:
            return self.render_to_response(self.get_context_data(refused=refusal(refused)))
        return self.render_to_response(self.get_context_data(**_shown(planned)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Match a row by hand, or take the list; however often it is confirmed, once."""
        if "row" in request.POST:
            self._choose(request)
            return redirect("office:bureau_list", pk=pk)
        seen = {kind.value: _number(request.POST.get(f"seen_{kind.value}")) for kind in Kind}
        counted = {kind: number for kind, number in seen.items() if number is not None}
        try:
            counts = take_list(
                self.batch, by=self.person, at=timezone.now(), seen=counted if counted else None
            )
        except AlreadyTaken:
            messages.info(request, _("This list has been taken already; nothing was taken twice."))
        except ChangedMeanwhile:
            messages.error(
                request,
                _("Something else was written meanwhile, so nothing was taken. Look at the preview again."),
            )
        except UnreadableFile as refused:
            messages.error(request, refusal(refused))
        else:
            words = _("The list is taken: %(new)s new, %(changed)s changed, %(same)s the same.")
            messages.success(request, words % counts)
        return redirect("office:bureau_list", pk=pk)

    def _choose(self, request: HttpRequest) -> None:
        row, chosen = _number(request.POST["row"]), request.POST.get("project", "")
        of_county = Project.objects.visible_to(self.person).of_county(self.county)
        project = of_county.filter(pk=_number(chosen)).first() if _number(chosen) is not None else None
        if row is None or (project is None and chosen != "none"):
            messages.error(request, _("Choose a project of the county, or leave the row out."))
            return
        try:
            choose_project(self.batch, row, project)
        except AlreadyTaken:
            messages.info(request, _("This list has been taken already; nothing was taken twice."))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The list and its month."""
        return super().get_context_data(batch=self.batch, month=self.batch.period.start, **kwargs)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) <= LONGEST_NUMBER else None


def _shown(planned: list[PlannedRow]) -> dict[str, Any]:
    rows: dict[Kind, list[PlannedRow]] = {kind: [] for kind in Kind}
    for row in planned:
        rows[row.kind].append(row)
    errors = [Remark.of(note, remark(note)) for row in rows[Kind.WRONG] for note in row.errors]
    taken = [*rows[Kind.NEW], *rows[Kind.CHANGED], *rows[Kind.SAME]]
    warnings = [Remark.of(note, remark(note)) for row in taken for note in row.warnings]
    changes = list(_replaced([*rows[Kind.NEW], *rows[Kind.CHANGED]]))
    return {
        "counts": counts_of(planned),
        "errors": errors[:ROWS_SHOWN],
        "errors_more": max(0, len(errors) - ROWS_SHOWN),
        "warnings": warnings[:ROWS_SHOWN],
        "warnings_more": max(0, len(warnings) - ROWS_SHOWN),
        "changes": changes[:ROWS_SHOWN],
        "changes_more": max(0, len(changes) - ROWS_SHOWN),
        "unmatched": rows[Kind.UNMATCHED][:ROWS_SHOWN],
        "left_out": rows[Kind.LEFT_OUT][:ROWS_SHOWN],
        "new": rows[Kind.NEW][:ROWS_SHOWN],
        "new_more": max(0, len(rows[Kind.NEW]) - ROWS_SHOWN),
        "nothing_to_take": not (rows[Kind.NEW] or rows[Kind.CHANGED]),
    }


def _replaced(rows: Iterable[PlannedRow]) -> Iterable[Replaced]:
    for row in rows:
        assert row.project is not None
        names = (row.project.enterprise.name, row.project.name)
        for change in row.changes:
            old, new = shown(change, change.old), shown(change, change.new)
            yield Replaced(row.number, *names, str(FIELDS[change.field]), old, new)
