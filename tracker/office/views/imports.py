"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Imports(OfficialOnly, TemplateView):
    """Stub."""


class ImportPreview(OfficialOnly, TemplateView):
    """Stub."""
