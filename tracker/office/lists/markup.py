"""Markup that is put together from pieces, where making each piece by itself would cost most of a page."""

from django.utils.safestring import SafeString


class Markup(SafeString):
    """Markup of our own; whatever comes from people was escaped when it was written into it."""
