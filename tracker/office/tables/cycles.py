"""The projects of one half-month with what was reported."""

from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tracker.inspections.models import Inspection
from tracker.library.models import Project
from tracker.library.words import figure, wan
from tracker.office.tables.paged import PagedTable

NUMBER = {"th": {"class": "number"}, "td": {"class": "number"}}


def label_cells(table: tables.Table) -> None:
    """Let each cell carry the name of its column, for phones, where a row is a card without a head."""
    for column in table.columns:
        cell = column.column.attrs.get("td", {})
        column.column.attrs = {**column.column.attrs, "td": {**cell, "data-label": str(column.header)}}


class BoardTable(PagedTable):
    """One row a project, whether it was inspected or not."""

    name = tables.Column(verbose_name=_("Project"), order_by=("name", "pk"))
    enterprise = tables.Column(
        verbose_name=_("Enterprise"), accessor="enterprise__name", order_by=("enterprise__name", "pk")
    )
    report_state = tables.Column(verbose_name=_("State"), empty_values=(), order_by=("report_state", "pk"))
    report_cumulative = tables.Column(
        verbose_name=_("Since the start (万元)"), attrs=NUMBER, order_by=("report_cumulative", "pk")
    )
    report_ytd = tables.Column(
        verbose_name=_("This year (万元)"), attrs=NUMBER, order_by=("report_ytd", "pk")
    )
    report_progress = tables.Column(
        verbose_name=_("Progress (%)"), attrs=NUMBER, order_by=("report_progress", "pk")
    )
    given_badge = tables.Column(
        verbose_name=_("Badge"), empty_values=(), order_by=("badge_rank", "enterprise__name", "pk")
    )
    inspector = tables.Column(
        verbose_name=_("Inspector"), accessor="inspector__name", order_by=("inspector__name", "pk")
    )

    class Meta:
        attrs = {"class": "table cards-on-phone board"}
        default = ""

    def before_render(self, request: Any) -> None:
        """On a phone each cell stands alone."""
        label_cells(self)

    def render_name(self, value: str, record: Project) -> str:
        """The project, which leads to its page."""
        return format_html('<a href="{}">{}</a>', reverse("office:project", args=[record.pk]), value)

    def render_report_state(self, value: str | None) -> str:
        """The state in words."""
        return str(Inspection.State(value).label) if value else _now("Not yet inspected")

    def render_report_cumulative(self, value: Decimal) -> str:
        """An amount."""
        return wan(value)

    def render_report_ytd(self, value: Decimal) -> str:
        """An amount."""
        return wan(value)

    def render_report_progress(self, value: Decimal) -> str:
        """Per cent of the whole project."""
        return figure(value)

    def render_given_badge(self, value: str | None, record: Any) -> str:
        """The badge of this half-month, with its marks."""
        if not value:
            return ""
        facts = {
            "badge": value,
            "provisional": record.given_state == "provisional",
            "stale": record.given_stale,
        }
        return render_to_string("parts/_badge.html", facts)
