"""Judge a county's half-month again from what is kept, and say how many badges there are of each colour."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracker.badges.queries import counts_by_colour
from tracker.calendars.periods import HalfMonth, NotAPeriod
from tracker.inspections.actions import reassess_cycle
from tracker.inspections.models import Cycle
from tracker.library.models import BadgeColour


class Command(BaseCommand):
    """`manage.py reassess --county 371423 --cycle 2026-10-H2`."""

    help = "Judge a county's half-month again; the same figures give the same badges."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which county, which half-month."""
        parser.add_argument("--county", required=True, help="GB/T 2260 code, e.g. 371423")
        parser.add_argument("--cycle", required=True, help="half-month, e.g. 2026-10-H2")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge and count."""
        try:
            half_month = HalfMonth.parse(options["cycle"])
        except NotAPeriod as wrong:
            raise CommandError(str(wrong)) from wrong
        cycle = Cycle.objects.filter(county__code=options["county"], start=half_month.start).first()
        if cycle is None:
            raise CommandError(f"County {options['county']} has no half-month {half_month.code}.")
        given = reassess_cycle(cycle, at=timezone.now())
        counts = counts_by_colour(cycle.county, half_month)
        self.stdout.write(", ".join(f"{colour} {counts[colour]}" for colour in BadgeColour.values))
        self.stdout.write(f"given {given.given}, unchanged {given.unchanged}")
