"""gunicorn's settings in `make run`: those of every deployment, and a gate.

The worker process loads the site while the runner still looks at the database, and answers only when
the runner opens the gate by closing its end of the pipe. The listening socket is the runner's, so a
request that comes meanwhile waits instead of being refused.
"""

import os
import select
from typing import Any

from config.server import *  # noqa: F403  gunicorn looks for its settings in this module

bind = f"fd://{os.environ['JIGAI_LISTENS_ON']}"


def post_worker_init(worker: Any) -> None:
    """Wait at the gate, telling gunicorn meanwhile that this worker is alive."""
    gate = int(os.environ["JIGAI_GATE"])
    while worker.alive and not select.select([gate], [], [], 1)[0]:
        worker.notify()
