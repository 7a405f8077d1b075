"""Views of lists, saved under a name: for oneself, or shared with the county."""

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.generic import FormView, TemplateView

from tracker.library.models import Division
from tracker.library.saved_views import SavedView
from tracker.office.access import OfficialOnly
from tracker.office.forms.lists import SavedViewForm


def address_of(view: SavedView) -> str:
    """The list as the view shows it."""
    return f"{reverse(f'office:{view.list}')}?{view.query}"


class ViewFormPage(OfficialOnly, FormView):
    """The name of a view, and whether it is shared."""

    needs = "save_view"
    form_class = SavedViewForm
    template_name = "office/view_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """By whom, and in which county."""
        return {**super().get_form_kwargs(), "by": self.person, "county": self.county}

    def form_valid(self, form: SavedViewForm) -> HttpResponse:
        """Save, and show the list as the view has it."""
        try:
            with transaction.atomic():
                view = form.save()
        except IntegrityError:
            # The same form was sent twice at once.
            form.add_error("name", gettext("You have a saved view of this name already."))
            return self.form_invalid(form)
        messages.success(self.request, gettext("Saved."))
        return redirect(address_of(view))


class SaveView(ViewFormPage):
    """Save what a list shows under a name."""

    def get_initial(self) -> dict[str, Any]:
        """What the address says."""
        asked = self.request.GET
        return {"list": asked.get("list", SavedView.List.PROJECTS), "query": asked.get("query", "")}


class OneView(OfficialOnly):
    """A page about one's own saved view, or one that is shared in the county; another one is 404."""

    needs = "save_view"

    @cached_property
    def view(self) -> SavedView:
        """The view of the address."""
        seen = SavedView.objects.visible_to(self.person).select_related("county", "owner")
        found: SavedView = get_object_or_404(seen, pk=self.kwargs["pk"])
        self.require(found)
        return found

    @cached_property
    def county(self) -> Division:
        """The view's county."""
        return self.view.county

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the view and where it leads."""
        return {
            **super().get_context_data(**kwargs),
            "saved_view": self.view,
            "view_url": address_of(self.view),
        }


class EditView(OneView, ViewFormPage):
    """Give a view another name, share it or take it back."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """About this view."""
        return {**super().get_form_kwargs(), "instance": self.view}


class DeleteView(OneView, TemplateView):
    """Take a saved view out; the list itself stays as it is."""

    template_name = "office/view_delete.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take it out."""
        to = reverse(f"office:{self.view.list}")
        self.view.delete()
        messages.success(request, gettext("The saved view is deleted."))
        return redirect(to)
