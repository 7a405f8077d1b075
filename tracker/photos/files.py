"""Where photos lie: under random names that say nothing, readable by the product alone."""

import os
import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

SMALL = "-small"


def folder() -> Path:
    """The folder of all photos."""
    return Path(settings.MEDIA_ROOT) / "photos"


def path_of(name: str, *, is_small: bool = False) -> Path:
    """The file of a photo."""
    return folder() / name[:2] / f"{name}{SMALL if is_small else ''}.jpg"


def write(large: bytes, small: bytes) -> str:
    """Keep the two files of a photo safely on the disk; their random name."""
    name = secrets.token_hex(16)
    path_of(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for content, is_small in ((large, False), (small, True)):
        descriptor = os.open(path_of(name, is_small=is_small), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    return name


def remove(name: str) -> None:
    """Take both files away; one that is gone already is no matter."""
    for is_small in (False, True):
        path_of(name, is_small=is_small).unlink(missing_ok=True)


def names_written_before(at: datetime) -> Iterator[str]:
    """The names that lie there since before a moment."""
    limit = at.timestamp()
    for path in sorted(folder().glob("??/*.jpg")):
        try:
            is_old = path.stat().st_mtime < min(limit, time.time())
        except FileNotFoundError:
            continue
        if is_old:
            yield path.stem.removesuffix(SMALL)
