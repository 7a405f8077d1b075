"""Who opens the officials' pages, and for which county they stand."""

from functools import cached_property
from typing import Any

from django.http import Http404

from tracker.accounts.access import SignedIn
from tracker.library.models import Division, Project


class OfficialOnly(SignedIn):
    """A page for officials of any role; narrow it with `needs`."""

    needs = "read_office"

    @cached_property
    def counties(self) -> list[Division]:
        """The counties that the official sees: one for a county's own people, several above it."""
        below = Division.objects.visible_to(self.person).counties()
        own = self.person.division
        if own is not None and own.level == Division.Level.TOWNSHIP and own.parent is not None:
            return [own.parent]
        return list(below.order_by("code", "pk"))

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
        at_work = set(Project.objects.visible_to(self.person).values_list("county", flat=True).distinct())
        return next((county for county in self.counties if county.pk in at_work), self.counties[0])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Every page says where the official stands."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mixed into template views
        return {**context, "county": self.county, "counties": self.counties}
