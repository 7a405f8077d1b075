"""Failed attempts to sign in, and the locks that they led to."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts import roles
from tracker.accounts.lockout.actions import lift_lock
from tracker.accounts.lockout.models import SignInAttempt
from tracker.accounts.lockout.rules import Kind
from tracker.accounts.models import User
from tracker.admin.site import ByAdministrators, reach, stands_above_all


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
        if stands_above_all(request):
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
