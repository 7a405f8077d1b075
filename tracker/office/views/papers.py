"""The papers of a project: the checklist, one tap for what has come, files, and handing in."""

from datetime import date
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from tracker.calendars.periods import shanghai_date
from tracker.inspections.actions import judge_again
from tracker.library.inclusion.actions import (
    MOST_FILES_OF_A_PAPER,
    PAPERS,
    AlreadyDeleted,
    AlreadyThere,
    ChangedMeanwhile,
    NoSuchMove,
    NotTheLiaison,
    TooManyFiles,
    add_file,
    note_paper,
    receive_paper,
    set_inclusion,
    void_file,
)
from tracker.library.inclusion.models import PaperFile
from tracker.library.inclusion.queries import Paper, checklist
from tracker.library.inclusion.words import paper_label
from tracker.library.models import Division
from tracker.library.words import inclusion_label
from tracker.office.access import OfficialOnly
from tracker.office.forms.inclusion import DeleteFileForm, PaperForm, ReceiveForm
from tracker.office.standing import HANDED_IN, standing_of
from tracker.office.views.projects import OneProject
from tracker.uploads.documents import MEDIA_TYPES
from tracker.uploads.rules import UnusableFile
from tracker.uploads.words import refusal

# A paper does nothing but be saved, even where a browser would take it for something else.
FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


class ProjectPapers(OneProject, TemplateView):
    """Which papers are there, and which are missing?"""

    needs_to_post = "keep_papers"
    template_name = "office/papers.html"

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The checklist and by when."""
        return {**super().get_context_data(**kwargs), **standing_of(self.project, self.person, self.today)}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note a paper as received, with its file where there is one."""
        self.require(self.project)
        form = ReceiveForm(request.POST, request.FILES, by=self.person)
        trouble = self._receive(form) if form.is_valid() else _first_error(form)
        if trouble:
            messages.error(request, trouble)
            wrong = request.POST.get("kind", "")
            return self.render_to_response(self.get_context_data(wrong=wrong, trouble=trouble), status=422)
        kind = form.cleaned_data["kind"]
        words = {"paper": paper_label(kind), "project": self.project.name}
        messages.success(request, _("%(paper)s of %(project)s: received.") % words)
        return redirect(_back(request, f"{reverse('office:papers', args=[self.project.pk])}#{kind}"))

    def _receive(self, form: ReceiveForm) -> str:
        """Do it; what stands in the way, if anything does."""
        kind, file = form.cleaned_data["kind"], form.cleaned_data["file"]
        now = timezone.now()
        if file is None:
            receive_paper(self.project, kind, by=self.person, at=now)
            return ""
        try:
            add_file(self.project, kind, *file, by=self.person, at=now)
        except UnusableFile as refused:
            return refusal(refused)
        except AlreadyThere:
            return _("This paper has this very file already.")
        except TooManyFiles:
            most = {"most": MOST_FILES_OF_A_PAPER}
            return _("A paper has up to %(most)s files. Delete one that is no longer needed first.") % most
        return ""


def _first_error(form: Any) -> str:
    return str(next(iter(form.errors.values()))[0])


def _back(request: HttpRequest, otherwise: str) -> str:
    """The list that the tap came from, as it was narrowed down."""
    if "back" not in request.POST:
        return otherwise
    asked = QueryDict(request.POST["back"][:500])
    return f"{reverse('office:inclusion')}?{asked.urlencode()}"


class OnePaper(OneProject, FormView):
    """What is known of one paper of a project."""

    needs = "keep_papers"
    form_class = PaperForm
    template_name = "office/paper.html"

    @cached_property
    def paper(self) -> Paper:
        """The paper that the address names by `?kind=`; the first one when it names none."""
        papers = checklist(self.project)
        asked = self.request.GET.get("kind")
        return next((paper for paper in papers if paper.kind == asked), papers[0])

    def get_form_kwargs(self) -> dict[str, Any]:
        """About this paper."""
        data = self.request.POST if self.request.method == "POST" else None
        return {"data": data, "paper": self.paper, "by": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the paper."""
        return {**super().get_context_data(**kwargs), "project": self.project, "paper": self.paper}

    def form_valid(self, form: PaperForm) -> HttpResponse:
        """Keep it, unless somebody else has just written here."""
        try:
            note_paper(
                self.project,
                self.paper.kind,
                form.note,
                by=self.person,
                at=timezone.now(),
                edition=form.cleaned_data["edition"],
            )
        except ChangedMeanwhile:
            del self.paper
            return self.render_to_response(self.get_context_data(form=form, is_conflict=True), status=409)
        except NotTheLiaison:
            form.add_error("state", _("Only the statistics liaison says that a paper is not needed."))
            return self.form_invalid(form)
        messages.success(self.request, _("Saved."))
        return redirect(f"{reverse('office:papers', args=[self.project.pk])}#{self.paper.kind}")

    def form_invalid(self, form: PaperForm) -> HttpResponse:
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class HandInPapers(OneProject):
    """Say that the papers went to the bureau, or did not yet."""

    needs = "keep_papers"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nothing to look at: the button stands on the page of the papers."""
        self.require(self.project)
        return HttpResponseNotAllowed(["POST"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Move the project between preparing and submitted."""
        self.require(self.project)
        state, now = request.POST.get("state", ""), timezone.now()
        today = shanghai_date(now)
        if state not in HANDED_IN:
            messages.error(request, _("Choose whether the papers are handed in."))
            return redirect("office:papers", pk=self.project.pk)
        try:
            project = set_inclusion(
                self.project, state, today, by=self.person, today=today, seen=request.POST.get("seen")
            )
        except ChangedMeanwhile:
            messages.error(request, _("Somebody else has just changed the state. Look at it again."))
        except NoSuchMove as refused:
            messages.error(request, no_such_move(refused))
        else:
            judge_again(project, at=now)
            words = {"project": project.name, "state": inclusion_label(state)}
            messages.success(request, _("%(project)s: %(state)s.") % words)
        return redirect("office:papers", pk=self.project.pk)


def no_such_move(refused: NoSuchMove) -> str:
    """Why a state cannot be said, in words."""
    words = {"before": inclusion_label(refused.before), "after": inclusion_label(refused.after)}
    return _("From “%(before)s” one does not come to “%(after)s”.") % words


class OneFile(OfficialOnly):
    """A page about one file that the official sees; another one is 404."""

    @cached_property
    def file(self) -> PaperFile:
        """The file of the address, unless it was deleted."""
        visible = PaperFile.objects.visible_to(self.person).standing()
        file: PaperFile = get_object_or_404(
            visible.select_related("paper__project__county", "added_by"), pk=self.kwargs["pk"]
        )
        self.require(file)
        return file

    @cached_property
    def county(self) -> Division:
        """The project's county."""
        return self.file.project.county


class SavePaperFile(OneFile):
    """The file itself, for whoever sees the project; to be saved, never shown by the browser."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The bytes as an attachment that can be nothing else and is kept by nobody on the way."""
        file = self.file
        try:
            content = PAPERS.path_of(file.name, f".{file.format}").read_bytes()
        except FileNotFoundError:
            raise Http404 from None
        response = HttpResponse(content, content_type=MEDIA_TYPES[file.format])
        response["Content-Disposition"] = content_disposition_header(True, file.filename)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = FILE_POLICY
        response["Cache-Control"] = "private, no-store"
        return response


class DeletePaperFile(OneFile, FormView):
    """Take a file away, with a reason."""

    needs = "keep_papers"
    form_class = DeleteFileForm
    template_name = "office/paper_file_delete.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """By this person."""
        return {**super().get_form_kwargs(), "by": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the file."""
        return {**super().get_context_data(**kwargs), "file": self.file, "project": self.file.project}

    def form_valid(self, form: DeleteFileForm) -> HttpResponse:
        """Delete, and back to the papers."""
        try:
            void_file(self.file, by=self.person, why=form.cleaned_data["why"], at=timezone.now())
        except AlreadyDeleted:
            messages.info(self.request, _("Somebody else has deleted this file already."))
        else:
            messages.success(self.request, _("The file is deleted."))
        return redirect("office:papers", pk=self.file.project.pk)
