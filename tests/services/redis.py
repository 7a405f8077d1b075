"""A real Redis of a test run's own, started the way the product starts its embedded one."""

from pathlib import Path
from urllib.parse import quote

from config import broker
from tests.services.processes import Process
from tests.services.waiting import wait_until


class RedisServer(Process):
    """Its data survive `kill` and `start`, as in the product."""

    def __init__(self, directory: Path) -> None:
        self.socket_path = directory / "redis.sock"
        super().__init__(broker.redis_command(self.socket_path, directory), directory / "redis.log")

    @property
    def url(self) -> str:
        """The address by which Celery reaches it."""
        return f"redis+socket://{quote(str(self.socket_path))}?virtual_host=0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        super().start()
        wait_until(lambda: broker.answers(self.socket_path), 10, what="Redis answers")
