"""Leaving signs of life."""

from datetime import datetime
from typing import Any

from tracker.operations.models import Heartbeat


def beat_of(name: str, at: datetime, facts: dict[str, Any] | None = None) -> None:
    """Write down that a part lives ("beat", "worker") or has done its work ("backup"), and what it tells."""
    Heartbeat.objects.note(name, at, facts or {})
