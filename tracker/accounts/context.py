"""What every page knows of the deployment."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def deployment(request: HttpRequest) -> dict[str, Any]:
    """The name over every page, the mailbox of development, the sign-in service of the authority."""
    return {
        "deployment_name": settings.DEPLOYMENT_NAME,
        "shows_mailbox": settings.SHOWS_MAILBOX,
        "sign_on_service": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
    }
