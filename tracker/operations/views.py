"""What is answered when a page cannot be."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

# Seconds after which it is worth asking again.
RETRY_AFTER = 30


def fault(request: HttpRequest) -> HttpResponse:
    """A page that says that the database is away for now, or that the fault is ours."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        answer = HttpResponse(render_to_string("503.html"), status=503)
        answer["Retry-After"] = str(RETRY_AFTER)
        return answer
    return server_error(request)
