"""Which started projects are not yet in statistics, and what the liaison says of them."""

from collections import Counter
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
from tracker.inspections.queries import awaiting_inclusion
from tracker.library.inclusion import rules
from tracker.library.inclusion.actions import (
    BelowThreshold,
    ChangedMeanwhile,
    InFuture,
    NoSuchMove,
    set_inclusion,
)
from tracker.library.inclusion.queries import complete, lacking, missing_papers, with_due_since
from tracker.library.inclusion.rules import PaperKind
from tracker.library.models import CountySettings, Division, Project, ProjectQuerySet
from tracker.library.rules import INCLUSION_THRESHOLD
from tracker.library.saved_views import SavedView
from tracker.library.words import inclusion_label, wan
from tracker.office.access import OfficialOnly
from tracker.office.forms.inclusion import InclusionFilter, InclusionForm
from tracker.office.tables.inclusion import InclusionTable
from tracker.office.views.lists import SavesViews
from tracker.office.views.papers import no_such_move

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
        """The table, what is missing how often, and by when the papers are due."""
        chosen = InclusionFilter(self.request.GET, county=self.county, auto_id="filter_%s")
        deadline_day = CountySettings.of(self.county).inclusion_deadline_day
        waiting = list(self.waiting.only("pk", "nature", "started_on", "equipment_delivered_on"))
        missing = missing_papers(waiting)
        table = InclusionTable(
            self._with_light(narrowed_down(self.waiting, chosen.wanted, self.today, deadline_day)),
            today=self.today,
            deadline_day=deadline_day,
            missing=missing,
            person=self.person,
            decides=self.person.can("set_inclusion"),
            order_by="started_on",
        )
        self.hide_columns(table)
        RequestConfig(self.request, paginate={"per_page": ROWS_A_PAGE}).configure(table)
        deadline = rules.next_deadline(self.today, deadline_day)
        how_often = Counter(kind for kinds in missing.values() for kind in kinds)
        until = rules.overdue_until(self.today, deadline_day)
        return {
            **super().get_context_data(**kwargs),
            "number": len(waiting),
            "overdue": sum(_is_overdue(project, until) for project in waiting),
            "complete": sum(not kinds for kinds in missing.values()),
            "lacking": [(kind, how_often[kind]) for kind in PaperKind if how_often[kind]],
            "filter": chosen,
            "back": self.request.GET.urlencode(),
            "table": table,
            "deadline": deadline,
            "days_left": (deadline - self.today).days,
            "threshold": INCLUSION_THRESHOLD,
            "may_import": self.person.can("import_bureau_list"),
        }

    @staticmethod
    def _with_light(rows: ProjectQuerySet) -> ProjectQuerySet:
        latest = Award.objects.standing().filter(
            project=OuterRef("pk"), cycle_start=OuterRef("badge_cycle_start")
        )
        rows = rows.for_table().annotate(latest_lights=Subquery(latest.values("lights")[:1]))
        return rows.order_by(F("started_on").asc(nulls_last=True), "pk")


def narrowed_down(
    waiting: ProjectQuerySet, wanted: dict[str, Any], today: date, deadline_day: int
) -> ProjectQuerySet:
    """Of the projects that wait for inclusion, those that the filters leave."""
    rows = with_due_since(waiting)
    until = rules.overdue_until(today, deadline_day)
    match wanted.get("due"):
        case "overdue":
            rows = rows.filter(due_since__lte=until)
        case "coming":
            rows = rows.exclude(due_since__lte=until)
    match wanted.get("missing"):
        case None:
            pass
        case "none":
            rows = complete(rows)
        case kind:
            rows = lacking(rows, PaperKind(kind))
    if "township" in wanted:
        rows = rows.filter(township=wanted["township"])
    return rows.filter(inclusion_state=wanted["state"]) if "state" in wanted else rows


def _is_overdue(project: Project, until: date) -> bool:
    since = rules.due_since(project.nature, project.started_on, project.equipment_delivered_on)
    return since is not None and since <= until


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
        missing = missing_papers([self.project])[self.project.pk]
        context = super().get_context_data(**{"form": form, **kwargs})
        return {**context, "project": self.project, "missing": missing}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Record it, and judge again where a half-month is open."""
        form = InclusionForm(request.POST, project=self.project, today=self.today, by=self.person)
        try:
            is_done = form.is_valid() and self._record(form)
        except ChangedMeanwhile:
            del self.project
            anew = InclusionForm(project=self.project, today=self.today, by=self.person)
            return self.render_to_response(self.get_context_data(form=anew, is_conflict=True), status=409)
        if not is_done:
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
                seen=facts["seen"],
            )
        except InFuture:
            form.add_error("on", _("This day has not come yet."))
        except BelowThreshold:
            text = _("Its planned total is under %(amount)s 万元: such a project is not part of the survey.")
            form.add_error("state", text % {"amount": wan(INCLUSION_THRESHOLD)})
        except NoSuchMove as refused:
            form.add_error("state", no_such_move(refused))
        else:
            judge_again(project, at=timezone.now())
            return True
        return False
