"""调度数 beside 统计数: what was inspected and what statistics has, month by month, and why they differ."""

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import FormView, TemplateView

from tracker.calendars.periods import Month, NotAPeriod, shanghai_date
from tracker.inspections.figures import Beside, beside_each_other
from tracker.library.inclusion import rules
from tracker.library.inclusion.actions import (
    ChangedMeanwhile,
    DoesNotAddUp,
    NoSurvey,
    explain_difference,
    set_figure,
)
from tracker.library.inclusion.models import StatisticalFigure
from tracker.library.inclusion.words import CONTRADICTIONS
from tracker.library.models import Division, Project
from tracker.library.rules import INCLUSION_THRESHOLD
from tracker.library.words import month_label, wan
from tracker.office.access import OfficialOnly
from tracker.office.forms.inclusion import ExplanationForm, FigureFilter, FigureForm
from tracker.office.views.projects import OneProject

# Of earlier years the address names the month.
MONTHS_OFFERED = 24
ROWS_A_PAGE = 50


def surveyed_months(today: date, number: int = MONTHS_OFFERED) -> list[Month]:
    """The last months of which the survey has figures, the latest first."""
    month = rules.latest_survey(today)
    found: list[Month] = []
    while len(found) < number:
        if rules.has_survey(month):
            found.append(month)
        month = month.previous()
    return found


class Figures(OfficialOnly, TemplateView):
    """Where do the two figures of a month differ, and why?"""

    template_name = "office/figures.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The projects of the county that belong into statistics, the largest difference first."""
        today = shanghai_date(timezone.now())
        chosen = FigureFilter(
            self.request.GET, county=self.county, months=surveyed_months(today), auto_id="filter_%s"
        )
        month, wanted = chosen.chosen_month, chosen.wanted
        projects = Project.objects.visible_to(self.person).of_county(self.county)
        projects = projects.filter(planned_total__gte=INCLUSION_THRESHOLD).for_table()
        if "township" in wanted:
            projects = projects.filter(township=wanted["township"])
        lines = beside_each_other(projects.order_by("enterprise__name", "name", "pk"), [month])
        numbers = {
            "open": sum(line.is_open for line in lines),
            "differing": sum(bool(line.difference) for line in lines),
            "lacking": sum(line.figure is None for line in lines),
        }
        shown = [line for line in lines if _fits(line, wanted.get("show", ""))]
        shown.sort(key=lambda line: (-abs(line.difference or Decimal(0)), line.project.name))
        page = Paginator(shown, ROWS_A_PAGE).get_page(self.request.GET.get("page"))
        return {
            **super().get_context_data(**kwargs),
            "filter": chosen,
            "month": month,
            "numbers": numbers,
            "number": len(lines),
            "page": page,
            "may_import": self.person.can("import_bureau_list"),
        }


def _fits(line: Beside, show: str) -> bool:
    match show:
        case "open":
            return line.is_open
        case "differing":
            return bool(line.difference)
        case "lacking":
            return line.figure is None
        case _:
            return True


class ProjectFigures(OneProject, TemplateView):
    """The two figures of one project, month by month."""

    template_name = "office/project_figures.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The last two years; January alone is never expected."""
        months = surveyed_months(shanghai_date(timezone.now()))
        return {
            **super().get_context_data(**kwargs),
            "project": self.project,
            "lines": beside_each_other([self.project], months),
            "months": months,
            "may_set": self.person.can("set_inclusion", self.project),
            "may_explain": self.person.can("explain_difference", self.project),
        }


class SetFigure(OneProject, FormView):
    """What does statistics have of this project up to the end of the month?"""

    needs = "set_inclusion"
    form_class = FigureForm
    template_name = "office/figure_set.html"

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    @cached_property
    def month(self) -> Month:
        """The month of `?month=2026-10`, the latest one when none is named."""
        asked = self.request.GET.get("month")
        try:
            return Month.parse(asked) if asked else rules.latest_survey(self.today)
        except NotAPeriod:
            raise Http404 from None

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the figure that there is."""
        data = self.request.POST if self.request.method == "POST" else None
        found = StatisticalFigure.objects.of_month(self.month).filter(project=self.project).first()
        return {"data": data, "figure": found, "by": self.person}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what inspections have reported, to look at beside it."""
        found = beside_each_other([self.project], [self.month])
        return {
            **super().get_context_data(**kwargs),
            "project": self.project,
            "month": self.month,
            "line": found[0] if found else None,
        }

    def form_valid(self, form: FigureForm) -> HttpResponse:
        """Keep it, or say why not."""
        now = timezone.now()
        try:
            set_figure(
                self.project,
                self.month,
                form.amounts,
                by=self.person,
                at=now,
                today=self.today,
                edition=form.cleaned_data["edition"],
            )
        except DoesNotAddUp as wrong:
            for code in wrong.codes:
                field = "used_equipment" if code == "used_above_equipment" else "ytd_investment"
                form.add_error(field, str(CONTRADICTIONS[code]))
            return self.form_invalid(form)
        except NoSurvey:
            form.add_error(None, _("Statistics has no figure of this month, or the month is not over."))
            return self.form_invalid(form)
        except ChangedMeanwhile:
            return self.render_to_response(self.get_context_data(form=form, is_conflict=True), status=409)
        words = {"project": self.project.name, "month": month_label(self.month.start)}
        words["amount"] = wan(form.amounts.ytd)
        messages.success(self.request, _("%(project)s, %(month)s: %(amount)s 万元 in statistics.") % words)
        return redirect("office:project_figures", pk=self.project.pk)

    def form_invalid(self, form: FigureForm) -> HttpResponse:
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ExplainDifference(OfficialOnly, FormView):
    """Why do the two figures of this month differ?"""

    needs = "explain_difference"
    form_class = ExplanationForm
    template_name = "office/difference_explain.html"

    @cached_property
    def figure(self) -> StatisticalFigure:
        """The figure of the address, if the official sees its project."""
        visible = StatisticalFigure.objects.visible_to(self.person)
        figure: StatisticalFigure = get_object_or_404(
            visible.select_related("project__county", "project__enterprise"), pk=self.kwargs["pk"]
        )
        self.require(figure)
        return figure

    @cached_property
    def county(self) -> Division:
        """The project's county."""
        return self.figure.project.county

    @cached_property
    def line(self) -> Beside:
        """Both figures as they stand now."""
        return beside_each_other([self.figure.project], [self.figure.period])[0]

    def get_form_kwargs(self) -> dict[str, Any]:
        """About the difference as it stands."""
        data = self.request.POST if self.request.method == "POST" else None
        figure = self.figure
        known = self.line.explanation or self.line.outdated
        assert figure == self.line.figure
        return {
            "data": data,
            "difference": self.line.difference,
            "text": known.text if known else "",
            "by": self.person,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With both figures."""
        return {**super().get_context_data(**kwargs), "project": self.figure.project, "line": self.line}

    def form_valid(self, form: ExplanationForm) -> HttpResponse:
        """Keep the explanation of the difference that was looked at, as long as it is still that one."""
        facts = form.cleaned_data
        if facts["difference"] != self.line.difference:
            return self.render_to_response(self.get_context_data(form=form, is_conflict=True), status=409)
        explain_difference(self.figure, facts["difference"], facts["text"], by=self.person, at=timezone.now())
        messages.success(self.request, _("The explanation is kept."))
        return redirect(reverse("office:project_figures", args=[self.figure.project_id]))

    def form_invalid(self, form: ExplanationForm) -> HttpResponse:
        """Show what is wrong."""
        return self.render_to_response(self.get_context_data(form=form), status=422)
