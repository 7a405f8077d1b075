"""People who sign in."""

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.accounts import permissions, roles
from tracker.accounts.names import PersonNameField
from tracker.accounts.roles import Role
from tracker.accounts.rules import Why
from tracker.audit.capture import Audited, AuditedQuerySet, Trail
from tracker.audit.values import masked_address, masked_name, not_shown
from tracker.scope import ScopedQuerySet


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
        masked={
            "password": not_shown,
            "password_changed_at": not_shown,
            "password_is_set_by_another": not_shown,
            "email": masked_address,
            "name": masked_name,
        },
        left_out={"last_login", "password_changed_at"},
    )

    username = None  # type: ignore[assignment]  # people sign in with their mail address
    first_name = None  # type: ignore[assignment]  # Chinese names are one field
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("mail address"), unique=True)
    name = PersonNameField(pgettext_lazy("of a person", "name"), max_length=80)
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
    password_changed_at = models.DateTimeField(
        _("password of"), null=True, blank=True, editable=False, default=None
    )
    # Somebody else chose the password, and so knows it.
    password_is_set_by_another = models.BooleanField(default=False, editable=False)

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

    def get_full_name(self) -> str:
        """What Django's pages call the person."""
        return str(self)

    def get_short_name(self) -> str:
        """The same: a Chinese name has no short form."""
        return str(self)

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

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session is sealed with: another password, address or role breaks every seal at once."""
        sealed = "\n".join([self.password, self.email, self.role])
        return salted_hmac("tracker.accounts.session", sealed, secret=secret, algorithm="sha256").hexdigest()


class VisitQuerySet(ScopedQuerySet):
    """Sessions by whether they go on; shown to whose they are, and where these people are looked after."""

    division_paths = ("person__enterprise__county", "person__division")
    person_path = "person"

    def open(self, now: datetime) -> Self:
        """Those that nobody and no limit has ended."""
        return self.filter(
            ended_at=None,
            last_seen_at__gt=now - settings.SESSION_IDLE,
            signed_in_at__gt=now - settings.SESSION_LONGEST,
        )

    def end(self, why: Why, now: datetime) -> int:
        """End those that have not ended yet; how many these were."""
        return self.filter(ended_at=None).update(ended_at=now, ended_why=why)


class Visit(models.Model):
    """One session of a person on a device: the row that says whether it goes on, whatever the cookie says."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(User, models.CASCADE, related_name="visits", verbose_name=_("person"))
    signed_in_at = models.DateTimeField(_("signed in at"))
    last_seen_at = models.DateTimeField(_("last seen"), db_index=True)
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=20, blank=True)
    system = models.CharField(_("system of the device"), max_length=20, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_why = models.CharField(max_length=20, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-last_seen_at", "-signed_in_at"]

    def __str__(self) -> str:
        return f"{self.person_id} {self.signed_in_at:%Y-%m-%d %H:%M}"


class PastPasswordQuerySet(ScopedQuerySet):
    """Past passwords; nobody sees one."""


class PastPassword(models.Model):
    """The hash of a password that is not to come again; kept while the profile asks for it."""

    person = models.ForeignKey(User, models.CASCADE, related_name="past_passwords")
    password = models.CharField(max_length=128)
    set_at = models.DateTimeField()

    objects = PastPasswordQuerySet.as_manager()

    class Meta:
        verbose_name = _("past password")
        verbose_name_plural = _("past passwords")
        ordering = ["-set_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.person_id} {self.set_at:%Y-%m-%d}"


class InvitationQuerySet(AuditedQuerySet):
    """Invitations by what became of them; seen where the person they are for is seen."""

    division_paths = ("person__enterprise__county", "person__division")

    def unanswered(self) -> Self:
        """Neither accepted nor withdrawn; their time may be over."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(Audited):
    """A link by mail with which a person chooses their first password; it works once, until it expires."""

    trail = Trail(left_out=("token_digest", "blanked_at"))

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("sent, not accepted yet")
        ACCEPTED = "accepted", _("accepted")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    person = models.ForeignKey(User, models.CASCADE, related_name="invitations", verbose_name=_("person"))
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("invited by")
    )
    made_at = models.DateTimeField(_("invited at"), default=timezone.now)
    expires_at = models.DateTimeField(_("works until"))
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    # Of the link only this is kept; the mail in the outbox loses it when the invitation is over.
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    blanked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_one_unanswered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.made_at:%Y-%m-%d}"

    @property
    def mail_key(self) -> str:
        """The key of its mail in the outbox."""
        return f"invitation:{self.pk}"

    def state(self, now: datetime) -> State:
        """What became of it by now."""
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.withdrawn_at:
            return self.State.WITHDRAWN
        return self.State.EXPIRED if now >= self.expires_at else self.State.OPEN
