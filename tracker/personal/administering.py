"""Removal in the administration: who asked for it, and the action with its reason."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tracker.accounts.models import User
from tracker.personal.actions import may_remove, remove_personal_data


class RemovalForm(forms.Form):
    """Why somebody's data are removed."""

    why = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_(
            "It stays on record, so write no name. For example: asked for by the person on 3 November."
        ),
    )


class RemovesPersonalData(admin.ModelAdmin):
    """For the table of people: removing what makes a person known, once the reason is given."""

    actions: tuple[str, ...] = ("remove_personal_data",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Who was removed comes back as nobody."""
        is_removed = isinstance(obj, User) and obj.removed_at is not None
        return super().has_change_permission(request, obj) and not is_removed

    @admin.action(description=_("Remove personal data"), permissions=["change"])
    def remove_personal_data(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """Ask for the reason, then remove; who is out of reach, or removed already, is left alone."""
        administrator: Any = request.user
        chosen = list(queryset.select_related("division", "enterprise__county"))
        people = [
            person for person in chosen if person.removed_at is None and may_remove(administrator, person)
        ]
        if not people:
            self.message_user(
                request,
                gettext(
                    "Nobody's data can be removed: they are removed already, or it is not for you to do."
                ),
                messages.WARNING,
            )
            return None
        form = RemovalForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Remove personal data"),
                "opts": self.opts,
                "people": people,
                "left_alone": len(chosen) - len(people),
                "form": form,
                "checkbox": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/remove_personal_data.html", context)
        at = timezone.now()
        number = sum(
            remove_personal_data(person, by=administrator, why=form.cleaned_data["why"], at=at)
            for person in people
        )
        told = ngettext(
            "The data of %(number)s person are removed.", "The data of %(number)s people are removed.", number
        )
        self.message_user(request, told % {"number": number}, messages.SUCCESS)
        return None
