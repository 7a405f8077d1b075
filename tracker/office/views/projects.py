"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class Projects(OfficialOnly, TemplateView):
    """Stub."""


class ProjectPage(OfficialOnly, TemplateView):
    """Stub."""
