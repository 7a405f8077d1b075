"""What ties the trail to the request that is being answered."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tracker.audit import context

Handler = Callable[[HttpRequest], HttpResponse]

# What a proxy in front may call a request: letters, digits, dots, dashes; long enough to be its own.
WELL_FORMED = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{7,63}", re.ASCII)
HEADER = "HTTP_X_REQUEST_ID"


def request_id(get_response: Handler) -> Handler:
    """Let a request keep the id it comes with, if that is one; stands right before whoever gives out ids."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not WELL_FORMED.fullmatch(request.META.get(HEADER, "")):
            request.META.pop(HEADER, None)
        return get_response(request)

    return handle


def actor(get_response: Handler) -> Handler:
    """What is done in answer to a request is done by whoever has signed in; stands after the sign-in."""

    def handle(request: HttpRequest) -> HttpResponse:
        with context.asked_by(lambda: request.user):
            response = get_response(request)
        response.setdefault("X-Request-ID", context.request_id())
        return response

    return handle
