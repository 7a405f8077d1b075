"""gunicorn's settings wherever it runs: `gunicorn --config python:config.server config.wsgi`.

Asked to stop, it takes no new request and finishes those in hand, for at most `graceful_timeout` seconds;
whoever stops it (the runner, systemd, compose) must be ready to wait a little longer than that.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from config import logs

worker_class = "gthread"
workers = 2
threads = 4
graceful_timeout = 25
timeout = 60
control_socket_disable = True
accesslog = None
loglevel = "warning"
logconfig_dict = logs.logging_settings()

# Each of several processes keeps its figures in a file here; whichever is asked adds them up.
_var = os.environ.get("JIGAI_VAR") or str(Path(__file__).resolve().parent.parent / "var")
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(Path(_var) / "metrics"))


def on_starting(server: Any) -> None:
    """Begin counting from nothing: files of processes that are gone would be added for ever."""
    directory = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
