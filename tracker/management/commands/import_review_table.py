"""Take a county's half-monthly table from the command line."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from tracker.calendars.periods import HalfMonth, NotAPeriod, shanghai_date
from tracker.exchange.actions import LibraryChanged, meaning_in, take_table
from tracker.exchange.archive import LARGEST_FILE, UnreadableFile
from tracker.exchange.queries import HalfMonthTakesNoTable, Kind, Plan, half_month_of, plan_for
from tracker.exchange.rules import Note
from tracker.exchange.sheet import Table, read_table
from tracker.exchange.words import refusal, remark
from tracker.library.models import Division


class Command(BaseCommand):
    """Bring a half-monthly table into a county's library and its half-month.

    Sound rows are taken, refused ones are listed on stderr with row, column and remedy. The last line counts
    enterprises, projects and inspections together (a plan is part of its project), and the rows refused.
    """

    help = "Take a county's half-monthly table (.xlsx): enterprises, projects, plans and inspections."

    def add_arguments(self, parser: CommandParser) -> None:
        """What the command is told."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the workbook")
        parser.add_argument("--county", required=True, help="the county's code, e.g. 371423")
        parser.add_argument(
            "--cycle", help="the half-month, e.g. 2026-10-H2; else what the table says of itself"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, take, and tell in English whatever the machine's language: scripts read the answer."""
        with translation.override("en"):
            try:
                self._take(**options)
            except (UnreadableFile, HalfMonthTakesNoTable) as refused:
                raise CommandError(refusal(refused)) from refused
            except LibraryChanged as changed:
                raise CommandError(
                    "Something else was written meanwhile; nothing was taken. Run it again."
                ) from changed

    def _take(self, *, file: Path, county: str, cycle: str | None, dry_run: bool, **_options: Any) -> None:
        division = Division.objects.counties().filter(code=county).first()
        if division is None:
            raise CommandError(
                f"There is no county {county}. Add it in the administration, or correct --county."
            )
        table = read_table(_content(file), file.name, meaning_in(division))
        now = timezone.now()
        half_month = half_month_of(table, _half_month(cycle), shanghai_date(now))
        self.stdout.write(f"{file.name}: sheet {table.sheet}, {len(table.lines)} rows, {half_month.code}")
        if dry_run:
            plan = plan_for(table, division, half_month)
        else:
            plan = take_table(table, division, half_month, source=file.name, by=None, at=now)
        self._tell(plan, table)

    def _tell(self, plan: Plan, table: Table) -> None:
        for note in plan.notes:
            self.stderr.write(f"note: {remark(note)}")
        for row in plan.rows:
            for note in row.warnings if not row.errors else ():
                self.stderr.write(f"warning: {_place(note)}: {remark(note)}")
        for row in plan.rows:
            for note in row.errors:
                self.stderr.write(f"refused: {_place(note)}: {remark(note)}")
        for records in ("enterprises", "projects", "inspections"):
            count = plan.count(records)
            told = ", ".join(f"{kind.value} {count[kind]}" for kind in Kind)
            self.stdout.write(f"{records}: {told}")
        self.stdout.write(f"left out as totals and notes: {len(table.left_out)}")
        counts = plan.counts
        self.stdout.write(
            f"created {counts.created}, changed {counts.changed}, unchanged {counts.unchanged}, "
            f"refused {counts.refused}"
        )


def _place(note: Note) -> str:
    """Where it is: row, column and head, and what is written there."""
    column = f", column {note.letter} ({note.head})" if note.letter else ""
    written = f" “{note.written}”" if note.written else ""
    return f"row {note.row}{column}{written}"


def _half_month(code: str | None) -> HalfMonth | None:
    if code is None:
        return None
    try:
        return HalfMonth.parse(code)
    except NotAPeriod as wrong:
        raise CommandError(f"--cycle {code} is no half-month; write it like 2026-10-H2.") from wrong


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            # One byte more than may be read tells that the file is too large.
            return opened.read(LARGEST_FILE + 1)
    except OSError as failed:
        raise CommandError(f"{file} cannot be read: {failed.strerror}.") from failed
