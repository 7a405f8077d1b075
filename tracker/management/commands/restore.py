"""Put a backup into an empty database, or look whether one is whole."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from tracker.audit.actions import record
from tracker.audit.models import AuditEntry
from tracker.management.settling import Settled, settle
from tracker.operations.container import Unusable
from tracker.operations.restoring import CannotRestore, Found, look_through, restore


class Command(BaseCommand):
    """`manage.py restore FILE`, `manage.py restore --check FILE`, `manage.py restore --settle`."""

    help = "Put a backup into an empty database and media folder; no mail is sent again after it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which file, and whether only to look at it."""
        parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the backup")
        parser.add_argument(
            "--check", action="store_true", help="only look whether every byte and line of it is whole"
        )
        parser.add_argument(
            "--settle",
            action="store_true",
            help="only keep mails from being sent again, after the database was restored by other means",
        )

    def handle(self, *args: Any, file: Path | None, check: bool, **options: Any) -> None:
        """Check, restore or settle, and tell what was done."""
        if options["settle"]:
            with transaction.atomic():
                settled = settle(timezone.now())
                record(AuditEntry.Act.RESTORED, after=_numbers(settled))
            self._tell_settled(settled)
        elif file is None:
            raise CommandError("Say which backup: manage.py restore FILE.")
        else:
            try:
                self._open(file, check=check)
            except Unusable as unusable:
                raise CommandError(f"{file} cannot be used. {unusable}") from unusable
            except CannotRestore as refused:
                raise CommandError(str(refused)) from refused
            except OSError as failed:
                raise CommandError(str(failed)) from failed

    def _open(self, path: Path, *, check: bool) -> None:
        with path.open("rb") as file:
            if check:
                _, found = look_through(file)
                self._tell_found(path, found)
                self.stdout.write("It is whole.")
                return

            def afterwards(found: Found) -> tuple[Found, Settled]:
                settled = settle(timezone.now())
                record(
                    AuditEntry.Act.RESTORED,
                    after={
                        "file": path.name,
                        "sha256": found.digest,
                        "made_at": found.made_at.isoformat(),
                        "rows": sum(found.rows.values()),
                        **_numbers(settled),
                    },
                )
                return found, settled

            found, settled = restore(file, afterwards)
        self._tell_found(path, found)
        self.stdout.write("Restored; every row was read back and is as in the backup.")
        self._tell_settled(settled)
        self.stdout.write("Everybody has to sign in again.")

    def _tell_found(self, path: Path, found: Found) -> None:
        self.stdout.write(
            f"{path.name}: made {timezone.localtime(found.made_at):%Y-%m-%d %H:%M:%S} by Jigai "
            f"{found.product} on {found.database}, "
            f"{sum(found.rows.values()):,} rows in {len(found.rows)} tables, {len(found.media):,} files"
        )
        for label, number in found.rows.items():
            self.stdout.write(f"  {label:<40} {number:>10,}")
        self.stdout.write(f"sha256 up to its seal: {found.digest}")
        if found.audit_head is not None:
            self.stdout.write(f"audit trail's last seal: {found.audit_head}")

    def _tell_settled(self, settled: Settled) -> None:
        self.stdout.write(
            f"not sent again: mails withdrawn {settled.withdrawn}, reminders settled {settled.reminders}, "
            f"monthly summaries settled {settled.summaries}"
        )
        for trouble in settled.troubles:
            self.stderr.write(f"could not be settled, so a mail of it may come again: {trouble}")


def _numbers(settled: Settled) -> dict[str, int]:
    return {
        "withdrawn": settled.withdrawn,
        "reminders_settled": settled.reminders,
        "summaries_settled": settled.summaries,
    }
