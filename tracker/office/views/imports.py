"""Taking a county's half-monthly table: hand it in, look at what would happen, confirm, and perhaps undo."""

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

from tracker.calendars.periods import HalfMonth
from tracker.exchange.actions import (
    TAKEN_AT_ONCE,
    AlreadyTaken,
    LibraryChanged,
    Stopped,
    ask_to_undo,
    choose,
    confirm,
    hand_in,
    learn_heads,
    preview,
    table_of,
    take_batch,
)
from tracker.exchange.archive import LARGEST_FILE, UnreadableFile
from tracker.exchange.effects import NotTaken, TouchedSince, touched_since, undo_batch
from tracker.exchange.models import ColumnSynonym, ImportBatch
from tracker.exchange.queries import HalfMonthTakesNoTable, Kind, Plan, PlannedRow
from tracker.exchange.remarks import workbook_with_remarks
from tracker.exchange.rules import Field, Note
from tracker.exchange.sheet import Table
from tracker.exchange.tasks import ring
from tracker.exchange.words import (
    COLUMNS,
    LEFT_OUT,
    field_label,
    refusal,
    remark,
    shown,
    table_label,
    trouble,
)
from tracker.inspections.actions import CycleIsClosed
from tracker.library.models import Division
from tracker.library.rules import with_masked_phones
from tracker.office.access import OfficialOnly
from tracker.office.forms.imports import ColumnNameForm, HandlingForm, HeadsForm, ImportForm
from tracker.spreadsheets.writing import XLSX

HAND_INS_SHOWN = 50
# More of one kind than anybody reads on a page; the workbook with remarks has them all.
ROWS_SHOWN = 200


class Imports(OfficialOnly, FormView):
    """Hand in a table, and see what was handed in before."""

    needs = "import_table"
    form_class = ImportForm
    template_name = "office/imports.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form offers the half-months up to today."""
        return {**super().get_form_kwargs(), "today": timezone.localdate()}

    def get_form(self, form_class: Any = None) -> Any:
        """With what the person may set."""
        form = super().get_form(form_class)
        form.keep_to(self.person)
        return form

    def form_valid(self, form: ImportForm) -> HttpResponse:
        """Keep the file and go on to its preview; one that cannot be read is an error of the form."""
        file = form.cleaned_data["file"]
        content = file.read(LARGEST_FILE + 1)
        try:
            batch = hand_in(
                self.county,
                file.name,
                content,
                chosen=form.cleaned_data["cycle"],
                by=self.person,
                at=timezone.now(),
                existing=form.cleaned_data["existing"],
                wrong=form.cleaned_data["wrong"],
            )
        except UnreadableFile as refused:
            form.add_error("file", refusal(refused))
            return self.form_invalid(form)
        except HalfMonthTakesNoTable as refused:
            form.add_error("cycle", refusal(refused))
            return self.form_invalid(form)
        if batch.state == ImportBatch.State.QUEUED:
            ring(batch)
        return redirect("office:import", pk=batch.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The latest hand-ins, without their content."""
        handed_in = ImportBatch.objects.visible_to(self.person).filter(county=self.county)
        batches = handed_in.defer("content").select_related("uploaded_by")[:HAND_INS_SHOWN]
        half_month = HalfMonth.latest_cut_off(timezone.localdate())
        return super().get_context_data(batches=batches, half_month=half_month, **kwargs)


@dataclass(frozen=True)
class Remark:
    """One thing to tell about a place in a table."""

    row: int
    letter: str
    head: str
    written: str
    text: str

    @classmethod
    def of(cls, note: Note, text: str) -> "Remark":
        """The note with its text in the reader's words."""
        return cls(note.row, note.letter, note.head, note.written, text)


@dataclass(frozen=True)
class Replaced:
    """One value that would be replaced."""

    row: int
    enterprise: str
    project: str
    label: str
    old: str
    new: str
    is_left: bool


class OneImport(OfficialOnly):
    """A page about one hand-in, of a county that the official sees."""

    needs = "import_table"

    @cached_property
    def batch(self) -> ImportBatch:
        """The hand-in."""
        batches = ImportBatch.objects.visible_to(self.person).select_related(
            "county", "uploaded_by", "taken_by", "undone_by"
        )
        batch: ImportBatch = get_object_or_404(batches, pk=self.kwargs["pk"])
        self.require(batch)
        return batch

    @cached_property
    def county(self) -> Division:
        """The page is about the county that the table was handed in for."""
        return self.batch.county

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The hand-in and its half-month."""
        start = self.batch.cycle_start
        half_month = HalfMonth.starting(start) if start else None
        return super().get_context_data(batch=self.batch, half_month=half_month, **kwargs)


class ImportPreview(OneImport, TemplateView):
    """What will happen if this table is taken; while it is at work how far it is; and then what it did."""

    template_name = "office/import_preview.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The preview, or with `?remarks` the table with remarks, or with `?state` how far it has come."""
        state = self.batch.state
        if "state" in request.GET:
            return self._state()
        if state in ImportBatch.AT_WORK:
            return self.render_to_response(self.get_context_data(at_work=True))
        if state in (ImportBatch.State.REFUSED, ImportBatch.State.FAILED):
            return self.render_to_response(self.get_context_data(refused=trouble(self.batch.trouble)))
        if state != ImportBatch.State.UPLOADED:
            can_undo = state == ImportBatch.State.TAKEN and self.batch.effects.exists()
            kept = trouble(self.batch.trouble)
            return self.render_to_response(self.get_context_data(can_undo=can_undo, trouble=kept))
        try:
            table = table_of(self.batch)
            if table.missing:
                return self.render_to_response(self.get_context_data(**self._incomplete(table)))
            plan = preview(self.batch, table)
        except (UnreadableFile, HalfMonthTakesNoTable) as refused:
            return self.render_to_response(self.get_context_data(refused=refusal(refused)))
        if "remarks" in request.GET:
            return self._workbook(table, plan)
        return self.render_to_response(self.get_context_data(**self._shown(table, plan)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the table, once however often it is confirmed; or say first how, and what its heads mean."""
        act = request.POST.get("act", "take")
        if act == "choose":
            self._choose(request)
        elif act == "heads":
            self._learn(request)
        elif self.batch.total > TAKEN_AT_ONCE:
            if confirm(self.batch, by=self.person):
                ring(self.batch)
            else:
                messages.info(request, _("This table has been taken already; nothing was taken twice."))
        else:
            self._take(request)
        return redirect("office:import", pk=pk)

    def _choose(self, request: HttpRequest) -> None:
        form = HandlingForm(request.POST)
        form.keep_to(self.person)
        if form.is_valid():
            choose(self.batch, form.cleaned_data["existing"], form.cleaned_data["wrong"])

    def _learn(self, request: HttpRequest) -> None:
        try:
            form = HeadsForm(request.POST, heads=table_of(self.batch).not_understood)
        except UnreadableFile as refused:
            messages.error(request, refusal(refused))
            return
        if form.is_valid() and learn_heads(self.county, form.meanings()):
            messages.success(
                request, _("The table was read again. The county's names of these columns are remembered.")
            )

    def _take(self, request: HttpRequest) -> None:
        try:
            counts = take_batch(self.batch, by=self.person, at=timezone.now()).counts
        except AlreadyTaken:
            messages.info(request, _("This table has been taken already; nothing was taken twice."))
        except Stopped:
            messages.error(request, trouble({"code": "stopped"}))
        except (LibraryChanged, CycleIsClosed):
            messages.error(request, trouble({"code": "library_changed"}))
        except (UnreadableFile, HalfMonthTakesNoTable) as refused:
            messages.error(request, refusal(refused))
        else:
            messages.success(
                request,
                _(
                    "The table is taken: %(created)s created, %(changed)s changed, %(unchanged)s unchanged, "
                    "%(refused)s rows refused."
                )
                % {
                    "created": counts.created,
                    "changed": counts.changed,
                    "unchanged": counts.unchanged,
                    "refused": counts.refused,
                },
            )

    def _state(self) -> HttpResponse:
        """How far it has come; once it is done, the whole page is asked for again."""
        if self.batch.state in ImportBatch.AT_WORK:
            self.template_name = "office/_import_progress.html"
            return self.render_to_response(self.get_context_data())
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})

    def _incomplete(self, table: Table) -> dict[str, Any]:
        missing = UnreadableFile(
            "columns_missing", sheet=table.sheet, row=table.head_row, missing=",".join(table.missing)
        )
        return {"refused": refusal(missing), "heads_form": HeadsForm(heads=table.not_understood)}

    def _shown(self, table: Table, plan: Plan) -> dict[str, Any]:
        rows: dict[str, list[PlannedRow]] = {"wrong": [], "new": [], "changed": [], "same": []}
        for row in plan.rows:
            rows[row.kind].append(row)
        errors = [Remark.of(note, remark(note)) for row in rows["wrong"] for note in row.errors]
        warnings = [Remark.of(note, remark(note)) for row in plan.sound for note in row.warnings]
        differences = list(_replaced(plan.sound))
        changes = [one for one in differences if not one.is_left]
        left_as_they_are = [one for one in differences if one.is_left]
        left_out = [(one.row, LEFT_OUT[one.kind], with_masked_phones(one.text)) for one in table.left_out]
        return {
            "plan": plan,
            "numbers": {kind: len(those) for kind, those in rows.items()},
            "records": [
                (label, count[Kind.NEW], count[Kind.CHANGED], count[Kind.SAME])
                for label, count in (
                    (_("Enterprises"), plan.count("enterprises")),
                    (_("Projects"), plan.count("projects")),
                    (_("Inspections"), plan.count("inspections")),
                )
            ],
            "notes": [remark(note) for note in plan.notes],
            "errors": errors[:ROWS_SHOWN],
            "errors_more": max(0, len(errors) - ROWS_SHOWN),
            "warnings": warnings[:ROWS_SHOWN],
            "warnings_more": max(0, len(warnings) - ROWS_SHOWN),
            "changes": changes[:ROWS_SHOWN],
            "changes_more": max(0, len(changes) - ROWS_SHOWN),
            "new": rows["new"][:ROWS_SHOWN],
            "new_more": max(0, len(rows["new"]) - ROWS_SHOWN),
            "left_as_they_are": left_as_they_are[:ROWS_SHOWN],
            "left_more": max(0, len(left_as_they_are) - ROWS_SHOWN),
            "left_out": left_out,
            "obstacles": [remark(note) for note in plan.obstacles],
            "trouble": trouble(self.batch.trouble),
            "nothing_to_take": plan.counts.created + plan.counts.changed == 0,
            "heads_form": HeadsForm(heads=table.not_understood) if table.not_understood else None,
            "handling_form": HandlingForm(
                initial={"existing": self.batch.existing, "wrong": self.batch.wrong}
            ),
        }

    def _workbook(self, table: Table, plan: Plan) -> HttpResponse:
        content = workbook_with_remarks(bytes(self.batch.content), table, plan)
        response = HttpResponse(content, content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="remarks-{self.batch.pk}.xlsx"'
        return response


def _replaced(rows: Iterable[PlannedRow]) -> Iterable[Replaced]:
    """Each change once: an enterprise's own stands beside the first of its rows."""
    told: set[int] = set()
    for planned in rows:
        assert planned.row is not None
        for part in (planned.enterprise, planned.project, planned.inspection):
            if part is None or id(part) in told:
                continue
            told.add(id(part))
            for change in part.changes:
                old, new = shown(change, change.old), shown(change, change.new)
                names = (planned.row.enterprise_name, planned.row.project_name)
                yield Replaced(planned.number, *names, field_label(change), old, new, part.is_left)


class UndoImport(OneImport, TemplateView):
    """Take back all that a table has brought, while nobody has touched any of it."""

    template_name = "office/import_undo.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What would go, or what has been touched since."""
        is_taken = self.batch.state == ImportBatch.State.TAKEN and self.batch.effects.exists()
        touched = touched_since(self.batch) if is_taken else []
        told = [(table_label(one.table), with_masked_phones(one.name), one.who, one.at) for one in touched]
        return super().get_context_data(is_taken=is_taken, touched=told, **kwargs)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo it, once however often it is asked for."""
        if self.batch.total > TAKEN_AT_ONCE:
            if ask_to_undo(self.batch, by=self.person):
                ring(self.batch)
            return redirect("office:import", pk=pk)
        try:
            undo_batch(self.batch, by=self.person, at=timezone.now())
        except NotTaken:
            messages.info(request, _("There is nothing to undo here."))
        except TouchedSince:
            messages.error(request, trouble({"code": "touched"}))
            return redirect("office:undo_import", pk=pk)
        else:
            messages.success(request, _("The table is undone: the library is as it was before."))
        return redirect("office:import", pk=pk)


class ColumnNames(OfficialOnly, FormView):
    """What the county calls its columns, beside the names that everybody knows."""

    needs = "import_table"
    form_class = ColumnNameForm
    template_name = "office/column_names.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form is about the county."""
        return {**super().get_form_kwargs(), "county": self.county}

    def get_form(self, form_class: Any = None) -> Any:
        """With what the person may set."""
        form = super().get_form(form_class)
        form.keep_to(self.person)
        return form

    def form_valid(self, form: ColumnNameForm) -> HttpResponse:
        """Remember one more."""
        learn_heads(self.county, [(form.cleaned_data["head"], Field(form.cleaned_data["field"]))])
        messages.success(self.request, _("The name of the column is remembered."))
        return redirect("office:column_names")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The county's names with what they mean."""
        rows = ColumnSynonym.objects.visible_to(self.person).filter(county=self.county)
        names = [(row, COLUMNS[Field(row.field)]) for row in rows if row.field in list(Field)]
        return super().get_context_data(names=names, **kwargs)


class ColumnName(OfficialOnly, FormView):
    """Change or forget what a county calls a column."""

    needs = "import_table"
    form_class = ColumnNameForm
    template_name = "office/column_name.html"

    @cached_property
    def synonym(self) -> ColumnSynonym:
        """The name, of a county that the official sees."""
        rows = ColumnSynonym.objects.visible_to(self.person).select_related("county")
        row: ColumnSynonym = get_object_or_404(rows, pk=self.kwargs["pk"])
        self.require(row)
        return row

    @cached_property
    def county(self) -> Division:
        """The page is about the county whose name it is."""
        return self.synonym.county

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form is about this one."""
        return {**super().get_form_kwargs(), "county": self.county, "instance": self.synonym}

    def get_form(self, form_class: Any = None) -> Any:
        """With what the person may set."""
        form = super().get_form(form_class)
        form.keep_to(self.person)
        return form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Change it, or forget it."""
        if request.POST.get("act") == "forget":
            self.synonym.delete()
            messages.success(request, _("The name is forgotten; a column with this head is left out again."))
            return redirect("office:column_names")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: ColumnNameForm) -> HttpResponse:
        """Keep it."""
        form.save()
        messages.success(self.request, _("The name of the column is remembered."))
        return redirect("office:column_names")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the name itself."""
        return super().get_context_data(synonym=self.synonym, **kwargs)
