"""Pages about one's own account: sessions, the end of this one, an invitation."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.forms import SetPasswordForm
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from tracker.accounts import invitations
from tracker.accounts.access import Public, SignedIn
from tracker.accounts.invitations import InvitationOver
from tracker.accounts.models import Invitation, Visit
from tracker.accounts.rules import Why
from tracker.accounts.visits import end_other_sessions, end_session, limits, see


class Sessions(SignedIn, TemplateView):
    """Where you are signed in, and the way to end it there."""

    needs = "be_here"
    template_name = "account/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One's own sessions, this one first."""
        here: Visit = self.request.visit  # type: ignore[attr-defined]
        others = self._open(timezone.now()).exclude(pk=here.pk)
        return {**super().get_context_data(**kwargs), "here": here, "others": others, "limits": limits()}

    def post(self, request: HttpRequest) -> HttpResponse:
        """End one, or all others."""
        now = timezone.now()
        if "others" in request.POST:
            ended = end_other_sessions(request.visit, now=now)  # type: ignore[attr-defined]
        else:
            ended = self._end_one(request.POST.get("end", ""), now)
        said = ngettext("%(number)d session was ended.", "%(number)d sessions were ended.", ended)
        messages.success(request, said % {"number": ended})
        return redirect("sessions")

    def _end_one(self, key: str, now: datetime) -> int:
        try:
            visit = self._open(now).filter(pk=key).first()
        except ValidationError:
            return 0
        return int(visit is not None and end_session(visit, by=self.person, now=now))

    def _open(self, now: datetime) -> QuerySet[Visit]:
        return self.person.visits.open(now)


class SessionState(Public):
    """How long the session still lasts, for the script that warns; a POST says that somebody is there."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """What is left by each limit, in seconds; or why it is over."""
        return self._say(request, timezone.now())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Stay signed in."""
        now = timezone.now()
        if visit := request.visit:  # type: ignore[attr-defined]
            see(visit, now)
        return self._say(request, now)

    @staticmethod
    def _say(request: HttpRequest, now: datetime) -> HttpResponse:
        visit: Visit | None = request.visit  # type: ignore[attr-defined]
        said = {"over": request.session_over or Why.SIGNED_OUT}  # type: ignore[attr-defined]
        if visit is not None:
            said = seconds_left(visit, now)
        return JsonResponse(said, headers={"Cache-Control": "private, no-store"})


def seconds_left(visit: Visit, now: datetime) -> dict[str, Any]:
    """What is left of a session by each limit."""
    return {
        "idle": round((visit.last_seen_at + limits().idle - now).total_seconds(), 1),
        "longest": round((visit.signed_in_at + limits().longest - now).total_seconds(), 1),
    }


class SignInAgain(SignedIn):
    """End this session before its time, to begin another on the same page."""

    needs = "be_here"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Somebody who reloads the address lands at the start."""
        return redirect("home")

    def post(self, request: HttpRequest) -> HttpResponse:
        """On to the sign-in page, which leads back."""
        page = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure()):
            page = "/"
        visit: Visit = request.visit  # type: ignore[attr-defined]
        Visit.objects.filter(pk=visit.pk).end(Why.AGAIN, timezone.now())
        logout(request)
        return redirect(f"{reverse('account_login')}?{urlencode({'next': page, 'ended': Why.AGAIN})}")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class AcceptInvitation(Public):
    """The link of an invitation: looking at it uses nothing up, choosing a password does."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The form, or why the link does not work any more."""
        invitation = invitations.by_token(token)
        if invitation is None or not _may_be_accepted(invitation, timezone.now()):
            return self._refuse(request, invitation)
        return self._ask(request, invitation, SetPasswordForm(user=invitation.person))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Keep the password and sign the person in, as far as sign-in asks for nothing more."""
        now = timezone.now()
        invitation = invitations.by_token(token)
        if invitation is None or not _may_be_accepted(invitation, now):
            return self._refuse(request, invitation)
        form = SetPasswordForm(data=request.POST, user=invitation.person)
        if not form.is_valid():
            return self._ask(request, invitation, form)
        if request.user.is_authenticated:
            # Whoever else is signed in on this device does not choose the password.
            logout(request)
        try:
            person = invitations.accept(invitation, form.cleaned_data["password1"], now=now)
        except InvitationOver:
            return self._refuse(request, invitations.by_token(token))
        get_adapter(request).add_message(request, messages.SUCCESS, "account/messages/password_set.txt")
        return perform_login(request, person, email_verification="none", redirect_url=reverse("home"))

    @staticmethod
    def _ask(request: HttpRequest, invitation: Invitation, form: SetPasswordForm) -> HttpResponse:
        return render(request, "account/invitation.html", {"invitation": invitation, "form": form})

    @staticmethod
    def _refuse(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
        state = invitation.state(timezone.now()) if invitation else ""
        is_replaced = (
            invitation is not None
            and invitation.person.invitations.filter(made_at__gt=invitation.made_at).exists()
        )
        facts = {"invitation": invitation, "state": state, "is_replaced": is_replaced}
        return render(request, "account/invitation_over.html", facts, status=410 if invitation else 404)


def _may_be_accepted(invitation: Invitation, now: datetime) -> bool:
    person = invitation.person
    return (
        invitation.state(now) is Invitation.State.OPEN
        and person.is_active
        and not person.has_usable_password()
    )
