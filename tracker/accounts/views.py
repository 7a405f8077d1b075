"""Pages that belong to no audience: the way in, help."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView

from tracker.accounts.access import Public, SignedIn
from tracker.accounts.roles import Role


class Home(SignedIn):
    """Send each person to where their work begins."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The portal for enterprises, today's page for officials."""
        return redirect("portal:home" if self.person.role == Role.ENTERPRISE else "office:today")


class Help(Public, TemplateView):
    """What the badges and the fields mean, in the same place on every page."""

    template_name = "help.html"
