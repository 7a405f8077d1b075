"""What a list shows as a file: a workbook, a CSV, or the county's own table to be taken back."""

from datetime import date
from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.calendars.periods import HalfMonth, shanghai_date
from tracker.exchange.exports import (
    Column,
    enterprise_columns,
    export,
    inclusion_columns,
    may_reveal,
    project_columns,
)
from tracker.exchange.review_table import (
    NothingReported,
    TooManyRows,
    half_month_of_most,
    projects_reported_last_in,
    reported,
    template,
)
from tracker.inspections.queries import awaiting_inclusion
from tracker.library.models import CountySettings, Enterprise, Project, ProjectQuerySet
from tracker.library.words import half_month_label
from tracker.office.access import OfficialOnly
from tracker.office.filters import LONGEST_SEARCH, EnterpriseFilters, ProjectFilters
from tracker.office.forms.inclusion import InclusionFilter
from tracker.office.lists.address import columns_in
from tracker.office.lists.choices import choices_for
from tracker.office.views.inclusion import narrowed_down
from tracker.spreadsheets.writing import CSV, MOST_ROWS, XLSX, attachment, csv_lines, xlsx_file


class ExportList(OfficialOnly):
    """A list as it is narrowed down now, in the order of its names; that it was taken out is written down.

    `?format=csv` instead of a workbook, `?columns=all` with all facts, `?phones=plain` with telephone numbers
    where the person may see them.
    """

    needs = "export_list"
    list_name: ClassVar[str] = ""
    model: ClassVar[type[Any]]
    filter_names: ClassVar[tuple[str, ...]] = ()

    @property
    def rows(self) -> QuerySet[Any]:
        """What the filters leave of what the person sees."""
        raise NotImplementedError

    @property
    def columns(self) -> list[Column]:
        """All columns that there are."""
        raise NotImplementedError

    @property
    def title(self) -> str:
        """What the list is called."""
        raise NotImplementedError

    @cached_property
    def today(self) -> date:
        """The day in Shanghai."""
        return shanghai_date(timezone.now())

    @cached_property
    def reveals(self) -> Q | None:
        """Of which rows telephone numbers are given in plain."""
        wants = self.request.GET.get("phones") == "plain"
        return may_reveal(self.person, self.model) if wants else None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The file, written while it is read; a workbook can hold only so many rows."""
        is_csv, rows = request.GET.get("format") == "csv", self.rows
        number = rows.count()
        if not is_csv and number >= MOST_ROWS:
            messages.error(
                request, _("A workbook cannot hold so many rows. Take the CSV, or narrow it down.")
            )
            return redirect(f"{reverse(f'office:{self.list_name}')}?{request.GET.urlencode()}")
        with_all = request.GET.get("columns") == "all" or self.reveals is not None
        asked = set(columns_in(request.GET))
        chosen = [column for column in self.columns if column.name in asked]
        listed = chosen or [column for column in self.columns if column.is_listed]
        columns = self.columns if with_all else listed
        self.write_down("csv" if is_csv else "xlsx", number)
        table = export(rows, columns, reveals=self.reveals)
        headers = self.named("csv" if is_csv else "xlsx")
        if is_csv:
            return StreamingHttpResponse(
                csv_lines(table.heads, table.rows), content_type=CSV, headers=headers
            )
        file = xlsx_file(table.heads, table.rows, sheet=self.title[:31])
        answer = FileResponse(file, content_type=XLSX)
        # Afterwards: it would call the file by the name that it has on the disk.
        for name, value in headers.items():
            answer[name] = value
        return answer

    def write_down(self, kind: str, number: int) -> None:
        """Who took out what, by which filters, and how many rows; numbers in plain are a reveal besides."""
        given = {name: self.request.GET.get(name, "") for name in self.filter_names}
        asked = {name: value[:LONGEST_SEARCH] for name, value in given.items() if value}
        told = {"list": self.list_name, "format": kind, "filters": asked, "rows": number}
        record(AuditEntry.Act.EXPORTED, self.county, after=told)
        if self.reveals is not None:
            shown = self.rows.filter(self.reveals).exclude(contact_phone="").distinct().count()
            record(
                AuditEntry.Act.REVEALED,
                self.county,
                after={"field": "contact_phone", "list": self.list_name, "filters": asked, "rows": shown},
            )

    def named(self, suffix: str) -> dict[str, str]:
        """The headers of a file that is named for list, county and day, in the reader's language."""
        day = f"{self.today:%Y-%m-%d}"
        return attachment(
            f"{self.title}-{self.county.name}-{day}.{suffix}",
            f"{self.list_name}-{self.county.code}-{day}.{suffix}",
        )


class ExportProjects(ExportList):
    """The projects; `?format=table` in the shape of the county's half-monthly table."""

    list_name = "projects"
    model = Project
    filter_names = tuple(ProjectFilters.base_filters)

    @property
    def title(self) -> str:
        """As the page is called."""
        return _("Projects")

    @cached_property
    def rows(self) -> ProjectQuerySet:
        """As the list narrows them down."""
        seen = Project.objects.visible_to(self.person).of_county(self.county)
        choices = choices_for(self.person, self.county, self.list_name)
        found = ProjectFilters(self.request.GET, seen, choices=choices).qs
        return cast(ProjectQuerySet, found.order_by("enterprise__name", "name", "pk"))

    @property
    def columns(self) -> list[Column]:
        """With the figures of the year of the latest half-month."""
        return project_columns(HalfMonth.latest_cut_off(self.today).year)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A file of rows, or the county's table of the half-month of which most have figures."""
        if request.GET.get("format") != "table":
            return super().get(request, *args, **kwargs)
        followed = self.rows.followed()
        half_month = half_month_of_most(followed)
        try:
            if half_month is None:
                raise NothingReported
            content = reported(followed, self.county, half_month)
        except NothingReported:
            messages.error(
                request, _("None of these projects has been inspected yet, so the table is empty.")
            )
        except TooManyRows as refused:
            number = refused.args[0]
            messages.error(
                request,
                ngettext(
                    "A table holds up to %(number)s project. Narrow the list down.",
                    "A table holds up to %(number)s projects. Narrow the list down.",
                    number,
                )
                % {"number": number},
            )
        else:
            in_it = projects_reported_last_in(followed, half_month).count()
            self.write_down("table", in_it)
            return review_table_answer(content, self.county, half_month)
        return redirect(f"{reverse('office:projects')}?{request.GET.urlencode()}")


class ExportEnterprises(ExportList):
    """The enterprises."""

    list_name = "enterprises"
    model = Enterprise
    filter_names = tuple(EnterpriseFilters.base_filters)

    @property
    def title(self) -> str:
        """As the page is called."""
        return _("Enterprises")

    @cached_property
    def rows(self) -> QuerySet[Enterprise]:
        """As the list narrows them down."""
        seen = Enterprise.objects.visible_to(self.person).of_county(self.county)
        choices = choices_for(self.person, self.county, self.list_name)
        found: QuerySet[Enterprise] = EnterpriseFilters(self.request.GET, seen, choices=choices).qs
        return found.order_by("name", "pk")

    @property
    def columns(self) -> list[Column]:
        """Worst badge first."""
        return enterprise_columns()


class ExportInclusion(ExportList):
    """Started projects that are not in statistics yet."""

    list_name = "inclusion"
    model = Project
    filter_names = tuple(InclusionFilter.base_fields)

    @property
    def title(self) -> str:
        """As the page is called."""
        return _("Inclusion in statistics")

    @cached_property
    def rows(self) -> ProjectQuerySet:
        """As the list narrows them down."""
        seen: ProjectQuerySet = Project.objects.visible_to(self.person).of_county(self.county)
        wanted = InclusionFilter(self.request.GET, county=self.county).wanted
        deadline_day = CountySettings.of(self.county).inclusion_deadline_day
        waiting = narrowed_down(awaiting_inclusion(seen), wanted, self.today, deadline_day)
        return waiting.order_by("enterprise__name", "name", "pk")

    @property
    def columns(self) -> list[Column]:
        """With the days since the start."""
        return inclusion_columns(self.today)


class ReviewTable(OfficialOnly):
    """The county's table of a half-month to be filled in, with what is reported or the last figures."""

    needs = "export_list"

    def get(self, request: HttpRequest, cycle: HalfMonth) -> HttpResponseBase:
        """The workbook."""
        projects = Project.objects.visible_to(self.person).of_county(self.county).followed()
        try:
            content = template(projects, self.county, cycle)
        except TooManyRows as refused:
            messages.error(
                request,
                _("A table holds up to %(number)s projects. Export filtered lists instead.")
                % {"number": refused.args[0]},
            )
            return redirect("office:projects")
        told = {"list": "review_table", "half_month": cycle.code, "rows": projects.count()}
        record(AuditEntry.Act.EXPORTED, self.county, after=told)
        return review_table_answer(content, self.county, cycle)


def review_table_answer(content: bytes, county: Any, half_month: HalfMonth) -> HttpResponse:
    """The county's table as a file that is named for its half-month, by which the import knows it."""
    name = _("half-monthly table %(county)s %(half_month)s") % {
        "county": county.name,
        "half_month": half_month_label(half_month),
    }
    plain = f"table-{county.code}-{half_month.code}.xlsx"
    return HttpResponse(content, content_type=XLSX, headers=attachment(f"{name}.xlsx", plain))
