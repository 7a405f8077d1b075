"""What `manage.py check --deploy` asks of a deployment beyond Django's own questions."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security, deploy=True)
def broker_is_not_embedded(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A deployment has a Redis that is watched and kept on its own, not the runner's child."""
    if not settings.REDIS_URL.startswith("redis+socket:"):
        return []
    return [
        Error(
            "The embedded Redis is for trying out and for development.",
            hint="Set REDIS_URL to a Redis that runs as a service of its own.",
            id="jigai.E001",
        )
    ]


@register(Tags.security, deploy=True)
def sign_in_service_is_reached_safely(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whoever stands between us and the sign-in service could otherwise say who somebody is."""
    if not settings.OIDC_SERVER_URL or settings.OIDC_SERVER_URL.startswith("https://"):
        return []
    return [
        Error(
            "The sign-in service is reached without encryption.",
            hint="Set OIDC_SERVER_URL to an address that begins with https://.",
            id="jigai.E020",
        )
    ]
