"""The list of projects."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import django_tables2 as tables
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Value, When
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.badges.figures import rounded
from tracker.inspections.models import Inspection
from tracker.inspections.queries import worst_badge_first
from tracker.library.models import AnnualPlan, InclusionState, Project, ProjectQuerySet, Stage

ROWS_ON_A_PAGE = 50
UNKNOWN = "–"


def cell(header: Any, css: str = "") -> dict[str, Any]:
    """The attributes of a column: on a phone each cell names itself, since the head is not seen there."""
    return {"td": {"data-label": header, "class": css}, "th": {"class": css}}


def in_order_of(field: str, values: list[str]) -> Case:
    """An order by meaning instead of by alphabet."""
    ranks = [When(**{field: value}, then=Value(rank)) for rank, value in enumerate(values)]
    return Case(*ranks, default=Value(len(values)), output_field=IntegerField())


def badge_sign(badge: str) -> str:
    """The badge as it is drawn everywhere."""
    return render_to_string("parts/_badge.html", {"badge": badge})


def amount(value: Decimal | None) -> str:
    """An amount of 万元 for a cell."""
    return UNKNOWN if value is None else number_format(value, 2, use_l10n=True, force_grouping=True)


def with_figures(projects: ProjectQuerySet, year: int) -> ProjectQuerySet:
    """With the year's plan and the latest accepted inspection of each, fetched for the shown rows alone."""
    accepted = Inspection.objects.accepted()
    latest = accepted.filter(project=OuterRef("project")).order_by("-cycle_start").values("cycle_start")[:1]
    plans = AnnualPlan.objects.filter(year=year).order_by("version")
    return projects.for_table().prefetch_related(
        Prefetch("plans", plans, to_attr="year_plans"),
        Prefetch("inspections", accepted.filter(cycle_start=Subquery(latest)), to_attr="latest_inspections"),
    )


class PagedTable(tables.Table):
    """A table with pages of one length and its own columns to sort by, whatever the address asks for."""

    @property
    def order_by(self) -> Any:
        """The column that the rows are ordered by."""
        return self._order_by

    @order_by.setter
    def order_by(self, value: Any) -> None:
        """Take one column that can be sorted by; whatever else an address asks for changes nothing."""
        asked = value.split(",") if isinstance(value, str) else list(value or ())
        known = [alias for alias in asked if alias.removeprefix("-") in self.base_columns]
        if known or not asked:
            tables.Table.order_by.fset(self, known[:1])

    def paginate(
        self,
        paginator_class: type[Paginator] = Paginator,
        per_page: int | None = None,
        page: int = 1,
        *args: Any,
        **kwargs: Any,
    ) -> tables.Table:
        """Cut to the page that is asked for."""
        return super().paginate(paginator_class, ROWS_ON_A_PAGE, page, *args, **kwargs)


class ProjectTable(PagedTable):
    """Projects with their badge, their money and who answers for them."""

    badge = tables.Column(verbose_name=_("Badge"), attrs=cell(_("Badge"), "tiles__head"))
    name = tables.Column(
        verbose_name=_("Project"),
        linkify=("office:project", {"pk": tables.A("pk")}),
        order_by=("name", "pk"),
        attrs=cell(_("Project"), "names tiles__wide"),
    )
    enterprise = tables.Column(
        verbose_name=_("Enterprise"),
        linkify=("office:enterprise", {"pk": tables.A("enterprise_id")}),
        order_by=("enterprise__name", "name", "pk"),
        attrs=cell(_("Enterprise"), "names tiles__wide"),
    )
    township = tables.Column(
        verbose_name=_("Township"), order_by=("township__name_zh", "pk"), attrs=cell(_("Township"), "at-desk")
    )
    planned_total = tables.Column(
        verbose_name=_("Planned total (万元)"),
        order_by=("planned_total", "pk"),
        attrs=cell(_("Planned total (万元)"), "number at-desk"),
    )
    plan = tables.Column(
        verbose_name=_("Plan this year (万元)"),
        accessor="pk",
        orderable=False,
        attrs=cell(_("Plan this year (万元)"), "number"),
    )
    invested = tables.Column(
        verbose_name=_("Done this year (万元)"),
        accessor="pk",
        orderable=False,
        attrs=cell(_("Done this year (万元)"), "number"),
    )
    share = tables.Column(
        verbose_name=_("Done (%)"), accessor="pk", orderable=False, attrs=cell(_("Done (%)"), "number")
    )
    stage = tables.Column(verbose_name=_("Stage"), attrs=cell(_("Stage")))
    inclusion_state = tables.Column(
        verbose_name=pgettext_lazy("column", "Inclusion"), attrs=cell(pgettext_lazy("column", "Inclusion"))
    )
    inspector = tables.Column(
        verbose_name=_("Inspector"), order_by=("inspector__name", "pk"), attrs=cell(_("Inspector"), "nowrap")
    )

    class Meta:
        model = Project
        fields = (
            *("badge", "name", "enterprise", "township", "planned_total", "plan", "invested", "share"),
            *("stage", "inclusion_state", "inspector"),
        )
        attrs = {"class": "table table--wrapping tiles cards-on-phone"}
        default = UNKNOWN

    caption = _("Projects")

    def __init__(self, *args: Any, year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.year = year

    def render_badge(self, record: Project) -> str:
        """The badge's sign."""
        return badge_sign(record.badge)

    def render_planned_total(self, value: Decimal) -> str:
        """With two decimals and grouped digits."""
        return amount(value)

    def render_plan(self, record: Any) -> str:
        """The plan in force for the year."""
        return amount(self._plan(record))

    def render_invested(self, record: Any) -> str:
        """What was done in the year."""
        return amount(self._invested(record))

    def render_share(self, record: Any) -> str:
        """What was done as a share of the year's plan."""
        plan, invested = self._plan(record), self._invested(record)
        if not plan or invested is None:
            return UNKNOWN
        return number_format(rounded(Fraction(invested) * 100 / Fraction(plan), 1), 1, use_l10n=True)

    def _plan(self, record: Any) -> Decimal | None:
        """The latest version wins."""
        return record.year_plans[-1].amount if record.year_plans else None

    def _invested(self, record: Any) -> Decimal | None:
        """By the latest accepted inspection; nothing where that was in another year."""
        latest = record.latest_inspections[0] if record.latest_inspections else None
        return latest.ytd_investment if latest and latest.cycle_start.year == self.year else None

    def order_badge(self, projects: ProjectQuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """Worst first; the other way round, best first."""
        return _either_way(worst_badge_first(projects), is_descending)

    def order_stage(self, projects: ProjectQuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """As a project goes on."""
        return _either_way(projects.order_by(in_order_of("stage", Stage.values), "pk"), is_descending)

    def order_inclusion_state(self, projects: ProjectQuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
        """As the papers go on."""
        ordered = projects.order_by(in_order_of("inclusion_state", InclusionState.values), "pk")
        return _either_way(ordered, is_descending)


def _either_way(ordered: QuerySet, is_descending: bool) -> tuple[QuerySet, bool]:
    return (ordered.reverse() if is_descending else ordered), True
