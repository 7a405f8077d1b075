"""Who may open a page: settled before any handler of the page runs."""

from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views import View

from tracker.accounts.models import User

# Forms are read and sent, nothing else: Django's own form pages would take a PUT as well.
METHODS = ["get", "head", "options", "post"]


class Public(View):
    """A page for everybody, signed in or not."""

    http_method_names = METHODS


class SignedIn(View):
    """A page for people with a permission: others get 403, strangers the sign-in page.

    `needs` is the permission that the page asks for, `needs_to_post` another one for what it sends. Here it
    is asked without a row; a page about one row calls `require` with it as soon as it has found it.
    """

    http_method_names = METHODS
    needs: ClassVar[str] = ""
    needs_to_post: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the handler run only for a person who has the permission."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        self.require()
        return super().dispatch(request, *args, **kwargs)

    @property
    def permission(self) -> str:
        """What the person needs for this request."""
        return self.needs_to_post if self.needs_to_post and self.request.method == "POST" else self.needs

    def require(self, row: Any = None) -> None:
        """Refuse, with 403, whoever may see the row but not do this to it."""
        if not self.person.can(self.permission, row):
            raise PermissionDenied

    @property
    def person(self) -> User:
        """Who asks."""
        assert isinstance(self.request.user, User)
        return self.request.user
