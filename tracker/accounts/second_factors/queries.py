"""Questions about somebody's second factors."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet

from tracker.accounts.models import User

# What can be asked for at sign-in; recovery codes only stand in for one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def factors_of(person: User) -> QuerySet[Authenticator]:
    """The factors by which the person can sign in."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=person.pk, type__in=FACTORS)
    return found


def must_have_second_factor(person: User) -> bool:
    """Whether the deployment asks one of the person, as it does of officials and administrators."""
    return settings.SECOND_FACTOR_REQUIRED and person.is_official
