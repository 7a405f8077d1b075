"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Enterprises(OfficialOnly, TemplateView):
    """Stub."""


class EnterprisePage(OfficialOnly, TemplateView):
    """Stub."""
