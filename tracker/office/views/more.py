"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class More(OfficialOnly, TemplateView):
    """Stub."""


class Rules(OfficialOnly, TemplateView):
    """Stub."""
