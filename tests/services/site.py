"""The site as gunicorn serves it, beside the test."""

import http.client
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.services.processes import Process
from tests.services.waiting import wait_until


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()


class Site(Process):
    """gunicorn with the settings of every deployment."""

    def __init__(self, log: Path, environment: Mapping[str, str], application: str = "config.wsgi") -> None:
        self.port = free_port()
        words = ["--config", "python:config.server", "--bind", f"127.0.0.1:{self.port}", application]
        super().__init__([sys.executable, "-m", "gunicorn", *words], log, environment)

    def start(self) -> None:
        """Start it and wait until it answers."""
        super().start()
        wait_until(self.lives, 30, what="the site lives")

    def lives(self) -> bool:
        """Whether it answers at all."""
        try:
            return self.get("/healthz").status < http.client.INTERNAL_SERVER_ERROR
        except OSError:
            return False

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            return Answer(connection.getresponse())
        finally:
            connection.close()
