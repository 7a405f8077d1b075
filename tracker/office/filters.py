"""By what the lists of projects and enterprises can be narrowed down; everything stands in the address."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.library.finding import Holds, fragments
from tracker.library.models import (
    BADGE_RANK,
    INCLUSION_RANK,
    RUNG_RANK,
    STAGE_RANK,
    WORST_FIRST,
    BadgeColour,
    Division,
    Enterprise,
    InclusionState,
    Project,
    Rung,
    Stage,
    in_place,
)
from tracker.office.lists.choices import Choices
from tracker.office.lists.markup import Markup

LONGEST_SEARCH = 100
BADGES = [
    (BadgeColour.RED, pgettext_lazy("badge", "Red")),
    (BadgeColour.YELLOW, pgettext_lazy("badge", "Yellow")),
    (BadgeColour.BLUE, pgettext_lazy("badge", "Blue")),
    (BadgeColour.GOLD, pgettext_lazy("badge", "Gold")),
    (BadgeColour.NONE, pgettext_lazy("badge", "Not rated")),
]
NOBODY = "null"


def townships_of(county: Division | None) -> QuerySet[Division]:
    """The county's townships and parks by name."""
    return Division.objects.filter(parent=county, level=Division.Level.TOWNSHIP).order_by("code", "name_zh")


def inspectors_of(county: Division | None) -> QuerySet[User]:
    """Who inspects in the county."""
    if county is None:
        return User.objects.none()
    inspecting = User.objects.filter(role__in=roles.INSPECTING, is_active=True)
    return inspecting.filter(division__path__startswith=county.path).order_by("name", "pk")


class PlainSelect(forms.Select):
    """A choice drawn in one go: Django asks a template of its own for every option."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The element with its options."""
        chosen = "" if value is None else str(value)
        options = []
        for key, label in self.choices:
            code, words = str(key), str(label)
            named = "" if code == words else f' value="{escape(code)}"'
            options.append(f"<option{named}{' selected' if code == chosen else ''}>{escape(words)}</option>")
        element = f'<select name="{name}" id="{(attrs or {}).get("id", name)}">{"".join(options)}</select>'
        return Markup(element)  # what comes from people is escaped above


class ByRank(filters.ChoiceFilter):
    """A filter by a word that rows are also ordered by: asked by its place there, as indexes have it."""

    def __init__(self, *args: Any, rank: Any, values: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, widget=PlainSelect, empty_label=_("all"), **kwargs)
        self.rank, self.places = rank, {str(value): place for place, value in enumerate(values)}

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        """Those at this place of the order."""
        if not value:
            return qs
        return qs.alias(**{f"by_{self.field_name}": self.rank}).filter(
            **{f"by_{self.field_name}": self.places[value]}
        )


class ByGroup(filters.ChoiceFilter):
    """A filter by what rows are grouped by: the index has 0, or nothing, for rows without it."""

    def __init__(self, *args: Any, nothing: Any = 0, **kwargs: Any) -> None:
        super().__init__(*args, widget=PlainSelect, empty_label=_("all"), choices=(), **kwargs)
        self.nothing = nothing

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        """Those of the group."""
        if not value:
            return qs
        group = self.nothing if value == NOBODY else type(self.nothing)(value)
        alias = f"of_{self.field_name}"
        return qs.alias(**{alias: in_place(self.field_name, self.nothing)}).filter(**{alias: group})


class ByText(filters.ChoiceFilter):
    """A filter by one of the texts that stand in the rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=PlainSelect, empty_label=_("all"), choices=(), **kwargs)


class CountyFilters(filters.FilterSet):
    """Filters whose choices are those of one county; a value that cannot be is ignored, and said."""

    q = filters.CharFilter(
        label=_("Search"),
        method="search",
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    # Which filters offer what the county has.
    offered: tuple[str, ...] = ("township", "chain", "industry")

    def __init__(self, data: Any, queryset: QuerySet, *, choices: Choices) -> None:
        super().__init__(data, queryset)
        for name in self.offered:
            self.filters[name].extra["choices"] = getattr(choices, name)

    @cached_property
    def asked(self) -> Mapping[str, Any]:
        """The values that can be; the others are left out when the form is cleaned."""
        self.form.full_clean()
        return self.form.cleaned_data

    @property
    def active(self) -> list[str]:
        """The names of the filters that narrow the list now."""
        return [name for name, value in self.asked.items() if value not in (None, "")]

    @property
    def narrowing(self) -> list[str]:
        """The same without the search, which stands beside them."""
        return [name for name in self.active if name != "q"]

    @property
    def not_there(self) -> list[str]:
        """What was asked for by a value that is not there any more, by the filters' labels."""
        return [str(self.filters[name].label) for name in self.form.errors if name in self.filters]

    @property
    def qs(self) -> QuerySet:
        """What the filters leave."""
        return self.besides("")

    def besides(self, omitted: str) -> QuerySet:
        """What all the other filters leave."""
        rows = self.queryset.all()
        for name, value in self.asked.items():
            if name != omitted and value not in (None, ""):
                rows = self.filters[name].filter(rows, value)
        return rows

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Those in which every word that was typed occurs: in a name, its initials, or a code."""
        for fragment in fragments(value):
            rows = rows.filter(Holds("found_by", fragment))
        return rows

    @property
    def choosing(self) -> Iterable[Any]:
        """The form's fields but the search."""
        return [field for field in self.form if field.name != "q"]


class ProjectFilters(CountyFilters):
    """The list of projects."""

    badge = ByRank(label=_("Badge"), choices=BADGES, rank=BADGE_RANK, values=WORST_FIRST)
    stage = ByRank(label=_("Stage"), choices=Stage.choices, rank=STAGE_RANK, values=Stage.values)
    township = ByGroup(label=_("Township"))
    chain = ByText(label=_("Industrial chain"), field_name="enterprise__chain")
    industry = ByText(label=_("Industry"), field_name="enterprise__industry")
    inclusion = ByRank(
        label=pgettext_lazy("column", "Inclusion"),
        field_name="inclusion_state",
        choices=InclusionState.choices,
        rank=INCLUSION_RANK,
        values=InclusionState.values,
    )
    inspector = ByGroup(label=_("Inspector"), null_label=_("nobody"))

    offered = ("township", "chain", "industry", "inspector")

    class Meta:
        model = Project
        fields: list[str] = []


class EnterpriseFilters(CountyFilters):
    """The list of enterprises."""

    badge = ByRank(
        label=_("Badge"),
        choices=BADGES,
        rank=None,
        values=WORST_FIRST,
        field_name="worst",
        method="with_badge",
    )
    township = ByGroup(label=_("Township"))
    chain = ByText(label=_("Industrial chain"))
    industry = ByGroup(label=_("Industry"), nothing="")
    rung = ByRank(
        label=_("Grade"),
        choices=[choice for choice in Rung.choices if choice[0]],
        rank=RUNG_RANK,
        values=Rung.values,
    )
    inspector = ByGroup(label=_("Inspector"), method="inspected_by")

    offered = ("township", "chain", "industry", "inspector")

    class Meta:
        model = Enterprise
        fields: list[str] = []

    def with_badge(self, enterprises: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        """Those that have a project with this badge."""
        return enterprises.filter(pk__in=Project.objects.filter(badge=value).values("enterprise"))

    def inspected_by(self, enterprises: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        """Those of which the person inspects a project."""
        return enterprises.filter(pk__in=Project.objects.filter(inspector=int(value)).values("enterprise"))
