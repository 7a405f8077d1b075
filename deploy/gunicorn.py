"""gunicorn in a deployment: behind a proxy that ends TLS, stopped by SIGTERM after what runs is done."""

import os

from config.server import *  # noqa: F403  gunicorn looks for its settings in this module

bind = os.environ.get("JIGAI_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
# Longer than the proxy keeps an idle connection, so that it never sends into one that is being closed.
keepalive = 75
# What a process may have lost track of goes with it; not all at the same time.
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
