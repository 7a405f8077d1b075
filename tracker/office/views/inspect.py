"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Inspect(OfficialOnly, TemplateView):
    """Stub."""


class Accept(OfficialOnly, TemplateView):
    """Stub."""


class Return(OfficialOnly, TemplateView):
    """Stub."""
