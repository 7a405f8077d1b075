"""People: who may sign in, as what, and for which place."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import (
    AdminUserCreationForm,
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
)
from django.contrib.auth.hashers import is_password_usable
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts import invitations, roles
from tracker.accounts.models import User
from tracker.accounts.person_admin import PeopleActions
from tracker.accounts.roles import Role
from tracker.accounts.second_factors.actions import reset_second_factors
from tracker.accounts.visits import end_sessions
from tracker.admin.choosing import placed
from tracker.admin.site import ByAdministrators, stands_above_all
from tracker.personal.administering import RemovesPersonalData


class PersonMixin(forms.ModelForm):
    """What holds of a person however they are entered."""

    # Whoever stands above all divisions may put administrators there.
    may_lack_division = False

    def clean_email(self) -> str:
        """Addresses are kept in lower case, so that one person is one row however it is typed."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> dict[str, Any] | None:
        """Somebody of an enterprise belongs to it alone, an official to a division alone."""
        cleaned = super().clean() or self.cleaned_data
        role, is_enterprise = cleaned.get("role"), cleaned.get("role") == Role.ENTERPRISE
        if not role:
            return cleaned
        needed, unwanted = ("enterprise", "division") if is_enterprise else ("division", "enterprise")
        messages = {
            "enterprise": _("Say which enterprise the person belongs to."),
            "division": _("Say which division the official works for."),
        }
        may_lack = self.may_lack_division and role in roles.ADMINISTRATORS
        if not cleaned.get(needed) and needed not in self.errors and not may_lack:
            self.add_error(needed, messages[needed])
        if cleaned.get(unwanted):
            self.add_error(unwanted, _("Leave this empty for the role that is chosen."))
        return cleaned


class NewPerson(PersonMixin, AdminUserCreationForm):
    """Somebody to be added: invited by mail, or with a first password that you tell them."""

    usable_password = forms.ChoiceField(
        label=_("How the person comes to a password"),
        required=False,
        initial="false",
        choices=[
            ("false", _("Invite by mail: the person chooses it")),
            ("true", _("I set a first password and tell it to the person")),
        ],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )

    class Meta:
        model = User
        fields = ("email", "name", "role", "division", "enterprise", "language")


class WhetherSet(ReadOnlyPasswordHashWidget):
    """Whether the person has a password, and nothing of how it is kept; the way to set another."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """One word in place of what the stored hash consists of."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        is_set = bool(value) and is_password_usable(value)
        words = _("A password is set.") if is_set else _("No password is set.")
        return {**context, "summary": [{"label": words}]}


class Person(PersonMixin, UserChangeForm):
    """Somebody who is there already."""

    password = ReadOnlyPasswordHashField(label=_("Password"), widget=WhetherSet)

    class Meta:
        model = User
        fields = ("email", "password", "name", "language", "role", "division", "enterprise", "is_active")


class Reason(forms.Form):
    """Why something is done to somebody's account; it stands in the audit trail."""

    why = forms.CharField(label=_("Reason"), min_length=4, max_length=400)


@admin.action(description=_("Reset the second factors"), permissions=["change"])
def reset_factors(people: "PersonAdmin", request: HttpRequest, chosen: QuerySet[User]) -> HttpResponse | None:
    """Ask for a reason, then take away the second factors of those chosen; nobody does it for themselves."""
    assert isinstance(request.user, User)
    others = chosen.exclude(pk=request.user.pk)
    if not others:
        people.message_user(request, _("Another administrator has to do this for you."), messages.ERROR)
        return None
    form = Reason(request.POST if "why" in request.POST else None)
    if form.is_valid():
        for person in others:
            reset_second_factors(person, by=request.user, why=form.cleaned_data["why"])
        people.message_user(request, _("The second factors are reset, and a mail is on its way."))
        return None
    context = {
        **people.admin_site.each_context(request),
        "title": _("Reset the second factors"),
        "people": others,
        "form": form,
        "opts": people.opts,
    }
    return TemplateResponse(request, "account/admin_reset_second_factors.html", context)


@admin.register(User)
class PersonAdmin(PeopleActions, RemovesPersonalData, ByAdministrators, UserAdmin):
    """Who may sign in, as what, and for which place; somebody who leaves is switched off, not deleted."""

    actions: Any = (*PeopleActions.actions, reset_factors, *RemovesPersonalData.actions)
    # Who stands above all divisions is out of the others' reach: a new password would be a way up.
    ways = ("division__", "enterprise__county__")
    keepers = roles.SECURING
    form = Person
    add_form = NewPerson
    add_form_template = "account/admin_new_person.html"
    change_form_template = "account/admin_person.html"
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "language")}),
        (_("Role"), {"fields": ("role", "division", "enterprise", "is_active")}),
        (_("Sign-in"), {"fields": ("invitation_state", "open_sessions", "last_login", "date_joined")}),
        (_("Personal data"), {"fields": ("removal_asked_at", "removed_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "language")}),
        (_("Role"), {"fields": ("role", "division", "enterprise")}),
        (_("Invitation or first password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    list_display = ("name", "email", "role", "place", "is_active", "removal_asked_at")
    list_filter = ("role", "is_active", "language", ("removal_asked_at", admin.EmptyFieldListFilter))
    list_select_related = ("division__parent__parent__parent", "enterprise")
    search_fields = ("name", "email", "division__name_zh", "enterprise__name")
    autocomplete_fields = ("division", "enterprise")
    ordering = ("name", "pk")
    filter_horizontal = ()
    readonly_fields = (
        *("invitation_state", "open_sessions", "last_login", "date_joined"),
        *("removal_asked_at", "removed_at"),
    )

    @admin.display(description=_("works for"))
    def place(self, person: User) -> str:
        """The division that an official works for, or the enterprise that somebody belongs to."""
        if person.division is not None:
            return placed(person.division)
        return str(person.enterprise or _("all divisions"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Only somebody above all divisions puts others there."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.may_lack_division = stands_above_all(request)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody gives themselves another role, nor switches themselves off."""
        own = ("role", "division", "enterprise", "is_active") if obj == request.user else ()
        return (*self.readonly_fields, *own)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The role alone decides who comes in here; a changed address leaves no older one to sign in with."""
        obj.is_staff = obj.role in roles.ADMINISTRATORS
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            EmailAddress.objects.filter(user=obj).delete()
        assert isinstance(request.user, User)
        if change and {"email", "role", "is_active"} & set(form.changed_data):
            end_sessions(obj, by=request.user, why=", ".join(form.changed_data))
            if not obj.is_active:
                invitations.withdraw(obj, by=request.user, now=timezone.now())
        elif not change and not obj.has_usable_password():
            invitations.invite(obj, by=request.user, now=timezone.now())
            messages.info(request, _("A mail with a link to choose a password is on its way."))
