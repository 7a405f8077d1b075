"""Looking into Redis, which may be away or may hang: nobody waits long for the answer."""

import json
import logging
import re
from datetime import datetime

from celery import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tracker.operations.rules import Queue

logger = logging.getLogger(__name__)

# Seconds; a page that says how everything runs must itself come soon.
PATIENCE = 1.0
# The header of a task that says when it was rung.
RUNG_AT = "rung_at"


def look_into_queue() -> Queue | None:
    """How many tasks wait and since when the oldest does; None if Redis does not answer."""
    try:
        with _redis() as redis:
            name = current_app.conf.task_default_queue
            length, oldest = redis.pipeline().llen(name).lindex(name, -1).execute()
    except (RedisError, OSError, ValueError) as error:
        logger.warning("Redis does not answer: %s", error)
        return None
    return Queue(length, _rung_at(oldest))


def _redis() -> Redis:
    # Celery and redis-py write the address of a socket differently.
    url = re.sub(r"^redis\+socket:", "unix:", current_app.conf.broker_url)
    return Redis.from_url(
        url.replace("virtual_host=", "db="),
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )


def _rung_at(task: bytes | None) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(task or b"{}")["headers"][RUNG_AT])
    except (ValueError, KeyError, TypeError):
        return None
