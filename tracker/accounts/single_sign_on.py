"""Sign-in through the authority's own sign-in service (OpenID Connect), where one is configured.

The service says who somebody is; who may come in is decided here alone. Nothing of it is kept: a person is
found by the address that the service vouches for, each time anew.
"""

import logging
from typing import Any, NoReturn

from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from requests import RequestException

from tracker.accounts.access import Public
from tracker.accounts.models import User

logger = logging.getLogger(__name__)

PROVIDER_ID = "oidc"


class PeopleOfOurs(DefaultSocialAccountAdapter):
    """Lets in who is known here by an address that the service has verified."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the person, or say why nobody comes in."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            _refuse(request, "unknown")
        # Some services send the words "true" and "false"; only a plain yes counts.
        verified = [one.email for one in sociallogin.email_addresses if one.verified is True]
        if not verified:
            _refuse(request, "unverified")
        person = User.objects.filter(email__in=[address.strip().lower() for address in verified]).first()
        if person is None:
            _refuse(request, "unknown")
        sociallogin.user = person

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        """It broke off: cancelled, answered in another window, or the service went wrong."""
        logger.info("single sign-on broke off: %s %r", error, exception)
        _refuse(request, "broken off")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody signs up by it."""
        return False


def _refuse(request: HttpRequest, why: str) -> NoReturn:
    context = {"why": why, "service": settings.OIDC_NAME}
    raise ImmediateHttpResponse(render(request, "socialaccount/refused.html", context, status=403))


class StartSingleSignOn(Public):
    """Sends somebody to the service.

    By a page that leads on by itself, not by a redirect: the policy lets forms lead to this site alone, and
    browsers apply that to every redirect which follows.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """An address alone starts nothing, or any other site could."""
        return redirect("account_login")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask the service where its own sign-in is, and lead there."""
        if not settings.OIDC_SERVER_URL:
            return redirect("account_login")
        service: Any = get_adapter().get_provider(request, PROVIDER_ID)
        try:
            there = service.redirect(
                request, process=AuthProcess.LOGIN, next_url=get_next_redirect_url(request)
            )["Location"]
        except (RequestException, ValueError, KeyError) as error:
            logger.warning("the sign-in service cannot be used: %s", error)
            context = {"why": "away", "service": settings.OIDC_NAME}
            return render(request, "socialaccount/refused.html", context, status=503)
        return render(
            request, "socialaccount/leading_on.html", {"there": there, "service": settings.OIDC_NAME}
        )
