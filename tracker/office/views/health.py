"""Does everything run? For whoever keeps it running."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from tracker.accounts.access import SignedIn
from tracker.accounts.models import User
from tracker.mailing.models import Message, MessageQuerySet
from tracker.mailing.tasks import ring
from tracker.operations import actions
from tracker.operations.queries import health, parked_mails
from tracker.operations.rules import State
from tracker.operations.words import Line, line

SHOWN = 50


def wrong_lines() -> list[Line]:
    """What somebody has to do something about at this moment."""
    return [line(finding) for finding in health(timezone.now()) if finding.state is State.WRONG]


class RunsIt(SignedIn):
    """A page for system administrators; mails are those to people of their own division."""

    needs = "administer_system"

    def within_reach(self, messages: MessageQuerySet) -> MessageQuerySet:
        """Of these mails the ones that are the administrator's to look after."""
        if self.person.stands_above_all:
            return messages
        return messages.filter(recipient__in=User.objects.visible_to(self.person))


class Health(RunsIt, TemplateView):
    """Every part with its state and figure, each that is not well with its remedy."""

    template_name = "office/health.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the mails that were given up."""
        now = timezone.now()
        lines = [line(finding) for finding in health(now)]
        parked = self.within_reach(parked_mails())
        return {
            **super().get_context_data(**kwargs),
            "now": now,
            "lines": lines,
            "wrong": sum(shown.state is State.WRONG for shown in lines),
            "look": sum(shown.state is State.LOOK for shown in lines),
            "mails": parked.select_related("recipient").order_by("-parked_at", "-pk")[:SHOWN],
            "more": max(parked.count() - SHOWN, 0),
        }


class DealWithMail(RunsIt):
    """What is done with one mail that was given up; only by a form."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it, unless somebody has done it meanwhile."""
        mails = self.within_reach(Message.objects.select_related("recipient"))
        message = get_object_or_404(mails, pk=kwargs["pk"])
        try:
            said = self._deal_with(message)
        except actions.NotParked:
            messages.warning(request, _("Somebody has dealt with this mail meanwhile."))
        else:
            messages.success(request, said)
        return redirect("office:health")

    def _deal_with(self, message: Message) -> str:
        raise NotImplementedError


class TryMailAgain(DealWithMail):
    """Have it delivered after all."""

    def _deal_with(self, message: Message) -> str:
        ring([actions.try_again(message, timezone.now(), by=self.person)])
        return _("The mail is on its way to %(address)s again.") % {"address": message.address}


class SetMailAside(DealWithMail):
    """It no longer matters."""

    def _deal_with(self, message: Message) -> str:
        actions.set_aside(message, timezone.now(), by=self.person)
        return _("The mail to %(address)s is set aside and will not be sent.") % {"address": message.address}
