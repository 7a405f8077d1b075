"""Who opens the officials' pages, and for which county they stand."""

from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404

from tracker.accounts.access import SignedIn
from tracker.accounts.models import User
from tracker.library.models import Division, Project


class OfficialOnly(SignedIn):
    """A page for officials of any role; narrow it with `needs`."""

    needs = "read_office"

    @cached_property
    def _whole_counties(self) -> list[Division]:
        """The counties that lie in the official's division, or are it."""
        if User._meta.get_field("division").is_cached(self.person):
            own = self.person.division
            if own is not None and own.level == Division.Level.COUNTY:
                return [own]
            if own is not None and own.level == Division.Level.TOWNSHIP:
                return []
        below = list(Division.objects.below(self.person.division_id).counties().order_by("code", "pk"))
        for county in below:
            if county.pk == self.person.division_id:
                # Whatever asks for their division later need not fetch it.
                self.person.division = county
        return below

    @cached_property
    def counties(self) -> list[Division]:
        """The counties that the official sees: one for a county's own people, several above it."""
        if self._whole_counties or self.person.division is None:
            return self._whole_counties
        own = self.person.division
        return [own.parent] if own.level == Division.Level.TOWNSHIP and own.parent is not None else []

    @cached_property
    def county(self) -> Division:
        """The county that the page is about: the only one, or the one named by `?county=371423`.

        A county that is not among the official's own is 404.
        """
        asked = self.request.GET.get("county") or self.request.session.get("county")
        named = [county for county in self.counties if county.code == asked]
        if self.request.GET.get("county") and not named:
            raise Http404
        if not self.counties:
            raise Http404
        if self.request.GET.get("county"):
            self.request.session["county"] = named[0].code
        return named[0] if named else self._first_at_work

    @property
    def _first_at_work(self) -> Division:
        """Of several counties the first one that has projects, so that nobody starts on an empty page."""
        if len(self.counties) == 1:
            return self.counties[0]
        has_projects = Exists(Project.objects.filter(county=OuterRef("pk")))
        at_work = Division.objects.filter(has_projects, pk__in=[county.pk for county in self.counties])
        return at_work.order_by("code", "pk").first() or self.counties[0]

    def of_county(self, rows: Any) -> Any:
        """The county's rows that the person sees: all of them where they see the county whole."""
        seen = rows if self.county in self._whole_counties else rows.visible_to(self.person)
        return seen.filter(county=self.county)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Every page says where the official stands."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mixed into template views
        return {**context, "county": self.county, "counties": self.counties}
