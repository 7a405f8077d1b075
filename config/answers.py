"""What every answer carries, be it a page, a file, a redirect or a fault; and which requests go too far."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

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
    """Refuse what is too large before it is read: files are not held to Django's own limit for forms."""

    def handle(request: HttpRequest) -> HttpResponse:
        if _length(request) > settings.LARGEST_REQUEST:
            return HttpResponse(render_to_string("413.html"), status=413)
        return get_response(request)

    return handle


def _length(request: HttpRequest) -> int:
    """How long the body is said to be; no more of it is ever read than that."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
