"""What every answer carries, be it a page, a file, a redirect or a fault; and which requests go too far."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.urls import reverse

NUL = "\x00"
PIECE = 64 * 1024

Handler = Callable[[HttpRequest], HttpResponse]


def protected(get_response: Handler) -> Handler:
    """Give each answer the headers that protect its reader, also where nobody else came to set them."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": settings.PERMISSIONS_POLICY,
        # Only what says otherwise of itself may be kept, as files with a hash in their name do: then "back"
        # after signing out shows nothing.
        "Cache-Control": "private, no-store",
    }
    transport = f"max-age={settings.SECURE_HSTS_SECONDS}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        transport += "; includeSubDomains"
    if settings.SECURE_HSTS_PRELOAD:
        transport += "; preload"

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", transport)
        return response

    return handle


def sound_requests(get_response: Handler) -> Handler:
    """Refuse what no page could take: NULs, which PostgreSQL keeps nowhere, and what is too large to be kept.

    Django itself limits forms, not files.
    """
    administration = reverse("admin:index")

    def handle(request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info:
            raise Http404
        # There, whatever the query names becomes a look-up; our own pages know their parameters.
        if request.path_info.startswith(administration) and _has_nul(request):
            raise BadRequest("NUL in the query")
        for name in [name for name, value in request.COOKIES.items() if NUL in value]:
            del request.COOKIES[name]
        if _length(request) > settings.LARGEST_REQUEST:
            _let_it_pass(request)
            return HttpResponse(render_to_string("413.html", request=request), status=413)
        return get_response(request)

    return handle


def _has_nul(request: HttpRequest) -> bool:
    return any(NUL in name or any(NUL in value for value in values) for name, values in request.GET.lists())


def _let_it_pass(request: HttpRequest) -> None:
    """Hear the sender out, or the answer would be lost; but not a flood that no proxy held back."""
    with suppress(UnreadablePostError):
        for _ in range(2 * settings.LARGEST_REQUEST // PIECE):
            if not request.read(PIECE):
                break


def _length(request: HttpRequest) -> int:
    """How long the body is said to be; no more of it is ever read than that."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
