"""What a password must be by the deployment's profile, and when it has to be changed."""

from datetime import datetime, timedelta
from typing import Any

from allauth.core import context
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.accounts.models import PastPassword, User, Visit
from tracker.accounts.notices import tell_of_change
from tracker.accounts.rules import PROFILES, Due, PasswordProfile, Why, due, kinds_in

DAY = timedelta(days=1)


def profile() -> PasswordProfile:
    """What this deployment asks of passwords."""
    return PROFILES[settings.PASSWORD_PROFILE]


class ByProfile:
    """Django's way to ask whether a password will do, and to tell that one was set."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Refuse what is too short, of too few kinds, or was used not long ago."""
        asked = profile()
        faults = []
        if len(password) < asked.least_length:
            faults.append(
                ValidationError(
                    ngettext(
                        "This password is too short: it needs at least %(number)d character.",
                        "This password is too short: it needs at least %(number)d characters.",
                        asked.least_length,
                    ),
                    code="password_too_short",
                    params={"number": asked.least_length},
                )
            )
        if kinds_in(password) < asked.least_kinds:
            faults.append(ValidationError(_kinds_in_words(), code="password_of_too_few_kinds"))
        if user is not None and user.pk and not asked.remembered and user.check_password(password):
            faults.append(ValidationError(_("This is your present password."), code="password_is_the_same"))
        if asked.remembered and user is not None and user.pk and _was_used(user, password, asked.remembered):
            faults.append(ValidationError(_past_in_words(asked.remembered), code="password_used_before"))
        if faults:
            raise ValidationError(faults)

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Keep what follows from a password that was just set."""
        if user is not None and user.pk:
            request = context.request
            note_change(
                user,
                by=request.user if request and request.user.is_authenticated else None,
                here=getattr(request, "visit", None),
                now=timezone.now(),
            )

    def get_help_text(self) -> str:
        """The rules in words, for the form."""
        asked = profile()
        said = [
            ngettext(
                "At least %(number)d character; a long sentence is good, spaces are welcome.",
                "At least %(number)d characters; a long sentence is good, spaces are welcome.",
                asked.least_length,
            )
            % {"number": asked.least_length}
        ]
        if asked.least_kinds:
            said.append(_kinds_in_words())
        if asked.remembered:
            said.append(_past_in_words(asked.remembered))
        if asked.lasts:
            said.append(_("It has to be changed every %(days)d days.") % {"days": asked.lasts.days})
        return " ".join(said)


def _kinds_in_words() -> str:
    return _("Use at least three of these: capital letters, small letters, digits, other signs.")


def _past_in_words(remembered: int) -> str:
    return _("It must not be one of your last %(number)d passwords.") % {"number": remembered}


def _was_used(user: User, password: str, remembered: int) -> bool:
    past = list(user.past_passwords.values_list("password", flat=True)[:remembered])
    return any(check_password(password, kept) for kept in {user.password, *past})


def note_change(user: User, *, by: User | None, here: Visit | None, now: datetime) -> None:
    """Keep when the password was set and by whom, end the person's other sessions, and tell them."""
    is_first = user.password_changed_at is None
    user.password_changed_at = now
    user.password_is_set_by_another = by is not None and by.pk != user.pk
    User.objects.filter(pk=user.pk).update(
        password_changed_at=now, password_is_set_by_another=user.password_is_set_by_another
    )
    remembered = profile().remembered
    if remembered:
        PastPassword.objects.create(person=user, password=user.password, set_at=now)
        kept = user.past_passwords.values_list("pk", flat=True)[:remembered]
        user.past_passwords.exclude(pk__in=list(kept)).delete()
    if is_first:
        return
    elsewhere = user.visits.exclude(pk=here.pk) if here is not None else user.visits.all()
    elsewhere.end(Why.CHANGED, now)
    tell_of_change(user, "password", at=now)


def due_of(user: User | AnonymousUser, now: datetime) -> Due | None:
    """Whether the person has to change the password before anything else, and why."""
    asked = profile()
    if not isinstance(user, User) or not user.has_usable_password():
        return None
    return due(asked, user.password_changed_at or user.date_joined, user.password_is_set_by_another, now)


def forget_past_passwords() -> int:
    """Drop the hashes that the profile does not ask for; how many these were."""
    if profile().remembered:
        return 0
    dropped, _by_table = PastPassword.objects.all().delete()
    return dropped


def in_words(why: Due) -> dict[str, Any]:
    """Why the password has to be changed first."""
    if why is Due.SET_BY_ANOTHER:
        return {
            "title": _("Choose a password of your own first"),
            "words": _(
                "Somebody else set the present one, and so knows it. After that you go on to your page."
            ),
        }
    lasts = profile().lasts
    assert lasts is not None
    return {
        "title": _("Your password has expired"),
        "words": _(
            "Here a password is used for %(days)d days at the longest. Choose a new one; after that "
            "you go on to your page."
        )
        % {"days": lasts.days},
    }
