"""The attempts that failed lately; what was typed is not among what is kept."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.accounts.lockout.rules import LIMITS, REMEMBERED_FOR, Kind, ends_at
from tracker.scope import ScopedQuerySet


class SignInAttemptQuerySet(ScopedQuerySet):
    """Attempts by what they add up to; shown in the administration alone."""

    def locked_until(
        self, kind: Kind, account: str, address: str, at: datetime, *, with_one_under_way: bool = False
    ) -> datetime | None:
        """When the longest lock ends that holds for an account from an address; None when none does.

        An attempt under way is counted already, and does not lock itself out.
        """
        ends: list[datetime | None] = []
        named = {"account": account, "address": address}
        for limit in LIMITS[kind]:
            whose = {name: named[name] for name in limit.by}
            newest = self.filter(kind=kind, at__gt=at - limit.within, **whose).order_by("-at")
            most = limit.most + with_one_under_way
            ends.append(ends_at(limit, list(newest.values_list("at", flat=True)[:most]), most))
        return max((end for end in ends if end), default=None)

    def forgotten(self, at: datetime) -> Self:
        """Those that count for nothing any more."""
        return self.filter(at__lte=at - REMEMBERED_FOR)

    def newest_of_each_pair(self, at: datetime) -> Self:
        """One row for each account and address from which somebody failed lately."""
        counted = self.model._default_manager.filter(at__gt=at - REMEMBERED_FOR)
        pairs = counted.values("kind", "account", "address").annotate(newest=Max("pk"))
        return self.filter(pk__in=pairs.values("newest"))


class SignInAttempt(models.Model):
    """One attempt that failed, or one code that was mailed: for which account, and from where."""

    class Kinds(models.TextChoices):
        """What was attempted."""

        PASSWORD = Kind.PASSWORD, _("Wrong password")
        SECOND_FACTOR = Kind.SECOND_FACTOR, _("Wrong code of the second factor")
        MAILED_CODE = Kind.MAILED_CODE, _("Code sent by mail")

    kind = models.CharField(_("what was attempted"), max_length=20, choices=Kinds.choices)
    # As it was typed, in lower case: there need not be an account of that name.
    account = models.CharField(_("account"), max_length=254)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    objects = SignInAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins and locks")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["kind", "account", "at"], name="attempt_account"),
            models.Index(fields=["kind", "address", "at"], name="attempt_address"),
            models.Index(fields=["at"], name="attempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.address}".strip()
