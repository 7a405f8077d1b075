"""A site with one page that takes as long as a test wants, for gunicorn to serve."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers at once, but for /slow: that says that it has begun, and waits until it may end."""
    if environ["PATH_INFO"] == "/slow":
        directory = Path(os.environ["SLOW_SITE"])
        (directory / "begun").touch()
        while not (directory / "may-end").exists():
            time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
