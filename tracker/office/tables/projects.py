"""The list of projects."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils.formats import get_format, number_format
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tracker.inspections.models import Inspection
from tracker.library.models import (
    BADGE_RANK,
    INCLUSION_RANK,
    NEVER,
    STAGE_RANK,
    AnnualPlan,
    InclusionState,
    Project,
    Stage,
    in_place,
)
from tracker.library.words import known_day
from tracker.office.lists.columns import UNKNOWN, Linked, Listed, Shown
from tracker.office.lists.pages import ROW, Key

BADGE = Key(BADGE_RANK)
# Within a group: the worst badge first, the projects of an enterprise together.
WORST_FIRST_WITHIN = (BADGE, Key("enterprise"), ROW)


def badge_sign(badge: str) -> str:
    """The badge as it is drawn everywhere; its shape is said once for all, by the style of lists."""
    return _sign(badge, get_language() or "")


@lru_cache(maxsize=64)
def _sign(badge: str, language: str) -> str:
    return render_to_string("parts/_badge.html", {"badge": badge, "short": True}).strip()


def amount(value: Decimal | None) -> str:
    """An amount of 万元 for a cell."""
    return UNKNOWN if value is None else _grouped(value, 2)


def _grouped(value: Decimal, places: int) -> str:
    if _is_plain(get_language() or ""):
        return f"{value:,.{places}f}"
    return number_format(value, places, use_l10n=True, force_grouping=True)


@lru_cache(maxsize=16)
def _is_plain(language: str) -> bool:
    """Whether numbers are written as Python does: Django looks that up for each number anew."""
    return (get_format("DECIMAL_SEPARATOR"), get_format("THOUSAND_SEPARATOR")) == (".", ",")


def share_of(plan: Decimal | None, invested: Decimal | None) -> str:
    """What was done as a share of the year's plan, in per cent."""
    if not plan or invested is None:
        return UNKNOWN
    return _grouped((invested * 100 / plan).quantize(Decimal("0.1"), ROUND_HALF_UP), 1)


def day(field: str) -> Any:
    """Writes a date, or the month where only that is known."""
    return lambda value, month_only: known_day(value, field in month_only)


def place(name: str | None, english: str | None) -> str:
    """A division in the reader's language."""
    return escape(english if english and get_language() == "en" else name) if name else UNKNOWN


class ProjectTable(Listed):
    """Projects with their badge, their money and who answers for them."""

    badge = Shown(_("Badge"), "badge", write=badge_sign, keys=WORST_FIRST_WITHIN, css="head")
    name = Shown(
        _("Project"),
        *("pk", "name"),
        write=Linked("office:project"),
        keys=(Key("pinyin", "words"), ROW),
        css="wide",
        always=True,
    )
    enterprise = Shown(
        _("Enterprise"),
        *("enterprise_id", "enterprise__name"),
        write=Linked("office:enterprise"),
        keys=(Key("enterprise_pinyin", "words"), ROW),
        css="wide",
    )
    township = Shown(
        _("Township"),
        *("township__name_zh", "township__name_en"),
        write=place,
        keys=(Key(in_place("township")), *WORST_FIRST_WITHIN),
        css="desk",
    )
    planned_total = Shown(
        _("Planned total (万元)"),
        "planned_total",
        write=amount,
        keys=(Key("planned_total", "money"), ROW),
        css="number desk",
    )
    plan = Shown(
        _("Plan this year (万元)"), "plan", write=amount, label=pgettext_lazy("short", "Plan"), css="number"
    )
    invested = Shown(
        _("Done this year (万元)"),
        "invested",
        write=amount,
        label=pgettext_lazy("short", "Done"),
        css="number",
    )
    share = Shown(
        _("Done (%)"),
        *("plan", "invested"),
        write=share_of,
        label=pgettext_lazy("short", "Done (%)"),
        css="number",
    )
    stage = Shown(
        _("Stage"),
        "stage",
        words=Stage,
        keys=(Key(STAGE_RANK), *WORST_FIRST_WITHIN),
        label=pgettext_lazy("short", "Stage"),
    )
    inclusion_state = Shown(
        pgettext_lazy("column", "Inclusion"),
        "inclusion_state",
        words=InclusionState,
        keys=(Key(INCLUSION_RANK), *WORST_FIRST_WITHIN),
        label=pgettext_lazy("column", "Inclusion"),
    )
    inspector = Shown(
        _("Inspector"),
        "inspector__name",
        keys=(Key(in_place("inspector")), *WORST_FIRST_WITHIN),
        label=_("Inspector"),
    )
    planned_completion_on = Shown(
        _("Planned completion"),
        *("planned_completion_on", "month_only"),
        write=day("planned_completion_on"),
        keys=(Key(Coalesce("planned_completion_on", Value(NEVER)), "day"), ROW),
        label=pgettext_lazy("short", "To be completed"),
        at_first=False,
    )
    started_on = Shown(
        _("Started on"),
        *("started_on", "month_only"),
        write=day("started_on"),
        label=_("Started on"),
        at_first=False,
    )
    code = Shown(_("Project code"), "code", label=pgettext_lazy("short", "Code"), at_first=False)
    industry = Shown(
        _("Industry"),
        *("enterprise__industry__name_zh", "enterprise__industry__name_en"),
        write=place,
        label=_("Industry"),
        at_first=False,
    )
    chain = Shown(_("Industrial chain"), "enterprise__chain", label=_("Industrial chain"), at_first=False)
    problem = Shown(_("Open problem"), "problem", css="wide", label=_("Open problem"), at_first=False)

    class Meta:
        model = Project
        fields: tuple[str, ...] = ()
        attrs = {"class": "table table--wrapping"}

    caption = _("Projects")
    first_order = "badge"

    @classmethod
    @lru_cache(maxsize=4)
    def figures(cls, year: int) -> dict[str, Any]:
        """The plan in force for the year, and what was done in it by the latest accepted inspection."""
        plans = AnnualPlan.objects.filter(project=OuterRef("pk"), year=year).order_by("-version")
        first, last = date(year, 1, 1), date(year, 12, 31)
        found = Inspection.objects.accepted().filter(project=OuterRef("pk"), cycle_start__range=(first, last))
        return {
            "plan": Subquery(plans.values("amount")[:1]),
            "invested": Subquery(found.order_by("-cycle_start").values("ytd_investment")[:1]),
        }
