"""Say whether the audit trail is still what was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracker.audit.queries import Trouble, verify


class Command(BaseCommand):
    """`manage.py verify_audit`, or with a head from a monthly mail: `--head 4711:0123456789abcdef`."""

    help = "Check every entry of the audit trail against its seal, and name the first that was altered."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether a head was noted down elsewhere."""
        parser.add_argument(
            "--head", help="position and hash as a monthly mail gives them, 4711:0123456789abcdef"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the first trouble and fail, or how much there is and where the chain ends."""
        found = verify(timezone.now(), anchor=_anchor(options["head"]))
        if isinstance(found, Trouble):
            raise CommandError(f"The audit trail is not what was written: {found.words}.")
        self.stdout.write(
            f"entries {found.entries}, seals {found.seals}, dropped when old {found.dropped}, "
            f"waiting for their seal {found.waiting}"
        )
        if found.head is not None:
            self.stdout.write(f"head {found.head.position}:{found.head.chain}")


def _anchor(text: str | None) -> tuple[int, str] | None:
    if not text:
        return None
    position, _, chain = text.strip().partition(":")
    if not position.isdigit() or len(position) > 18 or len(chain) < 16:
        raise CommandError("--head is a position and at least 16 signs of the hash: 4711:0123456789abcdef.")
    return int(position), chain.lower()
