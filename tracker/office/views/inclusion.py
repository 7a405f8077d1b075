"""Which started projects are not yet in statistics, and what the liaison says of them."""

from datetime import date
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db.models import F, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from django_tables2 import RequestConfig

from tracker.badges.models import Award
from tracker.calendars.periods import shanghai_date
from tracker.inspections.actions import judge_again
from tracker.inspections.queries import awaiting_inclusion, next_inclusion_deadline
from tracker.library.actions import BelowThreshold, InFuture, set_inclusion
from tracker.library.models import Division, Project, ProjectQuerySet
from tracker.library.rules import INCLUSION_THRESHOLD
from tracker.library.saved_views import SavedView
from tracker.library.words import inclusion_label, wan
from tracker.office.access import OfficialOnly
from tracker.office.forms.inclusion import InclusionFilter, InclusionForm
from tracker.office.tables.inclusion import InclusionTable
from tracker.office.views.lists import SavesViews

ROWS_A_PAGE = 50


class InclusionList(SavesViews, TemplateView):
    """Which started projects are not yet in statistics?"""

    list_name = SavedView.List.INCLUSION
    drawn_by = InclusionTable
    always_shown = ("name", "act")
    template_name = "office/inclusion.html"

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    @property
    def waiting(self) -> ProjectQuerySet:
        """What the person sees of them."""
        seen: ProjectQuerySet = Project.objects.visible_to(self.person).of_county(self.county)
        return awaiting_inclusion(seen)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The table, and by when the papers are due."""
        chosen = InclusionFilter(self.request.GET, auto_id="filter_%s")
        table = InclusionTable(
            self._rows(chosen.wanted()),
            today=self.today,
            decides=self.person.can("set_inclusion"),
            order_by="started_on",
        )
        self.hide_columns(table)
        RequestConfig(self.request, paginate={"per_page": ROWS_A_PAGE}).configure(table)
        deadline = next_inclusion_deadline(self.county, self.today)
        return {
            **super().get_context_data(**kwargs),
            "number": self.waiting.count(),
            "filter": chosen,
            "table": table,
            "deadline": deadline,
            "days_left": (deadline - self.today).days,
            "threshold": INCLUSION_THRESHOLD,
        }

    def _rows(self, state: str) -> ProjectQuerySet:
        latest = Award.objects.standing().filter(
            project=OuterRef("pk"), cycle_start=OuterRef("badge_cycle_start")
        )
        rows = self.waiting.for_table().annotate(latest_lights=Subquery(latest.values("lights")[:1]))
        rows = rows.order_by(F("started_on").asc(nulls_last=True), "pk")
        return rows.filter(inclusion_state=state) if state else rows


class SetInclusion(OfficialOnly, TemplateView):
    """Where does this project stand on its way into statistics?"""

    needs = "set_inclusion"
    template_name = "office/inclusion_set.html"

    @cached_property
    def project(self) -> Project:
        """The project, if it lies in the liaison's division."""
        seen = Project.objects.visible_to(self.person).select_related("enterprise", "county")
        found: Project = get_object_or_404(seen, pk=self.kwargs["pk"])
        self.require(found)
        return found

    @cached_property
    def county(self) -> Division:
        """The project's own."""
        return self.project.county

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The project and what is known of its papers."""
        form = InclusionForm(project=self.project, today=self.today, by=self.person)
        return {**super().get_context_data(**{"form": form, **kwargs}), "project": self.project}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Record it, and judge again where a half-month is open."""
        form = InclusionForm(request.POST, project=self.project, today=self.today, by=self.person)
        if not (form.is_valid() and self._record(form)):
            return self.render_to_response(self.get_context_data(form=form), status=422)
        words = {
            "project": self.project.name,
            "state": inclusion_label(form.cleaned_data["state"]),
            "day": date_format(form.cleaned_data["on"], "DATE_FORMAT"),
        }
        messages.success(request, _("%(project)s: %(state)s since %(day)s.") % words)
        return redirect("office:inclusion")

    def _record(self, form: InclusionForm) -> bool:
        facts = form.cleaned_data
        try:
            project = set_inclusion(
                self.project,
                facts["state"],
                facts["on"],
                facts["reference"],
                by=self.person,
                today=self.today,
            )
        except InFuture:
            form.add_error("on", _("This day has not come yet."))
        except BelowThreshold:
            text = _("Its planned total is under %(amount)s 万元: such a project is not part of the survey.")
            form.add_error("state", text % {"amount": wan(INCLUSION_THRESHOLD)})
        else:
            judge_again(project, at=timezone.now())
            return True
        return False
