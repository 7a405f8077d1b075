"""How the county stands: the months that are over, and the one that is running."""

from datetime import date
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import TemplateView

from tracker.calendars.periods import Month as CalendarMonth
from tracker.library.models import Division
from tracker.office.access import OfficialOnly
from tracker.spreadsheets.writing import XLSX
from tracker.summaries.models import MonthlySummary
from tracker.summaries.presentation import tell
from tracker.summaries.queries import COLOURS, Figures, figures, headlines, running_month
from tracker.summaries.workbook import filename, project_table


class Overview(OfficialOnly, TemplateView):
    """The latest complete month, the one that is running, and all that were kept."""

    template_name = "office/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Figures of the whole county: a township's own people see the page without them."""
        context = super().get_context_data(**kwargs)
        if not Division.objects.visible_to(self.person).filter(pk=self.county.pk).exists():
            return {**context, "is_whole_county": False}
        today = timezone.localdate()
        kept = MonthlySummary.objects.visible_to(self.person).filter(county=self.county)
        latest = kept.order_by("-month_start").first()
        return {
            **context,
            "is_whole_county": True,
            "latest": tell(latest.figures) if latest else None,
            "running": tell(_so_far(self.county, today)),
            "colours": COLOURS,
            "months": [_line(month) for month in headlines(kept)],
        }


def _so_far(county: Division, today: date) -> Figures:
    """The running month without movement: a part of the projects is not to be held against all."""
    return figures(county, running_month(county, today), today) | {"before": None, "change": None}


def _line(kept: Figures) -> dict[str, Any]:
    """One month in the list, its counts in the order of the colours."""
    return {
        **kept,
        "month": CalendarMonth.containing(kept["month_start"]),
        "counts": [kept["counts"][colour.value] for colour in COLOURS],
    }


class Month(OfficialOnly, TemplateView):
    """One complete month as its leaders were told, to read, to print, or as a workbook."""

    template_name = "office/month.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or with `?format=xlsx` the table of projects."""
        if request.GET.get("format") != "xlsx":
            return super().get(request, *args, **kwargs)
        told = self.summary.figures
        answer = HttpResponse(project_table(told), content_type=XLSX)
        answer["Content-Disposition"] = f'attachment; filename="{filename(told)}"'
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What was kept, in the reader's language."""
        return {
            **super().get_context_data(**kwargs),
            "summary": tell(self.summary.figures),
            "kept": self.summary,
        }

    @cached_property
    def summary(self) -> MonthlySummary:
        """The county's month; one that is not complete, or not of the official's own county, is 404."""
        month: CalendarMonth = self.kwargs["month"]
        kept = MonthlySummary.objects.visible_to(self.person)
        return get_object_or_404(kept, county=self.county, month_start=month.start)
