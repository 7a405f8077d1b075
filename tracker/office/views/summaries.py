"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Overview(OfficialOnly, TemplateView):
    """Stub."""


class Month(OfficialOnly, TemplateView):
    """Stub."""
