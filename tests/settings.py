"""The project's settings in a test run: a state directory of its own, and tasks queued to nowhere.

Nothing listens on the in-memory queue, so a test that wants a job done calls it, or starts a real
worker with the fixture `celery_worker_process`.
"""

import os
import tempfile
from pathlib import Path

_state = tempfile.TemporaryDirectory(prefix="jigai-tests-")
Path(_state.name, "static").mkdir()
os.environ["JIGAI_ENV"] = "test"
os.environ["JIGAI_VAR"] = _state.name
os.environ["REDIS_URL"] = "memory://"

from config.settings import *  # noqa: E402, F403  the environment must be set first

# Signing in many users would otherwise be most of a test run's time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
