"""What has happened to a project, and how a record stood on a day."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from tracker.library.models import Enterprise, Project
from tracker.office.as_of import as_of
from tracker.office.forms.history import DayForm
from tracker.office.record import record_of
from tracker.office.timeline import KINDS, Kind, timeline_of
from tracker.office.views.enterprises import OneEnterprise
from tracker.office.views.projects import OneProject

EVENTS_A_PAGE = 50


class ProjectTimeline(OneProject, TemplateView):
    """All that has happened to a project, the latest first, by kind where one is asked for."""

    template_name = "office/project_timeline.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of it, with how many there are of each kind."""
        events = timeline_of(record_of(self.project, timezone.localdate(), whole=True))
        asked = self.request.GET.get("kind", "")
        kind = Kind(asked) if asked in set(Kind) else None
        numbers = {one: sum(event.kind == one for event in events) for one in Kind}
        shown = [event for event in events if kind is None or event.kind == kind]
        page = Paginator(shown, EVENTS_A_PAGE).get_page(self.request.GET.get("page"))
        return {
            **super().get_context_data(**kwargs),
            "project": self.project,
            "page": page,
            "query": self.request.GET,
            "kind": kind or "",
            "all_number": len(events),
            "kinds": [
                {"code": one.value, "name": KINDS[one], "number": numbers[one]}
                for one in Kind
                if numbers[one]
            ],
        }


class AsOfPage(TemplateView):
    """How one record stood at the end of a day."""

    template_name = "office/as_of.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What was there then, with what is different today marked; today where no day is asked for."""
        today = timezone.localdate()
        form = DayForm(self.request.GET or {"on": today}, today=today)
        record = self.record
        is_project = isinstance(record, Project)
        return {
            **super().get_context_data(**kwargs),
            "record": record,
            "record_url": reverse("office:project" if is_project else "office:enterprise", args=[record.pk]),
            "is_project": is_project,
            "form": form,
            "today": today,
            "then": as_of(record, form.cleaned_data["on"]) if form.is_valid() else None,
        }

    @cached_property
    def record(self) -> Model:
        """What is asked about."""
        raise NotImplementedError


class ProjectAsOf(OneProject, AsOfPage):
    """How a project stood at the end of a day."""

    @cached_property
    def record(self) -> Project:
        """The project of the address."""
        return self.project


class EnterpriseAsOf(OneEnterprise, AsOfPage):
    """How an enterprise stood at the end of a day."""

    @cached_property
    def record(self) -> Enterprise:
        """The enterprise of the address."""
        return self.enterprise
