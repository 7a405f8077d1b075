"""Who may open a page: settled before any handler of the page runs."""

from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import View

from tracker.accounts.models import User
from tracker.accounts.roles import Role

# Forms are read and sent, nothing else: Django's own form pages would take a PUT as well.
METHODS = ["get", "head", "options", "post"]


class Public(View):
    """A page for everybody, signed in or not."""

    http_method_names = METHODS


class SignedIn(View):
    """A page for people in some roles: others get 403, strangers the sign-in page."""

    http_method_names = METHODS
    roles: ClassVar[frozenset[Role]] = frozenset(Role)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the handler run only for a person in one of the roles."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.may(self.roles):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def person(self) -> User:
        """Who asks."""
        assert isinstance(self.request.user, User)
        return self.request.user
