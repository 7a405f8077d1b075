"""What taking a list out costs, beside the same statement as COPY TO and beside a bare writer."""

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import rustpy_xlsxwriter
from django.db import connection
from django.db.models import QuerySet

from bench.measures import Measure, Memory
from bench.worlds import Scale, World
from tracker.exchange.exports import READ_AT_ONCE, Column, export, project_columns
from tracker.library.models import Project
from tracker.spreadsheets.writing import csv_lines, xlsx_file

ROWS = 10_000
YEAR = 2026
# MB that a file of any length may need besides what the process has.
MOST_MEMORY = 16.0


def measures(scale: Scale) -> Iterator[Measure]:
    """10,000 projects with the columns of the list, then with all; then the memory that all rows need."""
    everything = _columns()
    for name, columns in (
        ("list columns", [column for column in everything if column.is_listed]),
        ("all columns", everything),
    ):
        rows = _projects(scale.large)[:ROWS]
        yield Measure("P9", f"CSV, {name}", _csv(rows, columns), _copy(rows, columns), limit=3)
        yield Measure("P10", f"workbook, {name}", _xlsx(rows, columns), _bare_xlsx(rows, columns), limit=1.2)
    rows = _projects(scale.large)
    for goal, kind, act in (
        ("P9", "CSV", _csv(rows, everything)),
        ("P10", "workbook", _xlsx(rows, everything)),
    ):
        _do_warm(kind, everything, scale)
        scale.large.enter()
        with Memory() as memory:
            act()
        yield Measure(goal, f"{kind}, memory of all rows", memory.grown, MOST_MEMORY, limit=1, unit="MB")


def _columns() -> list[Column]:
    return project_columns(YEAR)


def _projects(world: World) -> QuerySet[Project]:
    county = world.county
    return Project.objects.of_county(county).order_by("enterprise__name", "name", "pk")


def _do_warm(kind: str, columns: list[Column], scale: Scale) -> None:
    """What the libraries keep once they have been used is not what a longer file needs."""
    rows = _projects(scale.small)[:ROWS]
    (_csv if kind == "CSV" else _xlsx)(rows, columns)()


def _csv(rows: QuerySet[Project], columns: list[Column]) -> Callable[[], int]:
    def act() -> int:
        table = export(rows, columns)
        return sum(len(block.encode()) for block in csv_lines(table.heads, table.rows))

    return act


def _xlsx(rows: QuerySet[Project], columns: list[Column]) -> Callable[[], int]:
    def act() -> int:
        table = export(rows, columns)
        with xlsx_file(table.heads, table.rows, sheet="projects") as file:
            return file.seek(0, 2)

    return act


def _statement(rows: QuerySet[Project], columns: list[Column]) -> tuple[str, tuple[Any, ...]]:
    return rows.values_list(*[column.source for column in columns]).query.sql_with_params()


def _copy(rows: QuerySet[Project], columns: list[Column]) -> Callable[[], int]:
    statement, parameters = _statement(rows, columns)

    def act() -> int:
        with connection.cursor() as cursor:
            words = f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER)"
            with cursor.copy(words, parameters) as copy:
                return sum(len(block) for block in copy)

    return act


def _bare_xlsx(rows: QuerySet[Project], columns: list[Column]) -> Callable[[], int]:
    """The same rows, read alike, straight to the library: without words, masks and formats of ours."""
    asked = rows.values_list(*[column.source for column in columns])
    titles = [column.name for column in columns]

    def act() -> int:
        read = asked.iterator(chunk_size=READ_AT_ONCE)
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
            records = (dict(zip(titles, row, strict=True)) for row in read)
            rustpy_xlsxwriter.write_worksheet(records, file.name)
            return file.seek(0, 2)

    return act
