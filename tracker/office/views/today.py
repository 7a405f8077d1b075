"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Today(OfficialOnly, TemplateView):
    """Stub."""
