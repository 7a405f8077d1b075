"""Taking a county's half-monthly table: hand it in, look at what would happen, confirm."""

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
from tracker.exchange.actions import AlreadyTaken, LibraryChanged, hand_in, preview, table_of, take_batch
from tracker.exchange.archive import LARGEST_FILE, UnreadableFile
from tracker.exchange.models import ImportBatch
from tracker.exchange.queries import HalfMonthTakesNoTable, Kind, Plan, PlannedRow
from tracker.exchange.remarks import workbook_with_remarks
from tracker.exchange.rules import Note
from tracker.exchange.words import LEFT_OUT, field_label, refusal, remark, shown
from tracker.inspections.actions import CycleIsClosed
from tracker.library.models import Division
from tracker.library.rules import with_masked_phones
from tracker.office.access import OfficialOnly
from tracker.office.forms.imports import ImportForm
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

    def form_valid(self, form: ImportForm) -> HttpResponse:
        """Keep the workbook and go on to its preview; one that cannot be read is an error of the form."""
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
            )
        except UnreadableFile as refused:
            form.add_error("file", refusal(refused))
            return self.form_invalid(form)
        except HalfMonthTakesNoTable as refused:
            form.add_error("cycle", refusal(refused))
            return self.form_invalid(form)
        return redirect("office:import", pk=batch.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The latest hand-ins, without their content."""
        handed_in = ImportBatch.objects.visible_to(self.person).filter(county=self.county)
        batches = handed_in.defer("content").select_related("uploaded_by")[:HAND_INS_SHOWN]
        half_month = HalfMonth.latest_cut_off(timezone.localdate())
        return super().get_context_data(batches=batches, half_month=half_month, **kwargs)


@dataclass(frozen=True)
class Remark:
    """One thing to tell about a place in the table."""

    row: int
    letter: str
    head: str
    written: str
    text: str

    @classmethod
    def of(cls, note: Note) -> "Remark":
        """The note in the reader's words."""
        return cls(note.row, note.letter, note.head, note.written, remark(note))


@dataclass(frozen=True)
class Replaced:
    """One value that would be replaced."""

    row: int
    enterprise: str
    project: str
    label: str
    old: str
    new: str


class ImportPreview(OfficialOnly, TemplateView):
    """What will happen if this table is taken; and once it is, what did."""

    needs = "import_table"
    template_name = "office/import_preview.html"

    @cached_property
    def batch(self) -> ImportBatch:
        """The hand-in, of a county that the official sees."""
        batches = ImportBatch.objects.visible_to(self.person).select_related("county", "uploaded_by")
        batch: ImportBatch = get_object_or_404(batches, pk=self.kwargs["pk"])
        self.require(batch)
        return batch

    @cached_property
    def county(self) -> Division:
        """The page is about the county that the table was handed in for."""
        return self.batch.county

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The preview, or with `?remarks` the rows that are wrong or odd as a workbook."""
        if self.batch.state == ImportBatch.State.TAKEN:
            return self.render_to_response(self.get_context_data())
        try:
            plan = preview(self.batch)
        except (UnreadableFile, HalfMonthTakesNoTable) as refused:
            return self.render_to_response(self.get_context_data(refused=refusal(refused)))
        if "remarks" in request.GET:
            return self._workbook(plan)
        return self.render_to_response(self.get_context_data(**self._shown(plan)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the table; however often it is confirmed, once."""
        try:
            counts = take_batch(self.batch, by=self.person, at=timezone.now()).counts
        except AlreadyTaken:
            messages.info(request, _("This table has been taken already; nothing was taken twice."))
        except (LibraryChanged, CycleIsClosed):
            messages.error(
                request,
                _("Something else was written meanwhile, so nothing was taken. Look at the preview again."),
            )
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
        return redirect("office:import", pk=pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The hand-in and its half-month."""
        half_month = HalfMonth.starting(self.batch.cycle_start)
        return super().get_context_data(batch=self.batch, half_month=half_month, **kwargs)

    def _shown(self, plan: Plan) -> dict[str, Any]:
        rows: dict[str, list[PlannedRow]] = {"wrong": [], "new": [], "changed": [], "same": []}
        for row in plan.rows:
            rows[row.kind].append(row)
        errors = [Remark.of(note) for row in rows["wrong"] for note in row.errors]
        warnings = [Remark.of(note) for row in plan.sound for note in row.warnings]
        changes = list(_replaced(plan.sound))
        left_out = [
            (one.row, LEFT_OUT[one.kind], with_masked_phones(one.text))
            for one in table_of(self.batch).left_out
        ]
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
            "left_out": left_out,
            "nothing_to_take": plan.counts.created + plan.counts.changed == 0,
        }

    def _workbook(self, plan: Plan) -> HttpResponse:
        content = workbook_with_remarks(table_of(self.batch), plan)
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
                yield Replaced(planned.number, *names, field_label(change), old, new)
