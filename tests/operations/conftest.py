"""A folder for backups, a media folder, and what takes a database back to how migrations leave it."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.management import call_command
from pytest_django import Settings

from tracker.operations import backups
from tracker.operations.restoring import Found, restore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where backups go."""
    made = tmp_path / "backups"
    made.mkdir()
    return made


@pytest.fixture
def media(tmp_path: Path, settings: Settings) -> Path:
    """The folder with uploaded files."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    return settings.MEDIA_ROOT


def empty_database() -> None:
    """The database as migrations leave it."""
    call_command("flush", interactive=False, verbosity=0)


def put_back(path: Path, afterwards: Callable[[Found], Any] = lambda found: None) -> Any:
    """Restore a backup into the test's database."""
    with path.open("rb") as file:
        return restore(file, afterwards)


def back_up(folder: Path, at: datetime) -> Path:
    """A backup of the test's database."""
    return backups.back_up(folder, at).path


def program(*words: str, var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, with a state directory and so a database of its own."""
    var.mkdir(exist_ok=True)
    own = {"JIGAI_ENV": "test", "JIGAI_VAR": str(var), "REDIS_URL": "memory://"}
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "EMAIL_URL"}}
    settings_module = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=project.BASE_DIR,
        env={**kept, **own, **settings_module, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def manage(*words: str, var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` in a process of its own; what it says if it went well."""
    return program("manage.py", *words, var=var, **environment)
