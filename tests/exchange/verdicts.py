"""Reads every file of a folder and tells what became of it: a process of its own, to be measured."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.utils import translation  # noqa: E402  # Django first

from tracker.exchange import rules  # noqa: E402
from tracker.exchange.archive import UnreadableFile  # noqa: E402
from tracker.exchange.sheet import read_table  # noqa: E402
from tracker.exchange.words import refusal  # noqa: E402


def verdict(content: bytes) -> dict[str, Any]:
    """What is read of the file, or why it is refused."""
    try:
        table = read_table(content, "表")
        read = rules.read_lines(table.lines, rules.columns_for(table.columns, 2026))
    except UnreadableFile as refused:
        return {"refused": refused.code, "said": refusal(refused)}
    return {
        "rows": [
            {name: str(value) for name, value in vars(one.row).items()} if one.row else None
            for one in read[:20]
        ],
        "errors": [[note.row, note.letter, note.code] for one in read for note in one.errors][:50],
        "warnings": [note.code for one in read for note in one.warnings][:50],
        "left_out": [one.kind for one in table.left_out],
    }


def spent() -> float:
    """Seconds of the processor so far, helpers included."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main(folder: Path) -> None:
    """One line for each file, and a last one for the memory of all."""
    translation.activate("en")
    for file in sorted(folder.iterdir()):
        began, at = spent(), time.perf_counter()
        told = verdict(file.read_bytes())
        told |= {"name": file.name, "seconds": spent() - began, "wall": time.perf_counter() - at}
        sys.stdout.write(json.dumps(told) + "\n")
    # Not what the system says of the process: that begins with the memory of whoever started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = int(status.split("VmHWM:")[1].split()[0]) / 1024
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"name": "", "megabytes": max(own, helpers)}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
