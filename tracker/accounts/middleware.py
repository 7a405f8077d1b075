"""What is done with every request of a signed-in person."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from tracker.accounts.models import Language

Handler = Callable[[HttpRequest], HttpResponse]


def reader_language(get_response: Handler) -> Handler:
    """Show pages in the person's own language until the browser's language cookie says otherwise."""

    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user
        has_chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) in Language.values
        if user.is_authenticated and not has_chosen:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        return get_response(request)

    return handle
