"""gunicorn in a deployment: behind a proxy that ends TLS, stopped by SIGTERM after what runs is done."""

import os

bind = os.environ.get("JIGAI_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 60
# Less than what systemd and Docker wait before they kill.
graceful_timeout = 30
# Longer than the proxy keeps an idle connection, so that it never sends into one that is being closed.
keepalive = 75
# What a process may have lost track of goes with it; not all at the same time.
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True
accesslog = None
loglevel = "warning"
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
