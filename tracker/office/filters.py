"""By what the lists of projects and enterprises can be narrowed down; everything stands in the address."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.accounts import roles
from tracker.accounts.models import User
from tracker.library.models import (
    BadgeColour,
    Division,
    Enterprise,
    InclusionState,
    Project,
    ProjectQuerySet,
    Stage,
)
from tracker.library.rules import normalised

LONGEST_SEARCH = 100
BADGES = [
    (BadgeColour.RED, pgettext_lazy("badge", "Red")),
    (BadgeColour.YELLOW, pgettext_lazy("badge", "Yellow")),
    (BadgeColour.BLUE, pgettext_lazy("badge", "Blue")),
    (BadgeColour.GOLD, pgettext_lazy("badge", "Gold")),
    (BadgeColour.NONE, pgettext_lazy("badge", "Not rated")),
]


def townships_of(county: Division | None) -> QuerySet[Division]:
    """The county's townships and parks by name."""
    return Division.objects.filter(parent=county, level=Division.Level.TOWNSHIP).order_by("code", "name_zh")


def inspectors_of(county: Division | None) -> QuerySet[User]:
    """Who inspects in the county."""
    if county is None:
        return User.objects.none()
    inspecting = User.objects.filter(role__in=roles.INSPECTING, is_active=True)
    return inspecting.filter(division__path__startswith=county.path).order_by("name", "pk")


def chains_of(county: Division | None) -> list[tuple[str, str]]:
    """The industrial chains that the county's enterprises belong to."""
    chains = Enterprise.objects.filter(county=county).exclude(chain="")
    return [(chain, chain) for chain in chains.order_by("chain").values_list("chain", flat=True).distinct()]


class CountyFilters(filters.FilterSet):
    """Filters whose choices are those of one county; a value that cannot be is ignored."""

    q = filters.CharFilter(
        label=_("Search"),
        method="search",
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, county: Division, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.county = county
        self.filters["township"].queryset = townships_of(county)
        self.filters["chain"].extra["choices"] = chains_of(county)

    @property
    def active(self) -> list[str]:
        """The names of the filters that narrow the list now."""
        return [name for name, value in self._asked().items() if value not in (None, "")]

    def _asked(self) -> dict[str, Any]:
        """The values that can be; the others are left out when the form is cleaned."""
        self.form.full_clean()
        return self.form.cleaned_data

    def besides(self, omitted: str) -> QuerySet:
        """What all the other filters leave."""
        rows = self.queryset.all()
        for name, value in self._asked().items():
            if name != omitted:
                rows = self.filters[name].filter(rows, value)
        return rows


class ProjectFilters(CountyFilters):
    """The list of projects."""

    badge = filters.ChoiceFilter(label=_("Badge"), choices=BADGES, empty_label=_("all"))
    stage = filters.ChoiceFilter(label=_("Stage"), choices=Stage.choices, empty_label=_("all"))
    township = filters.ModelChoiceFilter(
        label=_("Township"), queryset=Division.objects.none(), empty_label=_("all")
    )
    chain = filters.ChoiceFilter(
        label=_("Industrial chain"), field_name="enterprise__chain", choices=(), empty_label=_("all")
    )
    inclusion = filters.ChoiceFilter(
        label=pgettext_lazy("column", "Inclusion"),
        field_name="inclusion_state",
        choices=InclusionState.choices,
        empty_label=_("all"),
    )
    inspector = filters.ModelChoiceFilter(
        label=_("Inspector"), queryset=User.objects.none(), empty_label=_("all"), null_label=_("nobody")
    )

    class Meta:
        model = Project
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["inspector"].queryset = inspectors_of(self.county)

    def search(self, projects: ProjectQuerySet, name: str, value: str) -> QuerySet[Project]:
        """By the names of project and enterprise and by their codes."""
        text = normalised(value)
        found = Q(name__icontains=text) | Q(enterprise__name__icontains=text)
        return projects.filter(found | Q(code__icontains=text) | Q(enterprise__credit_code__icontains=text))


class EnterpriseFilters(CountyFilters):
    """The list of enterprises."""

    badge = filters.ChoiceFilter(label=_("Badge"), choices=BADGES, method="with_badge", empty_label=_("all"))
    township = filters.ModelChoiceFilter(
        label=_("Township"), queryset=Division.objects.none(), empty_label=_("all")
    )
    chain = filters.ChoiceFilter(label=_("Industrial chain"), choices=(), empty_label=_("all"))
    rung = filters.ChoiceFilter(
        label=_("Grade"),
        choices=[choice for choice in Enterprise.Rung.choices if choice[0]],
        empty_label=_("all"),
    )

    class Meta:
        model = Enterprise
        fields: list[str] = []

    def search(self, enterprises: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        """By name and credit code."""
        text = normalised(value)
        return enterprises.filter(Q(name__icontains=text) | Q(credit_code__icontains=text))

    def with_badge(self, enterprises: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        """Those that have a project with this badge."""
        return enterprises.filter(pk__in=Project.objects.filter(badge=value).values("enterprise"))
