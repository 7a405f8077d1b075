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
from tracker.calendars.periods import HalfMonth
from tracker.converters import RowId
from tracker.inspections.actions import judge_again
from tracker.inspections.consistency import Open, facts_with, in_project, left, year_of
from tracker.inspections.figures import beside_figure
from tracker.inspections.models import Cycle, Inspection
from tracker.library.actions import PlanDoesNotAddUp, plan_year
from tracker.library.inclusion.queries import listed
from tracker.library.models import ENDED_STAGES, BadgeColour, Enterprise, Project, ProjectQuerySet
from tracker.library.saved_views import SavedView
from tracker.merging.queries import alike
from tracker.office.access import OfficialOnly
from tracker.office.contradictions import Line, line_of
from tracker.office.filters import ProjectFilters
from tracker.office.forms.history import DayForm
from tracker.office.forms.library import PlanForm, ProjectForm
from tracker.office.lists.address import PASSING, kept
from tracker.office.lists.pages import COUNTED, counted_by
from tracker.office.project_facts import comparison_of, components_of, lapse_of, milestones_of
from tracker.office.record import (
    ProjectRecord,
    asked_half_month,
    open_since,
    record_of,
    with_what_it_belongs_to,
)
from tracker.office.standing import standing_with
from tracker.office.tables.projects import ProjectTable
from tracker.office.timeline import timeline_of, trouble_of
from tracker.office.views.likely import AsksBeforeDoubling, led_on
from tracker.office.views.lists import ListPage

EVENTS_SHOWN = 10
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
        visible = self.with_what_it_shows(Project.objects.visible_to(self.person))
        project: Project = get_object_or_404(visible, pk=self.kwargs["pk"])
        self.require(project)
        return project

    def with_what_it_shows(self, projects: ProjectQuerySet) -> ProjectQuerySet:
        """The project with what the page shows of it."""
        return with_what_it_belongs_to(projects).prefetch_related("plans")

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

    def with_what_it_shows(self, projects: ProjectQuerySet) -> ProjectQuerySet:
        """Its plans come with the record."""
        return with_what_it_belongs_to(projects)

    @cached_property
    def record(self) -> ProjectRecord:
        """The project with its history."""
        return record_of(
            self.project,
            timezone.localdate(),
            asked=asked_half_month(self.request.GET.get("cycle", "")),
            looks_for_likely=self.person.can("merge_records", self.project),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The badge asked for, or the latest, with everything that led to it."""
        today = timezone.localdate()
        record, project, award = self.record, self.project, self.record.award
        inspections = record.inspections[:STRIP_LENGTH]
        year = award.cycle_start.year if award else HalfMonth.latest_cut_off(today).year
        plan, baseline = project.plan_for(year), project.baseline_for(year)
        events = timeline_of(record)
        return {
            **super().get_context_data(**kwargs),
            "award": award,
            "is_latest": award is None or award is record.standing[0],
            "chart": plan_chart(award, record.invested_until(award)) if award else None,
            "marks": strip_of(record, today),
            "superseded": [award for award in record.awards if award.state == Award.State.SUPERSEDED],
            "inspections": inspections,
            "inspection_url": _place_of(award, inspections),
            "year": year,
            "plan": plan,
            "baseline": baseline,
            "replans": plan.version - baseline.version if plan and baseline else 0,
            "reads_trail": self.person.can("read_trail"),
            "show_url": reverse("office:show_project_phone", args=[project.pk])
            if self.person.can("reveal_phone", project)
            else "",
            "inspect_url": reverse("office:inspect", args=[project.pk]) if self._may_inspect else "",
            "may_change": self.person.can("change_project", project),
            "may_merge": self.person.can("merge_records", project),
            "likely": self._likely,
            "photos": record.photos,
            "may_keep_photos": self.person.can("keep_photos", project),
            "milestones": milestones_of(project),
            "components": components_of(project),
            "lapse": lapse_of(project, today),
            "stage_changes": record.stage_changes,
            "total_changes": record.total_changes,
            "contradictions": self._contradictions(today),
            "inclusion": standing_with(
                project, self.person, today, listed(project, record.papers), record.settings
            ),
            "line": beside_figure(project, record.figure, inspections, record.explanations)
            if record.figure
            else None,
            "problem_since": open_since(record),
            "trouble": trouble_of(record),
            "events": events[:EVENTS_SHOWN],
            "has_more_events": len(events) > EVENTS_SHOWN,
            "day_form": DayForm({"on": today}, today=today),
        }

    def _contradictions(self, today: date) -> list[Line]:
        plan = self.project.plan_for(year_of(today))
        found = in_project(
            facts_with(self.project, self.record.accepted, plan.amount if plan else None, today)
        )
        answered = {(row.code, row.fingerprint) for row in self.record.answered}
        return [line_of(Open(self.project, finding), self.person) for finding in left(found, answered)]

    @property
    def _likely(self) -> list[Project]:
        """The enterprise's other projects that may be this one, for those who may merge them."""
        likely = self.record.likely
        if likely is None:
            return []
        found = alike(self.project, likely.others, likely.places, likely.apart)
        return [other for other in likely.others if other.pk in found]

    @property
    def _may_inspect(self) -> bool:
        """Whether there is a half-month to inspect it in, and it is the person's to do."""
        is_followed = self.project.stage not in ENDED_STAGES
        return is_followed and self.record.has_open_cycle and self.person.can("inspect_project", self.project)


def _place_of(award: Award | None, inspections: list[Inspection]) -> str:
    """Where on the page the inspection stands that the badge rests on."""
    if award is None or not any(inspection.cycle_start == award.cycle_start for inspection in inspections):
        return ""
    return f"#inspection-{award.cycle_start.isoformat()}"


def strip_of(record: ProjectRecord, today: date) -> list[StripMark]:
    """The project's last half-months up to now, or up to its latest badge where that is later."""
    until = HalfMonth.latest_cut_off(today)
    if record.standing:
        until = max(until, HalfMonth.starting(record.standing[0].cycle_start))
    return history_strip(record.standing, until, record.skipped)


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
