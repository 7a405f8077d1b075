"""Celery's way in."""

from celery import shared_task

from tracker.library.inclusion import actions


@shared_task(name="library.settle_inclusion")
def settle_inclusion() -> None:
    """Let projects that have begun, or have become too small, stand where their facts say."""
    actions.settle_all()
