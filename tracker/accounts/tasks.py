"""Celery's way in."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from tracker.accounts import invitations, passwords, visits


@shared_task(name="accounts.tidy")
def tidy() -> None:
    """Drop what sign-in no longer needs: dead sessions, links that expired, hashes nobody asks for."""
    now = timezone.now()
    invitations.blank_expired(now)
    visits.forget_sessions(now)
    passwords.forget_past_passwords()
    SessionStore.clear_expired()
