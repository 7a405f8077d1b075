"""Which files are taken for photos, and what they become.

Plain Python. A file is known by its first bytes, never by its name; limits hold before anything is decoded.
"""

LARGEST_FILE = 10 * 1024 * 1024
# A decoder of WebP holds the picture several times over, so that fewer pixels fit into the same memory.
MOST_PIXELS = {"JPEG": 40_000_000, "PNG": 40_000_000, "WEBP": 12_500_000}
SHORTEST_SIDE = 32
# A JPEG that is drawn in hundreds of passes keeps a processor busy for minutes; cameras use at most a dozen.
MOST_PASSES = 64
PASS = b"\xff\xda"
LONGEST_SIDE, LONGEST_SIDE_SMALL = 1600, 320
QUALITY, QUALITY_SMALL = 85, 75
MOST_PER_PROJECT = 100

HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif"})


class UnusablePhoto(Exception):
    """A file that no photo can be made of; `code` says why, `values` what it is about."""

    def __init__(self, code: str, **values: int) -> None:
        super().__init__(code, values)
        self.code = code
        self.values_named = values


def format_of(content: bytes) -> str:
    """The format that the content has: JPEG, PNG or WEBP. Raises UnusablePhoto for any other."""
    if not content:
        raise UnusablePhoto("empty")
    if len(content) > LARGEST_FILE:
        raise UnusablePhoto("too_large", most=LARGEST_FILE // 1024 // 1024)
    if content.startswith(b"\xff\xd8\xff"):
        if content.count(PASS) > MOST_PASSES:
            raise UnusablePhoto("broken")
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        raise UnusablePhoto("heic")
    raise UnusablePhoto("not_a_photo")


def check_size(kind: str, width: int, height: int) -> None:
    """Refuse a picture that would take too much memory to draw, or that shows nothing."""
    if width * height > MOST_PIXELS[kind]:
        raise UnusablePhoto("too_many_pixels", most=MOST_PIXELS[kind] // 1_000_000)
    if min(width, height) < SHORTEST_SIDE:
        raise UnusablePhoto("too_small", least=SHORTEST_SIDE)
