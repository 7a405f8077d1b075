"""The Celery app: beat rings by config/schedule.py, workers do what the database says is due."""

import logging
import os
from typing import Any

from celery import Celery, signals
from django.conf import settings
from django.utils import timezone
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import logs
from config.schedule import SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jigai")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    # A task longer than the visibility timeout would be handed out twice; the longest takes minutes.
    broker_transport_options={
        "visibility_timeout": 3600,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        # Nobody waits long for a doorbell that is out of order: the sweep finds the work in the database.
        "connect_retries_timeout": 2,
    },
    # Nobody reads results: what was done stands in the database.
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_max_tasks_per_child=1000,
    task_soft_time_limit=600,
    task_time_limit=660,
    timezone="Asia/Shanghai",
    enable_utc=True,
    beat_schedule=SCHEDULE,
    beat_schedule_filename=str(settings.VAR_DIR / "beat-schedule"),
    beat_max_loop_interval=5,
    beat_scheduler="config.beat.Scheduler",
)
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks(
    [
        f"tracker.{package}"
        for package in (
            *("accounts", "audit", "mailing", "library", "inspections", "reminders", "summaries", "exchange"),
            *("personal", "operations"),
        )
    ]
)


@signals.before_task_publish.connect
def note_when_rung(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """Each task says when it was rung, so that one can see how long it waits."""
    if headers is not None:
        headers["rung_at"] = timezone.now().isoformat()


@signals.setup_logging.connect
def write_logs_as_the_site_does(loglevel: int | None = None, **kwargs: Any) -> None:
    """Worker and beat write their lines as every process of the product does."""
    logs.begin(settings.LOGGING)
    if loglevel is not None:
        logging.getLogger().setLevel(loglevel)
