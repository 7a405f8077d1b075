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
from django.utils.translation import gettext_lazy as _

from tracker.accounts import roles
from tracker.accounts.fields import writable
from tracker.accounts.models import User
from tracker.accounts.roles import Role
from tracker.library.models import Division, Enterprise


def is_administrator(request: HttpRequest) -> bool:
    """Whether somebody may come in: the role says so, whatever other flags the account has."""
    return isinstance(request.user, User) and request.user.may(roles.ADMINISTRATORS)


def sign_in_at_the_front_door(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One way in, with its limits on attempts; who is in already and comes here is not an administrator."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or request.path)


admin.site.site_header = _("Jigai administration")
admin.site.site_title = _("Jigai administration")
admin.site.index_title = _("People, places, calendars, policies")
# The default site is the one that other apps register with; these are the two doors it has.
admin.site.has_permission = is_administrator  # type: ignore[method-assign]  # Django's own way is a setting more
admin.site.login = sign_in_at_the_front_door  # type: ignore[method-assign]

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

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only places and enterprises within reach can be chosen."""
        if db_field.related_model is Division:
            kwargs["queryset"] = self.divisions(request, db_field.name)
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
        below = Division.objects.filter(reach(request, ""))
        return below.counties() if field == "county" else below


def stands_above_all(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.stands_above_all
