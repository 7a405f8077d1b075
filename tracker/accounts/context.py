"""What every page knows of the deployment."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def deployment(request: HttpRequest) -> dict[str, Any]:
    """The name over every page, and whether the development mailbox is there to look at."""
    return {"deployment_name": settings.DEPLOYMENT_NAME, "shows_mailbox": settings.SHOWS_MAILBOX}
