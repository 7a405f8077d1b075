"""Where files that were handed in lie: under random names that say nothing, readable by the product alone."""

import os
import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

# A file without a row may be one whose row is just being written.
ORPHANED_AFTER = timedelta(days=1)
AT_ONCE = 500
NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Store:
    """One kind of files, in a folder below the media folder; what belongs together shares a name."""

    kind: str

    @property
    def folder(self) -> Path:
        """The folder of all files of the kind."""
        return Path(settings.MEDIA_ROOT) / self.kind

    def path_of(self, name: str, ending: str) -> Path:
        """One file of those under a name, by how its own name ends: "-small.jpg"."""
        return self.folder / name[:2] / f"{name}{ending}"

    def write(self, contents: Mapping[str, bytes]) -> str:
        """Keep files that belong together, by their endings, safely on the disk; their random name."""
        name = secrets.token_hex(16)
        (self.folder / name[:2]).mkdir(mode=0o700, parents=True, exist_ok=True)
        for ending, content in contents.items():
            descriptor = os.open(self.path_of(name, ending), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        return name

    def remove(self, name: str) -> None:
        """Take all files under a name away; one that is gone already is no matter."""
        for path in (self.folder / name[:2]).glob(f"{name}*"):
            path.unlink(missing_ok=True)

    def names_written_before(self, at: datetime) -> Iterator[str]:
        """The names that lie there since before a moment, each as often as it has files."""
        limit = at.timestamp()
        for path in sorted(self.folder.glob("??/*")):
            try:
                is_old = path.stat().st_mtime < min(limit, time.time())
            except FileNotFoundError:
                continue
            if is_old and (name := NAME.match(path.name)):
                yield name[0]

    def clear_orphans(self, now: datetime, named: Callable[[list[str]], Collection[str]]) -> int:
        """Remove what was left by a crash or a deletion; how many names that were.

        `named` says which of some names a row still stands for.
        """
        cleared = 0
        names = list(dict.fromkeys(self.names_written_before(now - ORPHANED_AFTER)))
        for first in range(0, len(names), AT_ONCE):
            some = names[first : first + AT_ONCE]
            kept = set(named(some))
            for name in some:
                if name not in kept:
                    self.remove(name)
                    cleared += 1
        return cleared
