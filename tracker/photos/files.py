"""Where photos lie: two files under one random name."""

from pathlib import Path

from tracker.uploads.store import Store

PHOTOS = Store("photos")
LARGE, SMALL = ".jpg", "-small.jpg"


def path_of(name: str, *, is_small: bool = False) -> Path:
    """The file of a photo."""
    return PHOTOS.path_of(name, SMALL if is_small else LARGE)


def write(large: bytes, small: bytes) -> str:
    """Keep the two files of a photo safely on the disk; their random name."""
    return PHOTOS.write({LARGE: large, SMALL: small})
