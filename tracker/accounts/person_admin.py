"""What security administrators do with people beside editing them: invite, withdraw, end sessions."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.accounts import invitations
from tracker.accounts.invitations import CannotBeInvited
from tracker.accounts.models import Invitation, User
from tracker.accounts.visits import end_sessions

ACTIONS = ("invite_again", "withdraw_invitation", "end_all_sessions")


class PeopleActions(admin.ModelAdmin):
    """Actions for the people that are chosen in the list, or for the one whose page is open."""

    actions: tuple[str, ...] = ACTIONS

    @admin.display(description=_("invitation"))
    def invitation_state(self, person: User) -> str:
        """What became of the last invitation, and when."""
        last = person.invitations.first()
        if last is None:
            return str(_("never invited"))
        state = last.state(timezone.now())
        at = {
            state.OPEN: last.expires_at,
            state.ACCEPTED: last.accepted_at,
            state.WITHDRAWN: last.withdrawn_at,
            state.EXPIRED: last.expires_at,
        }[state]
        day = date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else ""
        if state is state.OPEN:
            return _("%(state)s; works until %(day)s") % {"state": state.label, "day": day}
        return _("%(state)s: %(day)s") % {"state": state.label, "day": day}

    @admin.display(description=_("sessions going on"))
    def open_sessions(self, person: User) -> str:
        """On how many devices the person is signed in now."""
        return str(person.visits.open(timezone.now()).count())

    @admin.action(description=_("Invite again by mail"), permissions=["change"])
    def invite_again(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """Send each a new link; the one before stops working."""
        sent, refused = 0, []
        for person in people:
            try:
                sent += invitations.invite(person, by=_who(request), now=timezone.now())[1]
            except CannotBeInvited:
                refused.append(person.name)
        if refused:
            messages.warning(
                request,
                _("Not invited, since the account has a password or is closed: %(names)s.")
                % {"names": _("; ").join(refused)},
            )
        if sent or not refused:
            said = ngettext("%(number)d invitation was sent.", "%(number)d invitations were sent.", sent)
            messages.success(
                request, said % {"number": sent} if sent else _("The mail is on its way already.")
            )
        return _back(request, people)

    @admin.action(description=_("Withdraw the invitation"), permissions=["change"])
    def withdraw_invitation(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """Make the links that were sent stop working."""
        taken = sum(invitations.withdraw(person, by=_who(request), now=timezone.now()) for person in people)
        said = ngettext(
            "%(number)d invitation was withdrawn.", "%(number)d invitations were withdrawn.", taken
        )
        messages.success(request, said % {"number": taken})
        return _back(request, people)

    @admin.action(description=_("End all sessions"), permissions=["change"])
    def end_all_sessions(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        """Whoever is signed in as one of these people has to sign in again."""
        ended = sum(end_sessions(person, by=_who(request)) for person in people)
        said = ngettext("%(number)d session was ended.", "%(number)d sessions were ended.", ended)
        messages.success(request, said % {"number": ended})
        return _back(request, people)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The person's page, with the same actions for this one person."""
        person = self.get_object(request, object_id)
        offered = self.get_actions(request)
        acts = [(name, words) for name, words in _acts_for(person, timezone.now()) if name in offered]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "acts": acts})


def _acts_for(person: User | None, now: datetime) -> list[tuple[str, Any]]:
    """What would have an effect: a link is sent to whoever has no password, and withdrawn while it works."""
    if person is None:
        return []
    last = person.invitations.first()
    acts: list[tuple[str, Any]] = []
    if invitations.may_be_invited(person):
        acts.append(("invite_again", _("Invite again by mail") if last else _("Invite by mail")))
    if last is not None and last.state(now) is Invitation.State.OPEN:
        acts.append(("withdraw_invitation", _("Withdraw the invitation")))
    return [*acts, ("end_all_sessions", _("End all sessions"))]


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _back(request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
    """To the person's page when it was pressed there."""
    person = people.first() if "from_person" in request.POST else None
    return redirect("admin:tracker_user_change", person.pk) if person is not None else None
