"""The list of enterprises."""

from collections.abc import Sequence
from html import escape
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from tracker.badges import rules
from tracker.library.models import (
    BADGE_RANK,
    RUNG_RANK,
    WORST_FIRST,
    BadgeColour,
    Enterprise,
    Project,
    Rung,
    in_place,
)
from tracker.office.lists.columns import UNKNOWN, Linked, Listed, Shown
from tracker.office.lists.pages import ROW, Key
from tracker.office.tables.projects import badge_sign, place

NAME = Key("pinyin", "words")
# An enterprise with more projects leads to the others by its own page.
PROJECTS_SHOWN = 2
link_to_project, link_to_enterprise = Linked("office:project"), Linked("office:enterprise")

# A project as a row shows it: its id, name and badge.
Shortly = tuple[int, str, str]


def worst_badge(projects: list[Project]) -> str:
    """The worst of these projects' badges."""
    return rules.worst(rules.Badge(project.badge) for project in projects).code


def worst_sign(rank: int) -> str:
    """The badge at a place in the order of badges; none where there is no project."""
    return badge_sign(WORST_FIRST[rank] if rank < len(WORST_FIRST) else BadgeColour.NONE)


def projects_of(enterprises: Sequence[int]) -> dict[int, list[Shortly]]:
    """The worst few projects of each of these enterprises, and one more where there are more."""
    order: list[Any] = [BADGE_RANK, F("name"), F("pk")]
    place_within = Window(RowNumber(), partition_by="enterprise", order_by=order)
    rows = Project.objects.filter(enterprise__in=enterprises).annotate(place=place_within)
    rows = rows.filter(place__lte=PROJECTS_SHOWN + 1).order_by("enterprise", "place")
    found: dict[int, list[Shortly]] = {}
    for enterprise, *shortly in rows.values_list("enterprise", "pk", "name", "badge"):
        found.setdefault(enterprise, []).append((shortly[0], shortly[1], shortly[2]))
    return found


def listed_projects(pk: int, projects: list[Shortly] | None) -> str:
    """Each project by its badge and name, worst first."""
    if not projects:
        return UNKNOWN
    items = [
        f"{badge_sign(badge)} {link_to_project(project, name)}"
        for project, name, badge in projects[:PROJECTS_SHOWN]
    ]
    if len(projects) > PROJECTS_SHOWN:
        items.append(link_to_enterprise(pk, _("and more")))
    return "<br>".join(items)


def industry_label(code: str | None, name: str | None, english: str | None) -> str:
    """The code of GB/T 4754 and its name."""
    return f"{escape(code)} {place(name, english)}" if code else UNKNOWN


class EnterpriseTable(Listed):
    """Enterprises with their worst badge and those of their projects."""

    worst = Shown(
        _("Worst badge"),
        "worst_rank",
        write=worst_sign,
        keys=(Key("worst_rank"), NAME, ROW),
        css="head",
    )
    name = Shown(
        _("Enterprise"), *("pk", "name"), write=link_to_enterprise, keys=(NAME, ROW), css="wide", always=True
    )
    badges = Shown(_("Projects"), *("pk", "listed_projects"), write=listed_projects, css="wide")
    credit_code = Shown(
        _("Credit code"),
        "credit_code",
        keys=(Key("credit_code", "words"), ROW),
        css="desk",
    )
    township = Shown(
        _("Township"),
        *("township__name_zh", "township__name_en"),
        write=place,
        keys=(Key(in_place("township")), NAME, ROW),
        css="desk",
    )
    industry = Shown(
        _("Industry"),
        *("industry_id", "industry__name_zh", "industry__name_en"),
        write=industry_label,
        keys=(Key(in_place("industry", ""), "words"), NAME, ROW),
        label=_("Industry"),
        at_first=False,
    )
    chain = Shown(
        _("Industrial chain"), "chain", keys=(Key("chain", "words"), NAME, ROW), label=_("Industrial chain")
    )
    rung = Shown(_("Grade"), "rung", words=Rung, keys=(Key(RUNG_RANK), NAME, ROW), label=_("Grade"))

    class Meta:
        model = Enterprise
        fields: tuple[str, ...] = ()
        attrs = {"class": "table table--wrapping"}

    caption = _("Enterprises")
    first_order = "worst"

    @classmethod
    def afterwards(cls) -> dict[str, Any]:
        """The projects are fetched for the shown rows alone, once these are known."""
        return {"listed_projects": projects_of}
