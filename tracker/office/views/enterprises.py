"""The enterprises: the list, and one enterprise with its projects."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.generic import DetailView, FormView

from tracker.badges.models import Award
from tracker.badges.presentation import STRIP_LENGTH, history_strip
from tracker.calendars.periods import HalfMonth
from tracker.inspections.consistency import Open, answered_of, in_years, left
from tracker.inspections.queries import worst_badge_first
from tracker.library.models import Division, Enterprise, Project
from tracker.library.saved_views import SavedView
from tracker.merging.queries import enterprises_like
from tracker.office.access import OfficialOnly
from tracker.office.contradictions import line_of
from tracker.office.filters import EnterpriseFilters
from tracker.office.forms.library import EnterpriseForm
from tracker.office.lists.pages import COUNTED, counted
from tracker.office.tables.enterprises import EnterpriseTable, worst_badge
from tracker.office.views.likely import AsksBeforeDoubling, led_on
from tracker.office.views.lists import ListPage
from tracker.office.views.projects import skipped_in


class Enterprises(ListPage):
    """The county's enterprises: searched, narrowed down, sorted."""

    list_name = SavedView.List.ENTERPRISES
    table = EnterpriseTable
    filter_class = EnterpriseFilters
    template_name = "office/enterprises.html"

    def rows(self) -> Any:
        """The enterprises; one that was merged into another is found there."""
        return Enterprise.objects.filter(merged_into=None)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With how many there are, and what can be done here."""
        found = counted(self.filters.qs) if self.hits is None else len(self.hits)
        return {
            **super().get_context_data(**kwargs),
            "found": min(found, COUNTED),
            "is_exact": found <= COUNTED,
            "may_add": self.person.can("add_enterprise"),
            "may_import": self.person.can("import_table"),
        }


class OneEnterprise(OfficialOnly):
    """A page about one enterprise that the official sees; another one is 404."""

    @cached_property
    def enterprise(self) -> Enterprise:
        """The enterprise of the address."""
        visible = Enterprise.objects.visible_to(self.person).select_related(
            "county", "township", "industry", "merged_into"
        )
        enterprise: Enterprise = get_object_or_404(visible, pk=self.kwargs["pk"])
        self.require(enterprise)
        return enterprise

    @cached_property
    def county(self) -> Division:
        """The enterprise's county."""
        return self.enterprise.county


class EnterprisePage(OneEnterprise, DetailView):
    """Who an enterprise is, and how its projects stand."""

    template_name = "office/enterprise.html"
    context_object_name = "enterprise"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page; that of a merged enterprise leads on."""
        return led_on(request, self.enterprise) or super().get(request, *args, **kwargs)

    def get_object(self, queryset: Any = None) -> Enterprise:
        """The enterprise of the address."""
        return self.enterprise

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Its projects with their latest badge and their history."""
        projects = list(worst_badge_first(Project.objects.filter(enterprise=self.enterprise).for_table()))
        years = list(self.enterprise.years.all())
        may_change = self.person.can("change_enterprise", self.enterprise)
        return {
            **super().get_context_data(**kwargs),
            "worst": worst_badge(projects),
            "projects": self._with_history(projects),
            "show_url": reverse("office:show_enterprise_phone", args=[self.enterprise.pk])
            if self.person.can("reveal_phone", self.enterprise)
            else "",
            "may_change": may_change,
            "may_merge": self.person.can("merge_records", self.enterprise),
            "likely": enterprises_like(self.enterprise.name, self.county, self.enterprise)
            if self.person.can("merge_records", self.enterprise)
            else [],
            "may_add_project": self.person.can("add_project"),
            "years": years,
            "contacts": self.enterprise.contacts.all(),
            "former_names": self.enterprise.former_names.all(),
            "contradictions": [
                line_of(Open(self.enterprise, finding), self.person, may_change_enterprise=may_change)
                for finding in left(in_years(years, timezone.localdate()), answered_of(self.enterprise))
            ],
        }

    def _with_history(self, projects: list[Project]) -> list[dict[str, Any]]:
        until = HalfMonth.latest_cut_off(timezone.localdate())
        newest = [HalfMonth.starting(p.badge_cycle_start) for p in projects if p.badge_cycle_start]
        until = max([until, *newest])
        awards = Award.objects.standing().filter(project__in=projects)
        awards = awards.filter(cycle_start__gte=until.plus(1 - STRIP_LENGTH).start).order_by("-cycle_start")
        by_project: dict[int, list[Award]] = {project.pk: [] for project in projects}
        for award in awards.defer("lights", "inputs"):
            by_project[award.project_id].append(award)
        skipped = skipped_in(self.county.pk)
        return [
            {
                "project": project,
                "number": str(number),
                "award": next(iter(by_project[project.pk]), None),
                "marks": history_strip(by_project[project.pk], until, skipped),
            }
            for number, project in enumerate(projects, start=1)
        ]


class EnterpriseFormPage(FormView):
    """An enterprise's facts, entered by hand."""

    form_class = EnterpriseForm
    template_name = "office/enterprise_form.html"

    def form_valid(self, form: EnterpriseForm) -> HttpResponse:
        """Save, and show the enterprise."""
        enterprise = form.save()
        messages.success(self.request, gettext("Saved."))
        return redirect("office:enterprise", pk=enterprise.pk)


class AddEnterprise(AsksBeforeDoubling, OfficialOnly, EnterpriseFormPage):
    """Take an enterprise into the library by hand."""

    needs = "add_enterprise"

    def form_valid(self, form: EnterpriseForm) -> HttpResponse:
        """Save what is no double."""
        return self.asked_first(form) or super().form_valid(form)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Of the county."""
        return {
            **super().get_form_kwargs(),
            "instance": Enterprise(county=self.county),
            "county": self.county,
            "by": self.person,
        }


class EditEnterprise(OneEnterprise, EnterpriseFormPage):
    """Correct what the library knows of an enterprise."""

    needs = "change_enterprise"

    def get_form_kwargs(self) -> dict[str, Any]:
        """About this enterprise."""
        return {
            **super().get_form_kwargs(),
            "instance": self.enterprise,
            "county": self.county,
            "by": self.person,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the enterprise that it is about."""
        return {**super().get_context_data(**kwargs), "enterprise": self.enterprise}
