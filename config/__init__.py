"""Settings, the Celery app, the schedule and the root URLs."""
