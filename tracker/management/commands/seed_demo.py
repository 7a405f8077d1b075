"""Fill an empty library with the invented demo counties, and name the people to sign in as."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracker.library.models import Enterprise
from tracker.management.demo import PASSWORD, demo_accounts, make_demo


class Command(BaseCommand):
    """`manage.py seed_demo`, or `manage.py seed_demo --accounts` to see the accounts again."""

    help = "Add two invented counties with a year of half-months, and print the accounts to try."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether only to print the accounts."""
        parser.add_argument("--accounts", action="store_true", help="only print the accounts")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add them where nothing is yet; print the accounts in any case."""
        if settings.IS_PRODUCTION:
            raise CommandError("The invented accounts have a public password: not in production.")
        if not options["accounts"]:
            if Enterprise.objects.exists():
                raise CommandError("There are enterprises already: the demo is for an empty database.")
            make_demo(timezone.now())
        accounts = demo_accounts()
        if not accounts:
            return
        self.stdout.write("Everything in the demo is invented. Sign in with one of these:")
        for email, role, place in accounts:
            self.stdout.write(f"  {email:<30} {role:<20} {place}")
        self.stdout.write(f"  password for all: {PASSWORD}")
