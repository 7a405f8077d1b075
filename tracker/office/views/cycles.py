"""Stub."""

from django.views.generic import TemplateView

from tracker.office.access import OfficialOnly


class CurrentCycle(OfficialOnly, TemplateView):
    """Stub."""


class CycleBoard(OfficialOnly, TemplateView):
    """Stub."""


class CloseCycle(OfficialOnly, TemplateView):
    """Stub."""


class SkipCycle(OfficialOnly, TemplateView):
    """Stub."""


class ConfirmBadges(OfficialOnly, TemplateView):
    """Stub."""
