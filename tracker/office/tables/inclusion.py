"""Started projects that are not in statistics yet."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.badges.rules import Dimension
from tracker.library.inclusion.rules import PaperKind, due_on
from tracker.library.models import Project
from tracker.library.words import inclusion_label, known_date, wan
from tracker.office.lists.columns import UNKNOWN
from tracker.office.tables.cycles import NUMBER, label_cells
from tracker.office.tables.paged import PagedTable

# A day, and under it what there is to say of it.
WITH_REMARK = '<span class="nowrap">{}</span><br><span class="{}">{}</span>'


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
    due = tables.Column(verbose_name=_("Papers due by"), empty_values=(), order_by=("due_since", "pk"))
    missing = tables.Column(verbose_name=_("Missing papers"), empty_values=(), orderable=False)
    inclusion_state = tables.Column(verbose_name=_("State"), order_by=("inclusion_state", "pk"))
    light = tables.Column(verbose_name=_("Light"), empty_values=(), orderable=False)

    class Meta:
        attrs = {"class": "table cards-on-phone board"}
        default = ""

    def __init__(
        self,
        *args: Any,
        today: date,
        deadline_day: int,
        missing: Mapping[int, list[PaperKind]],
        person: User,
        decides: bool,
        **options: Any,
    ) -> None:
        self.today, self.deadline_day, self.person = today, deadline_day, person
        self.papers_missing = missing
        self.decides = decides
        super().__init__(*args, **options)

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
        """The day, or the month where only that is known, and how long ago that is."""
        if record.started_on is None:
            return UNKNOWN
        days = max(0, (self.today - record.started_on).days)
        told = ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}
        if "started_on" in record.month_only:
            told = gettext("about %(days)s") % {"days": told}
        return format_html(
            '<span class="nowrap">{}</span><br><span class="quiet">{}</span>',
            known_date(record, "started_on"),
            told,
        )

    def render_due(self, record: Any) -> str:
        """The day, and how many days are left or over."""
        if record.due_since is None:
            return UNKNOWN
        day = due_on(record.due_since, self.deadline_day)
        left = (day - self.today).days
        words = {"day": date_format(day, "DATE_FORMAT"), "days": abs(left)}
        if left < 0:
            told = ngettext("%(days)s day over", "%(days)s days over", -left) % words
            return format_html(
                '<span class="nowrap">{}</span><br><strong class="overdue">{}</strong>', words["day"], told
            )
        told = ngettext("%(days)s day left", "%(days)s days left", left) % words
        return format_html(
            '<span class="nowrap">{}</span><br><span class="quiet">{}</span>', words["day"], told
        )

    def render_missing(self, record: Project) -> str:
        """The checklist: one tap for each paper that has come, for those who may say so."""
        context = {
            "kinds": self.papers_missing.get(record.pk, []),
            "project": record,
            "may_keep": self.person.can("keep_papers", record),
        }
        return render_to_string("office/_papers_missing.html", context)

    def render_inclusion_state(self, value: str, record: Project) -> str:
        """The state in words, with the bureau's reference and the liaison's way in."""
        label = inclusion_label(record.inclusion_state)
        told = f"{label} ({record.inclusion_reference})" if record.inclusion_reference else label
        if not self.decides:
            return told
        return format_html(
            '{}<br><a href="{}">{}<span class="visually-hidden">: {}</span></a>',
            told,
            reverse("office:set_inclusion", args=[record.pk]),
            gettext("Set"),
            record.name,
        )

    def render_light(self, record: Any) -> str:
        """The colour that inclusion has in the project's latest badge."""
        lights = record.latest_lights or []
        colour = next((light["badge"] for light in lights if light["dimension"] == Dimension.INCLUSION), None)
        return render_to_string("parts/_badge.html", {"badge": colour}) if colour else ""
