"""The projects: the list, and one project with its badge explained."""

import re
from collections import Counter
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.generic import DetailView, FormView

from tracker.badges.models import Award
from tracker.badges.presentation import STRIP_LENGTH, StripMark, history_strip, plan_chart
from tracker.calendars.periods import HalfMonth, NotAPeriod
from tracker.converters import RowId
from tracker.inspections.actions import judge_again
from tracker.inspections.consistency import (
    Open,
    answered_of,
    facts_with,
    in_project,
    left,
    year_of,
)
from tracker.inspections.figures import latest_beside
from tracker.inspections.models import Cycle, Inspection
from tracker.inspections.queries import current_cycle, inspectable_by
from tracker.library.actions import PlanDoesNotAddUp, plan_year
from tracker.library.models import BadgeColour, Enterprise, Project
from tracker.library.saved_views import SavedView
from tracker.merging.queries import projects_like
from tracker.office.access import OfficialOnly
from tracker.office.contradictions import Line, line_of
from tracker.office.filters import ProjectFilters
from tracker.office.forms.library import PlanForm, ProjectForm
from tracker.office.lists.address import PASSING, kept
from tracker.office.lists.pages import COUNTED, counted_by
from tracker.office.project_facts import comparison_of, components_of, lapse_of, milestones_of
from tracker.office.standing import standing_of
from tracker.office.tables.projects import ProjectTable
from tracker.office.views.likely import AsksBeforeDoubling, led_on
from tracker.office.views.lists import ListPage
from tracker.photos.models import Photo

PHOTOS_SHOWN = 6
ROW_ID = re.compile(RowId.regex)
SHOWN_FIRST = [BadgeColour.RED, BadgeColour.YELLOW, BadgeColour.BLUE, BadgeColour.GOLD, BadgeColour.NONE]


class Projects(ListPage):
    """The county's projects: searched, narrowed down, sorted."""

    list_name = SavedView.List.PROJECTS
    table = ProjectTable
    filter_class = ProjectFilters
    counts_badges = True
    template_name = "office/projects.html"

    def rows(self) -> Any:
        """The projects."""
        return Project.objects.all()

    @cached_property
    def ticks(self) -> bool:
        """Whether projects are being chosen, to name who inspects them."""
        return "tick" in self.request.GET and self.person.can("assign_projects")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the county's badges counted, as the first way to narrow the list down."""
        context = super().get_context_data(**kwargs)
        badge = str(self.filters.asked.get("badge") or "")
        numbers: dict[str, int] = Counter(colour for _, colour in self.hits or ())
        if self.hits is None:
            numbers = counted_by(self.filters.besides("badge"), "badge")
        total = sum(numbers.values())
        is_exact = total <= COUNTED
        chips = [
            {
                "colour": colour,
                "number": numbers.get(colour, 0) if is_exact else None,
                "url": self.address(badge=colour),
                "is_current": colour == badge,
            }
            for colour in SHOWN_FIRST
            if numbers.get(colour) or not is_exact or colour == badge
        ]
        found = numbers.get(badge, 0) if badge else total
        if not is_exact:
            # More than are counted: of one colour it is only known how many stand on this page.
            found = len(self.page.rows) if badge else COUNTED
        return {
            **context,
            "chips": chips,
            "all_url": self.address("badge"),
            "all_number": total if is_exact else None,
            "badge": badge,
            "found": found,
            "is_exact": is_exact or (bool(badge) and self.page.is_all),
            "may_add": self.person.can("add_project"),
            "may_import": self.person.can("import_table"),
            "may_assign": self.person.can("assign_projects"),
            "is_ticking": self.ticks,
            "tick_url": self.address(tick="1"),
            "no_tick_url": self.address("tick"),
            "chosen_by": kept(self.request.GET, without=PASSING),
        }


class OneProject(OfficialOnly):
    """A page about one project that the official sees; another one is 404."""

    @cached_property
    def project(self) -> Project:
        """The project of the address."""
        visible = Project.objects.visible_to(self.person).for_table().prefetch_related("plans")
        visible = visible.select_related("planning_sheet", "merged_into")
        project: Project = get_object_or_404(visible, pk=self.kwargs["pk"])
        self.require(project)
        return project

    @cached_property
    def county(self) -> Any:  # the page is about the project's county, whichever was looked at before
        """The project's county."""
        return self.project.county


class ProjectPage(OneProject, DetailView):
    """How a project stands, and why."""

    template_name = "office/project.html"
    context_object_name = "project"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; that of a merged project leads on."""
        return led_on(request, self.project) or super().get(request, *args, **kwargs)

    def get_object(self, queryset: Any = None) -> Project:
        """The project of the address."""
        return self.project

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The badge asked for, or the latest, with everything that led to it."""
        today = timezone.localdate()
        awards = list(
            Award.objects.filter(project=self.project)
            .select_related("policy")
            .order_by("-cycle_start", "-version")
        )
        standing = [award for award in awards if award.state != Award.State.SUPERSEDED]
        award = self._asked_for(standing)
        made = Inspection.objects.filter(project=self.project).select_related("inspector", "reviewer")
        inspections = list(made.order_by("-cycle_start")[:STRIP_LENGTH])
        accepted = [row for row in inspections if row.state == Inspection.State.ACCEPTED]
        year = award.cycle_start.year if award else HalfMonth.latest_cut_off(today).year
        plan, baseline = self.project.plan_for(year), self.project.baseline_for(year)
        return {
            **super().get_context_data(**kwargs),
            "award": award,
            "is_latest": award is None or award is standing[0],
            "chart": plan_chart(award, invested_in_year_of(award)) if award else None,
            "marks": strip_of(self.project, standing, today),
            "superseded": [award for award in awards if award.state == Award.State.SUPERSEDED],
            "inspections": inspections,
            "inspection_url": _place_of(award, inspections),
            "year": year,
            "plan": plan,
            "baseline": baseline,
            "replans": plan.version - baseline.version if plan and baseline else 0,
            "reads_trail": self.person.can("read_trail"),
            "show_url": reverse("office:show_project_phone", args=[self.project.pk])
            if self.person.can("reveal_phone", self.project)
            else "",
            "inspect_url": reverse("office:inspect", args=[self.project.pk])
            if self._may_inspect(today)
            else "",
            "may_change": self.person.can("change_project", self.project),
            "may_merge": self.person.can("merge_records", self.project),
            "likely": projects_like(self.project.name, self.project.enterprise, self.project)
            if self.person.can("merge_records", self.project)
            else [],
            "photos": Photo.objects.standing()
            .filter(project=self.project)
            .select_related("added_by")[:PHOTOS_SHOWN],
            "may_keep_photos": self.person.can("keep_photos", self.project),
            "milestones": milestones_of(self.project),
            "components": components_of(self.project),
            "lapse": lapse_of(self.project, today),
            "stage_changes": self.project.stage_changes.select_related("by", "merged_into"),
            "total_changes": self.project.total_changes.select_related("by"),
            "contradictions": self._contradictions(accepted, today),
            "inclusion": standing_of(self.project, self.person, today, with_files=False),
            "line": latest_beside(self.project, inspections),
        }

    def _contradictions(self, accepted: list[Inspection], today: date) -> list[Line]:
        plan = self.project.plan_for(year_of(today))
        facts = facts_with(self.project, accepted, plan.amount if plan else None, today)
        found = in_project(facts)
        if found:
            found = left(found, answered_of(self.project))
        return [line_of(Open(self.project, finding), self.person) for finding in found]

    def _asked_for(self, standing: list[Award]) -> Award | None:
        """The badge of `?cycle=2026-10-H2`, else the latest one."""
        try:
            asked = HalfMonth.parse(self.request.GET.get("cycle", "")).start
        except NotAPeriod:
            asked = None
        found = (award for award in standing if award.cycle_start == asked)
        return next(found, standing[0] if standing else None)

    def _may_inspect(self, today: date) -> bool:
        if current_cycle(self.county, today) is None:
            return False
        return inspectable_by(self.person).filter(pk=self.project.pk).exists()


def _place_of(award: Award | None, inspections: list[Inspection]) -> str:
    """Where on the page the inspection stands that the badge rests on."""
    if award is None or not any(inspection.cycle_start == award.cycle_start for inspection in inspections):
        return ""
    return f"#inspection-{award.cycle_start.isoformat()}"


def invested_in_year_of(award: Award) -> list[tuple[date, Any]]:
    """The investments since New Year that counted up to the award's half-month."""
    accepted = Inspection.objects.accepted().filter(
        project=award.project_id, cycle_start__year=award.cycle_start.year, cycle_start__lte=award.cycle_start
    )
    return list(accepted.order_by("cycle_start").values_list("cycle_start", "ytd_investment"))


def strip_of(project: Project, standing: list[Award], today: date) -> list[StripMark]:
    """The project's last half-months up to now, or up to its latest badge where that is later."""
    until = HalfMonth.latest_cut_off(today)
    if standing:
        until = max(until, HalfMonth.starting(standing[0].cycle_start))
    return history_strip(standing, until, skipped_in(project.county_id))


def skipped_in(county_id: int) -> set[date]:
    """The half-months that the county left out."""
    skipped = Cycle.objects.filter(county=county_id, state=Cycle.State.SKIPPED)
    return set(skipped.values_list("start", flat=True))


class KeepsProject(OneProject, FormView):
    """A form about one project, for those who answer for it."""

    needs = "change_project"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the project that it is about."""
        return {**super().get_context_data(**kwargs), "project": self.project}

    def done(self, message: str) -> HttpResponse:
        """Say what happened, on the project's page."""
        messages.success(self.request, message)
        return redirect("office:project", pk=self.project.pk)


class EditProject(KeepsProject):
    """Correct what the library knows of a project."""

    form_class = ProjectForm
    template_name = "office/project_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """About this project."""
        return {
            **super().get_form_kwargs(),
            "instance": self.project,
            "county": self.county,
            "by": self.person,
            "today": timezone.localdate(),
        }

    def form_valid(self, form: ProjectForm) -> HttpResponse:
        """Save, and judge the present badge again by the corrected facts."""
        now = timezone.now()
        with transaction.atomic():
            project = form.save(at=now)
            judge_again(project, at=now)
        return self.done(gettext("Saved."))


class AddProject(AsksBeforeDoubling, OfficialOnly, FormView):
    """Take a project into the library by hand."""

    needs = "add_project"
    form_class = ProjectForm
    template_name = "office/project_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Of an enterprise of the county; which one may be named by `?enterprise=`."""
        asked = self.request.GET.get("enterprise", "")
        enterprises = Enterprise.objects.visible_to(self.person).of_county(self.county)
        enterprise = enterprises.filter(pk=asked).first() if ROW_ID.fullmatch(asked) else None
        return {
            **super().get_form_kwargs(),
            "instance": Project(county=self.county),
            "county": self.county,
            "by": self.person,
            "today": timezone.localdate(),
            "initial": {"enterprise": enterprise, "township": enterprise and enterprise.township_id},
        }

    def form_valid(self, form: ProjectForm) -> HttpResponse:
        """Save; the next thing is its plan."""
        if asked := self.asked_first(form):
            return asked
        project = form.save()
        messages.success(
            self.request, gettext("The project is in the library. Now enter its plan for the year.")
        )
        return redirect("office:plan_project", pk=project.pk)


class PlanProject(KeepsProject):
    """Set or change what a project means to invest in a year."""

    form_class = PlanForm
    template_name = "office/project_plan.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """For this year and the next."""
        today = timezone.localdate()
        return {
            **super().get_form_kwargs(),
            "project": self.project,
            "year": year_of(today),
            "by": self.person,
            "today": today,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the plans so far, and each year's beside its first one."""
        plans = sorted(self.project.plans.all(), key=lambda plan: (-plan.year, -plan.version))
        years = sorted({plan.year for plan in plans if plan.version > 1}, reverse=True)
        return {
            **super().get_context_data(**kwargs),
            "plans": plans,
            "comparisons": [comparison_of(self.project, year) for year in years],
        }

    def form_valid(self, form: PlanForm) -> HttpResponse:
        """A first plan is the baseline; another one is a re-plan beside it."""
        facts = form.cleaned_data
        try:
            with transaction.atomic():
                plan_year(
                    self.project,
                    facts["year"],
                    facts["amount"],
                    by=self.person,
                    months=facts["months"],
                    reason=facts["reason"],
                )
                form.keep_answers(self.project, by=self.person, at=timezone.now())
                judge_again(self.project, at=timezone.now())
        except PlanDoesNotAddUp as wrong:
            form.add_error("amount", form.does_not_add_up(*wrong.args))
            return self.form_invalid(form)
        except IntegrityError:
            # Somebody else has made the baseline since: then this is a re-plan and needs a reason.
            form.add_error("reason", gettext("Somebody else has just set a plan. Say why yours replaces it."))
            return self.form_invalid(form)
        return self.done(gettext("The plan is set."))
