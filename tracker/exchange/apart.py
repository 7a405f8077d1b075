"""Reads an old .xls in a process of its own, which may neither grow nor last: its cells as JSON.

Such a file says freely how far its table reaches, and its format cannot be looked through beforehand. The
process knows nothing of the product: no database, no settings, no secret.
"""

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError

MEMORY = 280 * 1024 * 1024
# Of the processor's time; a full table needs a tenth of it.
SECONDS = 3
# How the process ends when there is nothing to tell.
LOCKED, BROKEN, TOO_MUCH = 3, 4, 5
MOST_SHEETS = 100


def plain(cell: Any) -> Any:
    """A cell as JSON: texts, figures and truths as they are, moments with the name of their kind."""
    if isinstance(cell, (datetime, date, time)):
        return [type(cell).__name__, cell.isoformat()]
    # How long something took is no figure of a table; as a text it is told to be none.
    return str(cell) if isinstance(cell, timedelta) else cell


def sheets(content: bytes) -> list[dict[str, Any]]:
    """All sheets with their cells from the first row and column on, and what is merged."""
    read = []
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
        for index, name in enumerate(workbook.sheet_names[:MOST_SHEETS]):
            sheet = workbook.get_sheet_by_index(index)
            grid = [[plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            while grid and not any(cell != "" for cell in grid[-1]):
                grid.pop()
            merges = [[*first, *last] for first, last in sheet.merged_cell_ranges or []]
            read.append({"name": name, "grid": grid, "merges": merges})
    return read


def main() -> int:
    """Read from the standard input, tell on the standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = json.dumps(sheets(sys.stdin.buffer.read()), ensure_ascii=False)
        sys.stdout.buffer.write(told.encode("utf-8", "replace"))
    except PasswordError:
        return LOCKED
    except MemoryError:
        return TOO_MUCH
    except Exception:  # whatever is wrong with the file, it cannot be read
        return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
