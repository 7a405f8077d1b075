"""The administrator's tables: people, places, calendars, policies.

What inspections and the rule produce (badges, inspections, a project's standing) has no way in from here. An
administrator looks after their own division and what lies below; what holds for everybody is for those above
all divisions. System administrators keep places, calendars and policies; security administrators keep people.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts import invitations, roles
from tracker.accounts.fields import writable
from tracker.accounts.lockout.actions import lift_lock
from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.lockout.rules import Kind
from tracker.accounts.models import User
from tracker.accounts.person_admin import PeopleActions
from tracker.accounts.roles import Role
from tracker.accounts.second_factors.actions import reset_second_factors
from tracker.accounts.visits import end_sessions
from tracker.badges.figures import plain
from tracker.badges.models import BadgePolicy
from tracker.badges.policy import DEFAULT_POINTS, BadPolicy, Policy
from tracker.calendars.models import CalendarDay
from tracker.calendars.periods import HalfMonth, NotAPeriod
from tracker.library.models import CountySettings, Division, Enterprise, Industry
from tracker.mailing.models import Message
from tracker.mailing.rules import without_secrets
from tracker.personal.administering import RemovesPersonalData

# --- the site ---


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
            field.required = not _stands_above_all(request)
            field.help_text = (
                _("Empty for a row that holds in every county.") if _stands_above_all(request) else ""
            )
        return field

    def divisions(self, request: HttpRequest, field: str) -> QuerySet[Division]:
        """The divisions that can stand in the field."""
        below = Division.objects.filter(reach(request, ""))
        return below.counties() if field == "county" else below


def _stands_above_all(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.stands_above_all


# --- people ---


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


class Person(PersonMixin, UserChangeForm):
    """Somebody who is there already."""

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
    list_display = ("name", "email", "role", "division", "enterprise", "is_active", "removal_asked_at")
    list_filter = ("role", "is_active", "language", ("removal_asked_at", admin.EmptyFieldListFilter))
    list_select_related = ("division", "enterprise")
    search_fields = ("name", "email", "division__name_zh", "enterprise__name")
    autocomplete_fields = ("division", "enterprise")
    ordering = ("name", "pk")
    filter_horizontal = ()
    readonly_fields = (
        *("invitation_state", "open_sessions", "last_login", "date_joined"),
        *("removal_asked_at", "removed_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Who stands above all divisions is out of the others' reach: a new password would be a way up."""
        return super().get_queryset(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Only somebody above all divisions puts others there."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.may_lack_division = _stands_above_all(request)
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


@admin.register(SignInAttempt)
class LockAdmin(ByAdministrators):
    """Who failed to come in lately, and what is locked; a lock ends by itself, or is lifted here."""

    keepers = roles.SECURING
    list_display = ("account", "address", "kind", "at", "locked_until")
    list_filter = ("kind",)
    list_per_page = 50
    search_fields = ("account", "address")
    actions = ("lift",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The newest attempt from each address for each account of people within reach."""
        shown = SignInAttempt.objects.newest_of_each_pair(timezone.now())
        if _stands_above_all(request):
            return shown
        people = User.objects.filter(reach(request, "division__", "enterprise__county__"))
        return shown.filter(account__in=people.values("email"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come by themselves."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They are what they are."""
        return False

    @admin.display(description=_("locked until"))
    def locked_until(self, attempt: SignInAttempt) -> datetime | None:
        """When the lock ends, if there is one."""
        return SignInAttempt.objects.locked_until(
            Kind(attempt.kind), attempt.account, attempt.address, timezone.now()
        )

    @admin.action(description=_("Lift the lock of account and address"), permissions=["view"])
    def lift(self, request: HttpRequest, chosen: QuerySet[SignInAttempt]) -> None:
        """Let them try again at once."""
        assert isinstance(request.user, User)
        for attempt in chosen:
            lift_lock(attempt, by=request.user)
        self.message_user(request, _("The locks are lifted."))


# --- places ---


@admin.register(Division)
class DivisionAdmin(ByAdministrators):
    """The tree of divisions; a place keeps its parent, since paths of everything below hang on it."""

    ways = ("",)
    readers = roles.SECURING
    fields = ("parent", "level", "code", "name_zh", "name_en")
    list_display = ("name_zh", "name_en", "code", "level", "parent")
    list_filter = ("level",)
    list_select_related = ("parent",)
    search_fields = ("name_zh", "name_en", "code")
    autocomplete_fields = ("parent",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The place in the tree is settled when it is added."""
        return ("parent", "level") if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A new place lies within reach; a root is for those above all divisions."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field and db_field.name == "parent":
            field.required = not _stands_above_all(request)
        return field


@admin.register(CountySettings)
class CountySettingsAdmin(ByAdministrators):
    """How each county's special team works."""

    ways = ("county__",)
    list_display = (
        "county",
        "needs_second_person",
        "due_after_working_days",
        "closes_after_working_days",
        "confirmation",
    )
    list_select_related = ("county",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Settings stay with their county."""
        return ("county",) if obj else ()


@admin.register(Enterprise)
class EnterpriseAdmin(ByAdministrators):
    """To be looked up when somebody of an enterprise is added; kept on the officials' own pages."""

    ways = ("county__",)
    keepers = roles.ADMINISTRATORS
    fields = ("name", "credit_code", "county", "township", "industry")
    list_display = ("name", "credit_code", "county")
    list_select_related = ("county",)
    search_fields = ("name", "credit_code")
    ordering = ("name", "pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not from here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not from here."""
        return False


@admin.register(Industry)
class IndustryAdmin(ByAdministrators):
    """GB/T 4754 as far as it is used; the same for every county."""

    list_display = ("code", "name_zh", "name_en")
    search_fields = ("code", "name_zh", "name_en")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Industry]:
        """Everybody's."""
        return Industry.objects.all()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A code is the row's identity."""
        return ("code",) if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Reference data of all counties."""
        return _stands_above_all(request) and self._is_among(request, self.keepers)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Reference data of all counties."""
        return self.has_add_permission(request)


# --- calendars and policies ---


@admin.register(CalendarDay)
class CalendarDayAdmin(ByAdministrators):
    """Days that a county, or everybody, works or rests against the national calendar."""

    ways = ("county__",)
    shared_rows = Q(county=None)
    list_display = ("day", "is_working", "county", "note")
    list_filter = ("is_working",)
    list_select_related = ("county",)
    date_hierarchy = "day"

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A special day can be taken back by whoever may change it."""
        return self.has_change_permission(request, obj)


# What each number of the rule must be, in the words of the form; the rule itself decides.
LIMITS: dict[str, Any] = {
    "yellow_at": _("above 0"),
    "red_above": _("above the number for yellow, up to 100"),
    "ratio_yellow_below": _("above 0, up to 100"),
    "ratio_red_below": _("above 0 and below the number for yellow"),
    "start_red_after_months": _("at least 2"),
    "inclusion_yellow_after_days": _("0 or more"),
    "inclusion_red_after_days": _("above the number for yellow"),
    "stale_at": _("at least 1"),
    "fresh_yellow": _("not below the number for “carried forward”"),
    "fresh_red": _("above the number for yellow"),
    "gold_ahead_by": _("from 0 to 100"),
    "history_yellow_run": _("at least 2"),
}


class PolicyForm(forms.ModelForm):
    """One dated version of the rule, number by number."""

    kind = forms.ChoiceField(
        label=_("How being behind is measured"),
        choices=[
            ("points", _("in percentage points behind plan")),
            ("ratio", _("in per cent of the plan to date")),
        ],
        help_text=_("The two built-in rules; only the numbers of the chosen one count."),
    )
    yellow_at = forms.DecimalField(label=_("yellow from so many points behind"))
    red_above = forms.DecimalField(label=_("red above so many points behind"))
    ratio_yellow_below = forms.DecimalField(label=_("yellow below so many per cent of the plan to date"))
    ratio_red_below = forms.DecimalField(label=_("red below so many per cent of the plan to date"))
    start_red_after_months = forms.IntegerField(label=_("start: red from so many months missed"))
    inclusion_yellow_after_days = forms.IntegerField(label=_("inclusion: yellow after so many days"))
    inclusion_red_after_days = forms.IntegerField(label=_("inclusion: red after so many days"))
    stale_at = forms.IntegerField(label=_("“carried forward” from so many half-months missing"))
    fresh_yellow = forms.IntegerField(label=_("yellow from so many half-months missing"))
    fresh_red = forms.IntegerField(label=_("red from so many half-months missing"))
    gold_ahead_by = forms.DecimalField(label=_("gold: so many points ahead of plan"))
    history_yellow_run = forms.IntegerField(label=_("red after yellow so many half-months running"))
    preset = forms.ChoiceField(
        label=_("Plan of a project without monthly figures"),
        required=False,
        choices=[("", _("evenly, day by day")), ("quarters", _("20, 50, 75 and 100 per cent by quarter"))],
    )

    class Meta:
        model = BadgePolicy
        fields = ("county", "code", "effective_from", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = {**DEFAULT_POINTS.to_dict(), **(self.instance.terms or {})}
        for name in TERMS:
            self.initial.setdefault(name, shown[name])
        for name, limit in LIMITS.items():
            self.fields[name].help_text = limit

    def clean_effective_from(self) -> date:
        """A policy begins with a half-month."""
        day: date = self.cleaned_data["effective_from"]
        try:
            HalfMonth.starting(day)
        except NotAPeriod:
            raise ValidationError(_("Half-months start on the 1st and on the 16th.")) from None
        return day

    def clean(self) -> dict[str, Any] | None:
        """The rule itself says whether the numbers go together."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        terms = {name: _as_kept(cleaned[name]) for name in TERMS}
        try:
            self.instance.terms = Policy.from_dict({"code": cleaned["code"], **terms}).to_dict()
        except BadPolicy as bad:
            self.add_error(
                bad.field,
                ValidationError(_("This number has to be %(limit)s."), params={"limit": LIMITS[bad.field]})
                if bad.field in LIMITS
                else _("The rule cannot take this."),
            )
        return cleaned


TERMS = [name for name in DEFAULT_POINTS.to_dict() if name != "code"]


def _as_kept(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value or None if isinstance(value, str) else value


@admin.register(BadgePolicy)
class BadgePolicyAdmin(ByAdministrators):
    """The rule's numbers by date and county; a version under which a badge was given stays as it is."""

    ways = ("county__",)
    shared_rows = Q(county=None)
    form = PolicyForm
    list_display = ("code", "county", "effective_from", "source", "made_at")
    list_select_related = ("county",)
    fieldsets = (
        (None, {"fields": ("county", "code", "effective_from", "source")}),
        (
            _("Behind plan"),
            {"fields": ("kind", "yellow_at", "red_above", "ratio_yellow_below", "ratio_red_below")},
        ),
        (
            _("Start and inclusion"),
            {"fields": ("start_red_after_months", "inclusion_yellow_after_days", "inclusion_red_after_days")},
        ),
        (_("Missing inspections"), {"fields": ("stale_at", "fresh_yellow", "fresh_red")}),
        (_("Gold and history"), {"fields": ("gold_ahead_by", "history_yellow_run")}),
        (_("Plan to date"), {"fields": ("preset",)}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Once a badge was given under it, a policy is history."""
        may = super().has_change_permission(request, obj)
        return may and not (isinstance(obj, BadgePolicy) and obj.awards.exists())

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A version that is only looked at shows the numbers as they are kept."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("county", "code", "effective_from", "source", "numbers", "made_at")}),)
        return super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The same."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("numbers", "made_at")
        return ()

    @admin.display(description=_("numbers of the rule"))
    def numbers(self, policy: BadgePolicy) -> str:
        """The kept numbers in one line."""
        return " · ".join(f"{name}: {value}" for name, value in policy.terms.items() if value is not None)


# --- the ledger of mails ---


@admin.register(Message)
class MessageAdmin(ByAdministrators):
    """What was sent to whom, or why not; to be looked at only."""

    ways = ("recipient__division__", "recipient__enterprise__county__")
    fields = (
        *("kind", "recipient", "address", "language", "subject", "words"),
        *("made_at", "not_before", "attempts", "sent_at", "parked_at", "withdrawn_at", "last_error"),
    )
    list_display = ("subject", "kind", "recipient", "address", "made_at", "sent_at", "parked_at", "attempts")
    list_filter = ("kind", ("sent_at", admin.EmptyFieldListFilter), ("parked_at", admin.EmptyFieldListFilter))
    list_select_related = ("recipient",)
    search_fields = ("subject", "address", "recipient__name")
    date_hierarchy = "made_at"
    readonly_fields = ("words",)

    @admin.display(description=_("text"))
    def words(self, message: Message) -> str:
        """The text without the secret in an invitation's link: whoever has it signs in as the person."""
        return without_secrets(message.text)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Mails are made by what happens, never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nor rewritten."""
        return False
