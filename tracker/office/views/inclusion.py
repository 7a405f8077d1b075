"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class InclusionList(OfficialOnly, TemplateView):
    """Stub."""


class SetInclusion(OfficialOnly, TemplateView):
    """Stub."""
