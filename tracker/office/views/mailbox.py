"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Mailbox(OfficialOnly, TemplateView):
    """Stub."""


class MailboxMessage(OfficialOnly, TemplateView):
    """Stub."""
