"""What gunicorn serves."""

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Request(WSGIRequest):
    """A request whose head may say nonsense of its body: then it has none that anybody could read."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        # Django looks the character set up before any middleware could answer for a fault.
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # not public
        except (LookupError, ValueError):
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    """Django's own, with the request above."""

    request_class = Request


django.setup(set_prefix=False)
application = Handler()
