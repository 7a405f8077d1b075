"""What pages say of the session: when it ends, why it ended, and why a password has to be changed."""

from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.accounts import passwords
from tracker.accounts.account_views import seconds_left
from tracker.accounts.models import User, Visit
from tracker.accounts.rules import WARNING, Due, Why
from tracker.accounts.visits import limits

register = template.Library()


@register.inclusion_tag("parts/_session_watch.html", takes_context=True)
def session_watch(context: RequestContext) -> dict[str, Any]:
    """The dialog that warns before the session ends, and the offer to put back what was typed."""
    request = context.request
    visit: Visit | None = getattr(request, "visit", None)
    if visit is None or not isinstance(request.user, User):
        return {}
    return {
        "csrf_token": context.get("csrf_token"),
        "left": seconds_left(visit, timezone.now()),
        "warning": int(WARNING.total_seconds()),
        # Under this name the browser keeps what was typed: the same for the person, nothing to others.
        "person": salted_hmac("tracker.accounts.typed", str(request.user.pk)).hexdigest()[:16],
        "page": request.get_full_path(),
        "hours": limits().hours,
    }


@register.simple_tag(takes_context=True)
def why_signed_out(context: RequestContext) -> str:
    """Why the session before has ended, in words; empty for somebody who just comes."""
    request = context.request
    why = getattr(request, "session_over", None) or request.GET.get("ended", "")
    minutes, hours = limits().minutes, limits().hours
    words = {
        Why.IDLE: ngettext(
            "You were signed out because nothing was done for %(minutes)d minute.",
            "You were signed out because nothing was done for %(minutes)d minutes.",
            minutes,
        )
        % {"minutes": minutes},
        Why.LONGEST: ngettext(
            "You were signed out because one has to sign in again after %(hours)d hour.",
            "You were signed out because one has to sign in again after %(hours)d hours.",
            hours,
        )
        % {"hours": hours},
        Why.AGAIN: _("Sign in again to go on where you were."),
        Why.BY_PERSON: _("You ended this session from another device."),
        Why.BY_ADMINISTRATOR: _("An administrator has ended your sessions."),
        Why.CHANGED: _(
            "You were signed out because the password, mail address or role of the account was changed, "
            "or the account was closed."
        ),
    }
    return words[Why(why)] if why in words else ""


@register.simple_tag(takes_context=True)
def why_password_is_due(context: RequestContext) -> dict[str, Any]:
    """Why the password has to be changed before anything else; empty when it need not."""
    why: Due | None = getattr(context.request, "password_due", None)
    return passwords.in_words(why) if why else {}


@register.filter
def device_label(visit: Visit) -> str:
    """The device of a session in plain words."""
    if visit.browser and visit.system:
        return _("%(browser)s on %(system)s") % {"browser": visit.browser, "system": visit.system}
    return visit.browser or visit.system or _("Unknown device")
