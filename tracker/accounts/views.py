"""Pages that belong to no audience: the way in, help, the language switch."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import TemplateView

from tracker.accounts.access import Public, SignedIn
from tracker.accounts.models import Language, User
from tracker.accounts.queries import team_leads_of
from tracker.accounts.roles import Role

# As in Django's own switch: the choice outlives the visit.
LANGUAGE_KEPT_FOR_SECONDS = 365 * 24 * 60 * 60


def frame_of(person: User) -> dict[str, Any]:
    """What a page of nobody's audience needs to stand in the reader's own navigation."""
    return {
        "frame": "portal/base.html" if person.enterprise else "office/base.html",
        "enterprise": person.enterprise,
        "county": person.enterprise.county if person.enterprise else person.division,
    }


class Home(SignedIn):
    """Send each person to where their work begins."""

    needs = "be_here"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The portal, today's page, or the administration for who stands above all divisions."""
        if self.person.role == Role.ENTERPRISE:
            return redirect("portal:home")
        return redirect("admin:index" if self.person.stands_above_all else "office:today")


class Help(Public, TemplateView):
    """What the badges and the fields mean, in the same place on every page."""

    template_name = "help.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The reader's own navigation, and whom they can ask: the team leads of their county."""
        context = {**super().get_context_data(**kwargs), "frame": "base.html"}
        person = self.request.user
        if not isinstance(person, User):
            return context
        frame = frame_of(person)
        place = frame["county"]
        return {**context, **frame, "team_leads": list(team_leads_of(place.path)) if place else []}


class MailAddress(SignedIn, TemplateView):
    """The address one signs in with; allauth's own page here would take anybody's address."""

    needs = "be_here"
    template_name = "account/email.html"


class SetLanguage(Public):
    """The language switch: for this browser, and for the mails of whoever is signed in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Somebody who reloads the address lands at the start."""
        return redirect("home")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice and go back to the page it was made on."""
        response = HttpResponseRedirect(_page_within_this_site(request))
        language = request.POST.get("language")
        if language in Language.values:
            remember_language(response, language)
            if isinstance(request.user, User):
                User.objects.filter(pk=request.user.pk).update(language=language)
        return response


def remember_language(response: HttpResponse, language: str) -> None:
    """Show this browser its pages in the language from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_KEPT_FOR_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _page_within_this_site(request: HttpRequest) -> str:
    """The page that the switch was on; the start when the form names another site's."""
    page = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return page if is_ours else "/"
