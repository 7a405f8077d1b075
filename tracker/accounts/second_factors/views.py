"""Pages about one's own second factors that allauth has no page for, or one that does not fit."""

from ipaddress import ip_address
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.flows import remove_authenticator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import DeleteView, TemplateView

from tracker.accounts.access import SignedIn
from tracker.accounts.second_factors.actions import recovery_codes_left, renew_recovery_codes
from tracker.accounts.second_factors.queries import factors_of, must_have_second_factor


def keys_work_at(host: str) -> bool:
    """Whether browsers accept security keys there: they know host names, and no bare network addresses."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return True
    return False


class SecondFactors(SignedIn, IndexView):
    """What the person has set up, and what they can."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The factors, and whether one is still owed."""
        return {
            **super().get_context_data(**kwargs),
            "is_required": must_have_second_factor(self.person),
            "has_factor": factors_of(self.person).exists(),
            "codes_left": recovery_codes_left(self.person),
            "keys_work": keys_work_at(self.request.get_host()),
        }


class RecoveryCodes(SignedIn, TemplateView):
    """New recovery codes, shown on the answer that makes them and never again: only their hashes are kept."""

    template_name = "account/recovery_codes.html"

    @method_decorator(never_cache)
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """How many are left, and a button for new ones."""
        if not factors_of(self.person).exists():
            return redirect("mfa_index")
        return super().get(request, *args, **kwargs)

    @method_decorator(never_cache)
    @method_decorator(reauthentication_required(app="allauth.mfa"))
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make new ones and show them."""
        if not factors_of(self.person).exists():
            return redirect("mfa_index")
        codes = renew_recovery_codes(self.person)
        return render(request, self.template_name, {"codes": codes, "codes_left": len(codes)})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """How many are left."""
        return {**super().get_context_data(**kwargs), "codes_left": recovery_codes_left(self.person)}


@method_decorator(reauthentication_required(app="allauth.mfa"), name="get")
@method_decorator(reauthentication_required(app="allauth.mfa"), name="post")
class RemoveKey(SignedIn, DeleteView):
    """allauth asks whether a factor may go when it is an app, and forgets to ask when it is a key."""

    template_name = "mfa/webauthn/authenticator_confirm_delete.html"
    success_url = reverse_lazy("mfa_list_webauthn")

    def get_queryset(self) -> QuerySet[Authenticator]:
        """The person's own keys."""
        return factors_of(self.person).filter(type=Authenticator.Type.WEBAUTHN)

    def form_valid(self, form: Form) -> HttpResponse:
        """Remove it, unless it is the last one and one is required."""
        if not get_adapter().can_delete_authenticator(self.object):
            form.add_error(None, get_adapter().error_messages["cannot_delete_authenticator"])
            return self.form_invalid(form)
        remove_authenticator(self.request, self.object)
        return redirect(self.success_url)
