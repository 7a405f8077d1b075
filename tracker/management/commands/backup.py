"""Make a backup by hand."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracker.operations.backups import CannotBackUp, back_up, default_folder, keep, leave_sign


class Command(BaseCommand):
    """`manage.py backup`, `manage.py backup /mnt/disk --keep 14`."""

    help = "Write the database as it is now and the uploaded files into one file."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and how many to keep."""
        parser.add_argument(
            "target", nargs="?", type=Path, metavar="PATH", help="a folder or a file; else BACKUP_DIR"
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="then remove the oldest of the backups there beyond N"
        )

    def handle(self, *args: Any, target: Path | None, **options: Any) -> None:
        """Make it, and say what must be known of it."""
        target = target or default_folder()
        if target is None:
            raise CommandError("BACKUP_DIR is empty: say where the backup is to go.")
        try:
            made = back_up(target, timezone.now())
            removed = [] if options["keep"] is None else keep(made.path.parent, options["keep"])
        except (CannotBackUp, OSError) as failed:
            raise CommandError(str(failed)) from failed
        leave_sign(made)
        self.stdout.write(
            f"{made.path}: {made.size:,} bytes, {made.rows:,} rows in {made.tables} tables, "
            f"{made.files:,} files"
        )
        self.stdout.write(f"sha256 up to its seal: {made.digest}")
        for path in removed:
            self.stdout.write(f"removed: {path}")
        self.stdout.write(
            "It holds personal data, password hashes and keys, and is not encrypted: keep it on another "
            "machine, where nobody else can read it. SECRET_KEY and the other settings are not in it."
        )
