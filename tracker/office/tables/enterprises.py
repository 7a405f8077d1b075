"""The list of enterprises."""

from typing import Any

import django_tables2 as tables
from django.db.models import Min, Prefetch, QuerySet
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from tracker.badges import rules
from tracker.inspections.queries import WORST_FIRST, worst_badge_first
from tracker.library.models import Enterprise, EnterpriseQuerySet, Project
from tracker.office.tables.projects import UNKNOWN, PagedTable, badge_sign, cell, in_order_of


def with_badges(enterprises: EnterpriseQuerySet) -> EnterpriseQuerySet:
    """With the projects of each, worst badge first, fetched for the shown rows alone."""
    projects = worst_badge_first(Project.objects.all()).only("id", "enterprise_id", "name", "badge")
    return enterprises.select_related("township", "industry").prefetch_related(
        Prefetch("projects", projects, to_attr="listed_projects")
    )


def worst_badge(projects: list[Project]) -> str:
    """The worst of these projects' badges."""
    return rules.worst(rules.Badge(project.badge) for project in projects).code


class EnterpriseTable(PagedTable):
    """Enterprises with their worst badge and those of all their projects."""

    worst = tables.Column(
        verbose_name=_("Worst badge"), accessor="pk", attrs=cell(_("Worst badge"), "tiles__head")
    )
    name = tables.Column(
        verbose_name=_("Enterprise"),
        linkify=("office:enterprise", {"pk": tables.A("pk")}),
        order_by=("name", "pk"),
        attrs=cell(_("Enterprise"), "names tiles__wide"),
    )
    badges = tables.Column(
        verbose_name=_("Projects"),
        accessor="pk",
        orderable=False,
        attrs=cell(_("Projects"), "badges tiles__wide"),
    )
    credit_code = tables.Column(verbose_name=_("Credit code"), attrs=cell(_("Credit code"), "nowrap"))
    township = tables.Column(
        verbose_name=_("Township"), order_by=("township__name_zh", "pk"), attrs=cell(_("Township"), "at-desk")
    )
    industry = tables.Column(
        verbose_name=_("Industry"), order_by=("industry_id", "pk"), attrs=cell(_("Industry"))
    )
    chain = tables.Column(
        verbose_name=_("Industrial chain"), order_by=("chain", "pk"), attrs=cell(_("Industrial chain"))
    )
    rung = tables.Column(verbose_name=_("Grade"), attrs=cell(_("Grade")))

    class Meta:
        model = Enterprise
        fields = ("worst", "name", "badges", "credit_code", "township", "industry", "chain", "rung")
        attrs = {"class": "table table--wrapping tiles cards-on-phone"}
        default = UNKNOWN

    caption = _("Enterprises")

    def render_worst(self, record: Any) -> str:
        """The worst badge's sign."""
        return badge_sign(worst_badge(record.listed_projects))

    def render_badges(self, record: Any) -> str:
        """Each project by its badge and name, worst first."""
        if not record.listed_projects:
            return UNKNOWN
        items = format_html_join(
            "",
            '<li>{} <a href="{}">{}</a></li>',
            (
                (badge_sign(project.badge), reverse("office:project", args=[project.pk]), project.name)
                for project in record.listed_projects
            ),
        )
        return format_html('<ul class="plain-list">{}</ul>', items)

    def order_worst(self, enterprises: EnterpriseQuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Those with the worst badge first; those without projects last."""
        ranked = enterprises.annotate(worst_rank=Min(in_order_of("projects__badge", list(WORST_FIRST))))
        field = "-worst_rank" if is_descending else "worst_rank"
        return ranked.order_by(field, "name", "pk"), True

    def order_rung(self, enterprises: EnterpriseQuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """As the ladder goes up."""
        ordered = enterprises.order_by(in_order_of("rung", Enterprise.Rung.values), "pk")
        return (ordered.reverse() if is_descending else ordered), True
