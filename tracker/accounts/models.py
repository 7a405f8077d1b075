"""People who sign in."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.accounts import permissions, roles
from tracker.accounts.names import PersonNameField
from tracker.accounts.roles import Role
from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import masked_address, masked_name, not_shown


class UserQuerySet(AuditedQuerySet):
    """People, seen by the officials of their division and of those above it."""

    division_paths = ("enterprise__county", "enterprise__township", "division")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # made at run time
    """Makes people whose name at sign-in is their mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **facts: Any) -> "User":
        """Add one person; the address is kept in lower case so that it is the same however it is typed."""
        user = self.model(email=email.strip().lower(), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **facts: Any) -> "User":
        """Add the first person from the command line: a security administrator above all divisions.

        They invite the others. Django's own flag for superusers stays off: no role here may do everything.
        """
        facts = {"role": Role.SECURITY_ADMINISTRATOR, "name": email, **facts}
        return self.create_user(email, password, **{**facts, "is_staff": True, "is_superuser": False})


class Language(models.TextChoices):
    """The languages in which a person can be written to."""

    CHINESE = "zh-hans", "中文"
    ENGLISH = "en", "English"


class User(Audited, AbstractUser):
    """One person, with one role, who answers for one division or belongs to one enterprise."""

    # That somebody has signed in is an entry of its own.
    trail = Trail(
        masked={"password": not_shown, "email": masked_address, "name": masked_name}, left_out={"last_login"}
    )

    username = None  # type: ignore[assignment]  # people sign in with their mail address
    first_name = None  # type: ignore[assignment]  # Chinese names are one field
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("mail address"), unique=True)
    name = PersonNameField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=30, choices=Role.choices)
    division = models.ForeignKey(
        "tracker.Division",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("division"),
    )
    enterprise = models.ForeignKey(
        "tracker.Enterprise",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("enterprise"),
    )
    language = models.CharField(
        _("language of mails"), max_length=10, choices=Language.choices, default=Language.CHINESE
    )
    # Since when the account is off, as the daily retention job has noticed it.
    switched_off_at = models.DateTimeField(_("switched off since"), null=True, blank=True, editable=False)
    removal_asked_at = models.DateTimeField(_("asked for removal"), null=True, blank=True, editable=False)
    removed_at = models.DateTimeField(_("personal data removed"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                name="user_has_division_or_enterprise",
                condition=Q(role=Role.ENTERPRISE, division=None, enterprise__isnull=False)
                | Q(~Q(role=Role.ENTERPRISE), enterprise=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def is_official(self) -> bool:
        """Whether the person works for a division, in whatever role."""
        return self.role in roles.OFFICIALS

    @property
    def stands_above_all(self) -> bool:
        """Whether the person administers the whole deployment, not one division of it."""
        return self.role in roles.ADMINISTRATORS and self.division_id is None

    def can(self, act: str, row: Any = None) -> bool:
        """Whether the person may do this to the row, e.g. `li.can("change_project", project)`."""
        return permissions.may(self, act, row)

    def may(self, those: frozenset[Role]) -> bool:
        """Whether the person's role is among those that may do a thing, e.g. `user.may(roles.REVIEWING)`."""
        return self.is_active and self.role in those
