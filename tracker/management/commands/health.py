"""Say on the command line whether everything runs."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tracker.operations.queries import health
from tracker.operations.rules import State, worst
from tracker.operations.words import line


class Command(BaseCommand):
    """The health page in a terminal, also when the site or the database is away."""

    help = "Says of each part whether it runs, and what to do if not; ends with 1 if one is wrong."
    # It is to tell of missing migrations and of a database that is away, not to fail by them.
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each part."""
        findings = health(timezone.now())
        for shown in map(line, findings):
            self.stdout.write(f"{shown.shape} {shown.word} · {shown.name} · {shown.figure}")
            if shown.remedy:
                self.stdout.write(f"    {shown.remedy} {shown.command}".rstrip())
        if worst(findings) is State.WRONG:
            sys.exit(1)
