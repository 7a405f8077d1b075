"""Started projects that are not in statistics yet."""

from datetime import date
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tracker.badges.rules import Dimension
from tracker.library.models import Project
from tracker.library.words import inclusion_label, known_date, wan
from tracker.office.tables.cycles import NUMBER, label_cells
from tracker.office.tables.paged import PagedTable


class InclusionTable(PagedTable):
    """One row a project, the longest waiting first."""

    name = tables.Column(verbose_name=_("Project"), order_by=("name", "pk"))
    enterprise = tables.Column(
        verbose_name=_("Enterprise"), accessor="enterprise__name", order_by=("enterprise__name", "pk")
    )
    planned_total = tables.Column(
        verbose_name=_("Planned total (万元)"), attrs=NUMBER, order_by=("planned_total", "pk")
    )
    started_on = tables.Column(verbose_name=_("Started on"), empty_values=(), order_by=("started_on", "pk"))
    days = tables.Column(
        verbose_name=_("Days since"), empty_values=(), attrs=NUMBER, order_by=("-started_on", "-pk")
    )
    inclusion_state = tables.Column(verbose_name=_("State"), order_by=("inclusion_state", "pk"))
    light = tables.Column(verbose_name=_("Light"), empty_values=(), orderable=False)
    act = tables.Column(verbose_name=_("What to do"), empty_values=(), orderable=False)

    class Meta:
        attrs = {"class": "table cards-on-phone board"}
        default = ""

    def __init__(self, *args: Any, today: date, decides: bool, **options: Any) -> None:
        self.today = today
        super().__init__(*args, **options, exclude=() if decides else ("act",))

    def before_render(self, request: Any) -> None:
        """On a phone each cell stands alone."""
        label_cells(self)

    def render_name(self, value: str, record: Project) -> str:
        """The project, which leads to its page."""
        return format_html('<a href="{}">{}</a>', reverse("office:project", args=[record.pk]), value)

    def render_planned_total(self, value: Decimal) -> str:
        """An amount."""
        return wan(value)

    def render_started_on(self, record: Project) -> str:
        """The day, or the month where only that is known."""
        return known_date(record, "started_on")

    def render_days(self, record: Project) -> str:
        """Days from the start to today."""
        if record.started_on is None:
            return ""
        days = max(0, (self.today - record.started_on).days)
        return _now("about %(days)s") % {"days": days} if "started_on" in record.month_only else str(days)

    def render_inclusion_state(self, value: str, record: Project) -> str:
        """The state in words, with the bureau's reference."""
        label = inclusion_label(record.inclusion_state)
        return f"{label} ({record.inclusion_reference})" if record.inclusion_reference else label

    def render_light(self, record: Any) -> str:
        """The colour that inclusion has in the project's latest badge."""
        lights = record.latest_lights or []
        colour = next((light["badge"] for light in lights if light["dimension"] == Dimension.INCLUSION), None)
        return render_to_string("parts/_badge.html", {"badge": colour}) if colour else ""

    def render_act(self, record: Project) -> str:
        """The liaison's way in."""
        return format_html(
            '<a href="{}">{}<span class="visually-hidden">: {}</span></a>',
            reverse("office:set_inclusion", args=[record.pk]),
            _now("Set"),
            record.name,
        )
