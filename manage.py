#!/usr/bin/env python
"""Django's commands for this project."""

import os
import sys
import uuid

from django.core.management import execute_from_command_line
from structlog.contextvars import bound_contextvars

from tracker.audit.context import by_system

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # What a command does is written down under its name and an id of its own.
    with by_system(f"command {' '.join(sys.argv[1:2])}"), bound_contextvars(request_id=str(uuid.uuid4())):
        execute_from_command_line(sys.argv)
