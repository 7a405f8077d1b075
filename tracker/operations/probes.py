"""What is asked by machines: does the site live, is it ready, what are its figures."""

from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tracker.operations.queries import unapplied_migrations

Handler = Callable[[HttpRequest], HttpResponse]


def answer_probes(get_response: Handler) -> Handler:
    """Answer the three before anybody looks for the host's name, the session or TLS."""
    probes = {"/healthz": live, "/readyz": ready, "/metrics": figures}

    def handle(request: HttpRequest) -> HttpResponse:
        probe = probes.get(request.path_info) if request.method in {"GET", "HEAD"} else None
        response = probe(request) if probe else None
        if response is None:
            return get_response(request)
        response["Cache-Control"] = "no-store"
        response["X-Frame-Options"] = settings.X_FRAME_OPTIONS
        return response

    return handle


def live(request: HttpRequest) -> HttpResponse:
    """The process answers; whether others do is not asked."""
    return _plain("ok")


def ready(request: HttpRequest) -> HttpResponse:
    """The database answers and has the tables that the program expects; without Redis pages work."""
    try:
        _ask_database()
    except Error:
        connection.close()
        return _plain("database", status=503)
    if unapplied_migrations():
        return _plain("migrations", status=503)
    return _plain("ok")


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def figures(request: HttpRequest) -> HttpResponse | None:
    """What Prometheus collects; None for whoever has no token, as if there were no such page."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return None
    # Only here: what counts begins to do so when it is imported.
    from tracker.operations import metrics

    return HttpResponse(metrics.page(timezone.now()), content_type=metrics.CONTENT_TYPE_LATEST)


def _plain(word: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{word}\n", content_type="text/plain; charset=utf-8", status=status)
