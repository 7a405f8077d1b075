"""Many projects get another inspector: their names and their number are shown first."""

from collections import Counter
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.generic import TemplateView

from tracker.accounts.models import User
from tracker.converters import RowId
from tracker.library.assigning import MOST_AT_ONCE, Changes, SelectionChanged, assign_inspector
from tracker.library.models import Project
from tracker.library.saved_views import SavedView
from tracker.office.access import OfficialOnly
from tracker.office.filters import NOBODY, ProjectFilters, inspectors_of
from tracker.office.forms.lists import AssignForm, sealed
from tracker.office.lists.address import canonical
from tracker.office.lists.choices import Choices, choices_for


class AssignProjects(OfficialOnly, TemplateView):
    """Who inspects these projects from now on?"""

    needs = "assign_projects"
    template_name = "office/assign.html"

    @cached_property
    def choices(self) -> Choices:
        """What filters can ask for, and who inspects in the county."""
        return choices_for(self.person, self.county, SavedView.List.PROJECTS)

    @cached_property
    def takes_all_found(self) -> bool:
        """Whether the projects are those that the filters find, rather than ticked ones."""
        return "everything" in self.request.GET

    @property
    def list_url(self) -> str:
        """The list that they were chosen from."""
        return f"{reverse('office:projects')}?{canonical(self.request.GET)}"

    @property
    def found(self) -> Any:
        """The projects that the address names, as they are now."""
        projects = self.of_county(Project.objects.all())
        if self.takes_all_found:
            return ProjectFilters(self.request.GET, projects, choices=self.choices).qs
        ticked = [value for value in self.request.GET.getlist("row") if _is_id(value)]
        return projects.filter(pk__in=ticked[: MOST_AT_ONCE + 1])

    @cached_property
    def projects(self) -> list[Project]:
        """The same, by name; one more than can be assigned at once where there are more."""
        rows = self.found.select_related("inspector", "enterprise").order_by(
            "enterprise_pinyin", "pinyin", "pk"
        )
        return list(rows[: MOST_AT_ONCE + 1])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What is about to happen; without a project, back to the list."""
        if not self.projects:
            messages.warning(request, gettext("Tick at least one project."))
            return redirect(f"{self.list_url}&tick=1")
        return self.render_to_response(self.get_context_data())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The projects, in whose name they are, and who may take them."""
        shown = {project.pk: project.inspector_id for project in self.projects}
        form = AssignForm(by=self.person, inspectors=self.choices.inspector, initial={"shown": sealed(shown)})
        names = Counter(project.inspector.name if project.inspector else "" for project in self.projects)
        return {
            **super().get_context_data(**{"form": form, **kwargs}),
            "projects": self.projects,
            "number": len(self.projects),
            "is_too_many": len(self.projects) > MOST_AT_ONCE,
            "most": MOST_AT_ONCE,
            "names_now": names.most_common(),
            "takes_all_found": self.takes_all_found,
            "list_url": self.list_url,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Assign them as they were shown, or say what has changed since."""
        form = AssignForm(request.POST, by=self.person, inspectors=self.choices.inspector)
        if not form.is_valid():
            return self._again(form)
        shown, chosen = form.cleaned_data["shown"], form.cleaned_data["inspector"]
        inspector = None if chosen == NOBODY else get_object_or_404(inspectors_of(self.county), pk=chosen)
        found_now = None
        if self.takes_all_found:
            found_now = list(self.found.order_by().values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        try:
            changed = assign_inspector(shown, inspector, by=self.person, found_now=found_now)
        except SelectionChanged as stale:
            return self._again(AssignForm(by=self.person, inspectors=self.choices.inspector), stale.changes)
        messages.success(request, _said(changed, inspector))
        return redirect(self.list_url)

    def _again(self, form: AssignForm, changes: Changes | None = None) -> HttpResponse:
        """The page once more, about what there is now."""
        shown = {project.pk: project.inspector_id for project in self.projects}
        form.initial["shown"] = sealed(shown)
        if changes is not None:
            status = 409
        else:
            # What cannot be read again is replaced by what is shown now.
            form.data = {**form.data.dict(), "shown": sealed(shown)}  # type: ignore[attr-defined]  # a QueryDict
            status = 422
        return self.render_to_response(
            self.get_context_data(form=form, changes=self._in_words(changes) if changes else []),
            status=status,
        )

    def _in_words(self, changes: Changes) -> list[tuple[str, list[str]]]:
        concerned = changes.gone | changes.come | changes.assigned
        seen = Project.objects.visible_to(self.person).filter(pk__in=concerned).select_related("inspector")
        rows = {project.pk: project for project in seen}

        def named(ids: frozenset[int]) -> list[str]:
            return [rows[pk].name if pk in rows else gettext("a project that is gone") for pk in sorted(ids)]

        assigned = [
            f"{rows[pk].name}: {rows[pk].inspector or gettext('nobody')}"
            for pk in sorted(changes.assigned)
            if pk in rows
        ]
        told = [
            (gettext("No longer among them"), named(changes.gone)),
            (gettext("Found since then"), named(changes.come)),
            (gettext("In somebody else's name since then"), assigned),
        ]
        return [(words, lines) for words, lines in told if lines]


def _said(changed: int, inspector: User | None) -> str:
    if not changed:
        return gettext("All of them were in this name already.")
    if inspector is None:
        return ngettext(
            "%(number)d project is in nobody's name now.",
            "%(number)d projects are in nobody's name now.",
            changed,
        ) % {"number": changed}
    return ngettext(
        "%(number)d project is in the name of %(person)s now.",
        "%(number)d projects are in the name of %(person)s now.",
        changed,
    ) % {"number": changed, "person": inspector.name}


def _is_id(value: str) -> bool:
    import re

    return re.fullmatch(RowId.regex, value) is not None
