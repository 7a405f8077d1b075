"""The same thing entered twice: pairs to look at, telling them apart, and making one of two."""

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import Field, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView

from tracker.library.models import Enterprise, Project, Stage
from tracker.library.rules import masked_phone, normalised, with_masked_phones
from tracker.library.words import wan
from tracker.merging.actions import (
    CannotBeMerged,
    DoesNotFit,
    differing_fields,
    merge,
    tell_apart,
    what_moves,
)
from tracker.merging.queries import enterprises_like, like_enterprises, like_projects, projects_like
from tracker.office.access import OfficialOnly
from tracker.office.filters import LONGEST_SEARCH
from tracker.office.views.projects import ROW_ID

FOUND_AT_MOST = 20
# More than anybody settles at a sitting; the others move up.
PAIRS_SHOWN = 100
KINDS: dict[str, type[Any]] = {"enterprise": Enterprise, "project": Project}
NOTHING = "–"
REFUSALS = {
    "same": gettext_lazy("A record cannot be merged with itself."),
    "elsewhere": gettext_lazy("These two do not belong together: they are of another county or enterprise."),
    "merged": gettext_lazy("One of them was merged into another one meanwhile. Look at it again."),
}


class Duplicates(OfficialOnly, TemplateView):
    """Which records of the county may be of one thing?"""

    needs = "merge_records"
    template_name = "office/duplicates.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Pairs of enterprises, and of projects of one enterprise."""
        found: list[tuple[str, str, list[Any]]] = [
            (_("Enterprises"), "enterprise", like_enterprises(self.county)),
            (_("Projects of one enterprise"), "project", like_projects(self.county)),
        ]
        groups = [(title, kind, len(pairs), pairs[:PAIRS_SHOWN]) for title, kind, pairs in found if pairs]
        return {**super().get_context_data(**kwargs), "groups": groups}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """These two are different: they are not shown again."""
        self.require()
        model = KINDS.get(request.POST.get("kind", ""))
        ids = {request.POST.get("one", ""), request.POST.get("other", "")}
        if model is None or len(ids) != 2 or not all(map(ROW_ID.fullmatch, ids)):
            return redirect("office:duplicates")
        rows = list(model.objects.visible_to(self.person).filter(county=self.county, pk__in=ids))
        if len(rows) != 2:
            raise Http404
        for row in rows:
            self.require(row)
        tell_apart(*rows, by=self.person, at=timezone.now())
        messages.success(request, _("Remembered: these two are different."))
        return redirect("office:duplicates")


class MergeForm(forms.Form):
    """Of each fact that is not the same in both, which one is kept; and why they are one."""

    why = forms.CharField(label=gettext_lazy("Why they are one (optional)"), max_length=200, required=False)

    def __init__(self, data: Any, kept: Model, merged: Model) -> None:
        super().__init__(data)
        self.differing = differing_fields(kept, merged)
        for field in self.differing:
            values = [shown(kept, field), shown(merged, field)]
            self.fields[f"of_{field.name}"] = forms.ChoiceField(
                label=str(field.verbose_name)[:1].upper() + str(field.verbose_name)[1:],
                choices=[("kept", values[0]), ("merged", values[1])],
                initial="merged" if values[0] == NOTHING else "kept",
                widget=forms.RadioSelect,
            )
        self.order_fields([*(f"of_{field.name}" for field in self.differing), "why"])

    @property
    def taken(self) -> set[str]:
        """The facts of which the merged one's are kept."""
        chosen = self.cleaned_data
        return {field.name for field in self.differing if chosen[f"of_{field.name}"] == "merged"}


def shown(row: Model, field: "Field[Any, Any]") -> str:
    """A fact in words."""
    value = getattr(row, field.name)
    if value in (None, ""):
        return NOTHING
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if "phone" in field.name:
        return masked_phone(str(value))
    if isinstance(value, Decimal):
        return wan(value)
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return with_masked_phones(str(getattr(value, "name", value)))


class Merge(OfficialOnly, TemplateView):
    """Make one record of two: the one of the address is kept, `?with=` names the other."""

    needs = "merge_records"
    template_name = "office/merge.html"
    model: ClassVar[type[Any]]
    kind: ClassVar[str] = ""

    @property
    def standing(self) -> QuerySet[Any]:
        """What the person sees and what is not merged yet."""
        raise NotImplementedError

    def like(self) -> list[Any]:
        """Those that may be the same."""
        raise NotImplementedError

    @cached_property
    def kept(self) -> Any:
        """The one that goes on."""
        found = get_object_or_404(self.standing, pk=self.kwargs["pk"])
        self.require(found)
        return found

    @cached_property
    def county(self) -> Any:
        """The record's own."""
        return self.kept.county

    @property
    def others(self) -> QuerySet[Any]:
        """With which it may be merged."""
        return self.standing.filter(county=self.county).exclude(pk=self.kept.pk)

    @cached_property
    def merged(self) -> Any:
        """The other one, or none while it is to be chosen."""
        asked = self.request.POST.get("with") or self.request.GET.get("with", "")
        return self.others.filter(pk=asked).first() if ROW_ID.fullmatch(asked) else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The choice of the other one, or both side by side."""
        context = {**super().get_context_data(**kwargs), "kind": self.kind, "kept": self.kept}
        context["kept_url"] = self.kept_url
        if self.merged is None:
            asked = normalised(self.request.GET.get("q", "").replace("\x00", " "))[:LONGEST_SEARCH]
            return {**context, "q": asked, "like": self.like(), "found": self._found(asked)}
        form = kwargs.get("form") or MergeForm(None, self.kept, self.merged)
        return {
            **context,
            "merged": self.merged,
            "form": form,
            "moves": what_moves(self.merged),
            "other_way": f"{reverse(f'office:merge_{self.kind}', args=[self.merged.pk])}?with={self.kept.pk}",
        }

    @property
    def kept_url(self) -> str:
        """Where the record that is kept stands."""
        return reverse(f"office:{self.kind}", args=[self.kept.pk])

    def _found(self, asked: str) -> list[Any]:
        if not asked:
            return []
        code = "credit_code" if self.kind == "enterprise" else "code"
        named = Q(name__icontains=asked) | Q(**{f"{code}__icontains": asked})
        return list(self.others.filter(named).order_by("name", "pk")[:FOUND_AT_MOST])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Merge them; sent twice, the second time leads to the one that is kept."""
        self.require(self.kept)
        if self.merged is None:
            return self._without_other()
        form = MergeForm(request.POST, self.kept, self.merged)
        if form.is_valid():
            name = self.merged.name
            try:
                merge(
                    self.kept,
                    self.merged,
                    form.taken,
                    by=self.person,
                    at=timezone.now(),
                    why=form.cleaned_data["why"] or _("the same as %(name)s") % {"name": self.kept.name},
                )
            except CannotBeMerged as refused:
                form.add_error(None, str(REFUSALS[refused.code]))
            except DoesNotFit as wrong:
                form.add_error(None, str(wrong))
            else:
                messages.success(request, _("%(name)s is merged into this record.") % {"name": name})
                return redirect(self.kept_url)
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def _without_other(self) -> HttpResponse:
        """The other one is no more to be chosen: it is here already, or was never of this county."""
        asked = self.request.POST.get("with", "")
        if ROW_ID.fullmatch(asked) and self.kept.merged_here.filter(pk=asked).exists():
            messages.info(self.request, _("The two are merged already; nothing was done twice."))
            return redirect(self.kept_url)
        return self.render_to_response(self.get_context_data(), status=422)


class MergeEnterprise(Merge):
    """Make one enterprise of two."""

    model = Enterprise
    kind = "enterprise"

    @property
    def standing(self) -> QuerySet[Enterprise]:
        """Enterprises."""
        seen = Enterprise.objects.visible_to(self.person).filter(merged_into=None)
        return seen.select_related("county", "township", "industry")

    def like(self) -> list[Enterprise]:
        """By name."""
        return enterprises_like(self.kept.name, self.county, self.kept)


class MergeProject(Merge):
    """Make one project of two of an enterprise."""

    model = Project
    kind = "project"

    @property
    def standing(self) -> QuerySet[Project]:
        """Projects."""
        seen = Project.objects.visible_to(self.person).exclude(stage=Stage.MERGED)
        return seen.select_related("enterprise", "county", "township", "inspector")

    @property
    def others(self) -> QuerySet[Project]:
        """Of the same enterprise."""
        return self.standing.filter(enterprise=self.kept.enterprise_id).exclude(pk=self.kept.pk)

    def like(self) -> list[Project]:
        """By name."""
        return projects_like(self.kept.name, self.kept.enterprise, self.kept)
