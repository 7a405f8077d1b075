"""The administration's one door, and what holds of every table in it.

An administrator looks after their own division and what lies below; what holds for everybody is for those
above all divisions. System administrators keep places, calendars and policies; security administrators keep
people.
"""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from tracker.accounts import roles
from tracker.accounts.fields import writable
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.admin.choosing import DivisionField, Suggestions
from tracker.library.models import Division, Enterprise


def is_administrator(request: HttpRequest) -> bool:
    """Whether somebody may come in: the role says so, whatever other flags the account has."""
    return isinstance(request.user, User) and request.user.may(roles.ADMINISTRATORS)


def sign_in_at_the_front_door(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One way in, with its limits on attempts; who is in already and comes here is not an administrator."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or request.path)


def sign_out_at_the_front_door(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One way out, too."""
    return redirect("account_logout")


def change_the_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One page for it, which knows the rules for passwords here and tells the person by mail."""
    return redirect("account_change_password")


def suggest(request: HttpRequest) -> HttpResponseBase:
    """What is offered while somebody types."""
    return Suggestions.as_view(admin_site=admin.site)(request)


admin.site.site_header = _("Jigai administration")
admin.site.site_title = _("Jigai administration")
admin.site.index_title = _("People, places, calendars, policies")
# The list of tables is one step away; its room beside a table is needed for the table.
admin.site.enable_nav_sidebar = False
# The default site is the one that other apps register with; these are the doors it has.
for door, ours in (
    ("has_permission", is_administrator),
    ("login", sign_in_at_the_front_door),
    ("logout", sign_out_at_the_front_door),
    ("password_change", change_the_password),
    ("password_change_done", change_the_password),
    ("autocomplete_view", suggest),
):
    setattr(admin.site, door, ours)

# Roles take the place of groups, and an administrator enters mail addresses with the person. Second factors
# are their owners' alone, and the sign-in service is configured where the server is.
for not_used in (Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(not_used)


def reach(request: HttpRequest, *ways: str) -> Q:
    """The rows that lie in the administrator's own division or below it; all for one above all divisions."""
    person = request.user
    assert isinstance(person, User)
    if person.stands_above_all:
        return Q()
    if person.division is None:
        return Q(pk__in=())
    lies_below = Q()
    for way in ways:
        lies_below |= Q(**{f"{way}path__startswith": person.division.path})
    return lies_below


class ByAdministrators(admin.ModelAdmin):
    """A table that administrators keep, as far as their division reaches."""

    # Look-ups from a row to its divisions, ending in "__", or "" for the row itself.
    ways: ClassVar[tuple[str, ...]] = ()
    # Rows without a division hold for everybody: all see them, those above all divisions keep them.
    shared_rows: ClassVar[Q | None] = None
    # Which of the administrators the table belongs to; the others do not see it.
    keepers: ClassVar[frozenset[Role]] = roles.ADMINISTERING
    # Who else may look a row up, to choose it in a form of their own.
    readers: ClassVar[frozenset[Role]] = frozenset()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What the administrator may look at."""
        shown = reach(request, *self.ways)
        if self.shared_rows is not None and shown:
            shown |= self.shared_rows
        return super().get_queryset(request).filter(shown)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed for the administrator."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Every row within reach."""
        return self._is_among(request, self.keepers | self.readers)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """New rows may be added."""
        return self._is_among(request, self.keepers)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows of one's own division may be changed."""
        return self._is_among(request, self.keepers) and (obj is None or self._is_own(request, obj))

    @staticmethod
    def _is_among(request: HttpRequest, those: frozenset[Role]) -> bool:
        return isinstance(request.user, User) and request.user.may(those)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted unless a table says so: histories point to it."""
        return False

    def _is_own(self, request: HttpRequest, obj: Model) -> bool:
        return type(obj)._default_manager.filter(reach(request, *self.ways), pk=obj.pk).exists()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Only what the registry lets the role set; whatever else is sent is ignored."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        assert isinstance(request.user, User)
        allowed = writable(self.opts.model_name or "", request.user.role)
        columns = {field.name for field in self.opts.get_fields()}
        for name in columns.intersection(form.base_fields) - allowed:
            del form.base_fields[name]
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the reader may not open is told in words, without a link that would be refused."""
        shown = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return shown
        shut = self._shut_doors(request)
        return [
            (title, {**facts, "fields": [shut.get(name, name) for name in facts["fields"]]})
            for title, facts in shown
        ]

    def _shut_doors(self, request: HttpRequest) -> dict[Any, Any]:
        """Columns that point to a row whose table the reader may not look at, and how each is told."""
        site = self.admin_site
        return {
            column.name: _in_words(column)
            for column in self.opts.fields
            if column.related_model in site._registry
            and not site.get_model_admin(column.related_model).has_view_permission(request)
        }

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only places and enterprises within reach can be chosen."""
        if db_field.related_model is Division:
            kwargs["queryset"] = self.divisions(request, db_field.name)
            kwargs["form_class"] = DivisionField
        elif db_field.related_model is Enterprise:
            kwargs["queryset"] = Enterprise.objects.filter(reach(request, "county__"))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field and db_field.name == "county" and self.shared_rows is not None:
            field.required = not stands_above_all(request)
            field.help_text = (
                _("Empty for a row that holds in every county.") if stands_above_all(request) else ""
            )
        return field

    def divisions(self, request: HttpRequest, field: str) -> QuerySet[Division]:
        """The divisions that can stand in the field."""
        below = Division.objects.filter(reach(request, "")).select_related("parent__parent__parent")
        return below.counties() if field == "county" else below


def _in_words(column: Any) -> Any:
    """A column that points to another row, as that row's name."""

    @admin.display(description=column.verbose_name)
    def words(row: Model) -> Any:
        return getattr(row, column.name)

    words.__name__ = column.name
    return words


def stands_above_all(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.stands_above_all
