"""What contradicts in the county: every error and every warning that nobody has mended or explained."""

from collections import Counter
from functools import cached_property
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from tracker.accounts.models import User
from tracker.inspections.consistency import Open, open_in_enterprises, open_in_projects
from tracker.library.consistency import PROJECT_RULES, YEAR_RULES, Severity
from tracker.library.models import Division, Enterprise, Project
from tracker.library.telling import title
from tracker.office.access import OfficialOnly
from tracker.office.contradictions import Line, keeps_enterprises, line_of
from tracker.office.filters import inspectors_of, townships_of

LINES_ON_A_PAGE = 50
NOBODY = "null"
CODES = [rule.code for rules in (PROJECT_RULES, YEAR_RULES) for rule in rules]


class DataQualityFilters(forms.Form):
    """By township, person, and what is contradicted; a value that cannot be is ignored."""

    township = forms.ModelChoiceField(
        label=_("Township or park"), queryset=Division.objects.none(), required=False, empty_label=_("all")
    )
    person = forms.ChoiceField(label=_("Inspector"), required=False)
    kind = forms.ChoiceField(label=_("Contradiction"), required=False)

    def __init__(self, data: Any, *, county: Division, people: list[User], codes: list[str]) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["township"].queryset = townships_of(county)
        everybody = [("", _("all")), (NOBODY, _("nobody yet"))]
        fields["person"].choices = [*everybody, *((str(person.pk), person.name) for person in people)]
        # Codes that are called the same are one kind, named by the first of them.
        kinds = {title(code): code for code in reversed(CODES) if code in codes}
        named = [(code, text) for text, code in reversed(kinds.items())]
        fields["kind"].choices = [("", _("all")), *named]

    def chosen(self, name: str) -> Any:
        """What was chosen, or nothing."""
        self.is_valid()
        return self.cleaned_data.get(name)


class DataQuality(OfficialOnly, TemplateView):
    """The county's contradictions, errors first, each with the way to mend it."""

    template_name = "office/data_quality.html"

    @cached_property
    def projects(self) -> list[Project]:
        """The county's projects as far as the person sees them."""
        seen = Project.objects.visible_to(self.person).of_county(self.county)
        return list(seen.for_table().order_by("enterprise__name", "name", "pk"))

    @cached_property
    def enterprises(self) -> list[Enterprise]:
        """The county's enterprises as far as the person sees them."""
        return list(Enterprise.objects.visible_to(self.person).of_county(self.county).order_by("name", "pk"))

    @cached_property
    def found(self) -> list[Open]:
        """Everything that contradicts, the errors first."""
        today = timezone.localdate()
        found = open_in_projects(self.projects, today) + open_in_enterprises(self.enterprises, today)
        return sorted(found, key=lambda one: not one.finding.is_error)

    @cached_property
    def filters(self) -> DataQualityFilters:
        """What the address asks for."""
        people = list(inspectors_of(self.county))
        codes = sorted({one.finding.code for one in self.found})
        return DataQualityFilters(self.request.GET, county=self.county, people=people, codes=codes)

    def _is_asked_for(self, one: Open) -> bool:
        township, person = self.filters.chosen("township"), self.filters.chosen("person")
        kind = self.filters.chosen("kind")
        if township and one.subject.township_id != township.pk:
            return False
        if kind and title(one.finding.code) != title(kind):
            return False
        return not person or person in self._people_of(one)

    def _people_of(self, one: Open) -> set[str]:
        """Who answers for it: a project's inspector, or those of an enterprise's projects."""
        if one.project is not None:
            return {str(one.project.inspector_id or NOBODY)}
        return self.people_by_enterprise.get(one.subject.pk, {NOBODY})

    @cached_property
    def people_by_enterprise(self) -> dict[int, set[str]]:
        """Who answers for a project of each enterprise."""
        people: dict[int, set[str]] = {}
        for project in self.projects:
            people.setdefault(project.enterprise_id, set()).add(str(project.inspector_id or NOBODY))
        return people

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of lines; the counts are of all that the filters leave."""
        asked = [one for one in self.found if self._is_asked_for(one)]
        page = Paginator(asked, LINES_ON_A_PAGE).get_page(self.request.GET.get("page"))
        keeps = keeps_enterprises(self.person, self.enterprises, self.projects)
        lines = [line_of(one, self.person, may_change_enterprise=one.subject.pk in keeps) for one in page]
        query = self.request.GET.copy()
        query.pop("page", None)
        return {
            **super().get_context_data(**kwargs),
            "filters": self.filters,
            "page": page,
            "query": query.urlencode(),
            "groups": self._grouped(lines),
            "counts": self._counted(asked),
            "total": len(self.found),
            "looked_at": (len(self.projects), len(self.enterprises)),
        }

    def _grouped(self, lines: list[Line]) -> list[tuple[str, list[Line]]]:
        groups = [
            (str(severity), [line for line in lines if line.finding.severity == severity])
            for severity in (Severity.ERROR, Severity.WARNING)
        ]
        return [(severity, those) for severity, those in groups if those]

    def _counted(self, found: list[Open]) -> list[tuple[str, int, list[tuple[str, int]]]]:
        """For each severity how many, and of what kind, the most frequent first."""
        counted = []
        for severity in (Severity.ERROR, Severity.WARNING):
            kinds = Counter(title(one.finding.code) for one in found if one.finding.severity == severity)
            counted.append((str(severity), kinds.total(), kinds.most_common()))
        return counted
