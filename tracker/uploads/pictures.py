"""A photo drawn anew: its pixels and nothing else of the file that was handed in."""

import hashlib
import io
import threading
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms

from tracker.uploads import rules
from tracker.uploads.rules import UnusablePhoto

# Beyond it Pillow itself refuses; the limits of each format are checked as soon as the head is read.
Image.MAX_IMAGE_PIXELS = max(rules.MOST_PIXELS.values())
warnings.simplefilter("error", Image.DecompressionBombWarning)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
# Decoding takes up to some hundred megabytes: of the threads of a process one has them at a time.
ONE_AT_A_TIME = threading.Lock()

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")
PROFILED = {"RGB", "CMYK", "L"}
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Drawn:
    """A photo as it is kept: two JPEGs without metadata, and the digest of the large one."""

    large: bytes
    small: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """What tells that the same photo is there already."""
        return hashlib.sha256(self.large).hexdigest()


def drawn_anew(content: bytes) -> Drawn:
    """The photo in a file; raises UnusablePhoto when there is none or it may not be looked at."""
    kind = rules.format_of(content)
    with ONE_AT_A_TIME:
        try:
            picture = _pixels(content, kind)
        except UnusablePhoto:
            raise
        except BOMBS as bomb:
            raise UnusablePhoto("too_many_pixels", most=rules.MOST_PIXELS[kind] // 1_000_000) from bomb
        except (
            Exception
        ) as broken:  # whatever a hostile file does to a decoder, it is a file that cannot be used
            raise UnusablePhoto("broken") from broken
        small = picture.copy()
        small.thumbnail((rules.LONGEST_SIDE_SMALL, rules.LONGEST_SIDE_SMALL))
        return Drawn(
            _jpeg(picture, rules.QUALITY), _jpeg(small, rules.QUALITY_SMALL), picture.width, picture.height
        )


def _pixels(content: bytes, kind: str) -> Image.Image:
    """The picture the right way up, in sRGB, at most 1600 pixels long."""
    with Image.open(io.BytesIO(content), formats=(kind,)) as opened:
        rules.check_size(kind, *opened.size)
        if kind != "JPEG" and getattr(opened, "n_frames", 1) > 1:
            raise UnusablePhoto("moving")
        turn, profile = _turn(opened), opened.info.get("icc_profile")
        # A JPEG can be decoded at a half, a quarter or an eighth: a large one never comes into memory whole.
        opened.draft(None, (rules.LONGEST_SIDE, rules.LONGEST_SIDE))
        opened.load()
        picture: Image.Image = opened
        if picture.mode in SIXTEEN_BIT:
            picture = _eight_bit(picture)
        elif picture.mode not in PROFILED:
            has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
            # Converted whole, these would be in memory three times over.
            picture = _fitted(picture, 2 * rules.LONGEST_SIDE, Image.Resampling.NEAREST)
            picture = picture.convert("RGBA" if has_alpha else "RGB")
        picture = _fitted(picture, rules.LONGEST_SIDE, Image.Resampling.LANCZOS)
        if turn is not None:
            picture = picture.transpose(turn)
        return _on_white(_in_srgb(picture, profile))


def _turn(opened: Image.Image) -> Image.Transpose | None:
    """How the camera was held; what it wrote beside that is not looked at."""
    try:
        return TURNS.get(opened.getexif().get(ORIENTATION, 1))
    except Exception:  # a camera that writes nonsense still took a picture
        return None


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey as eight: the upper ones count."""
    picture = _fitted(picture, rules.LONGEST_SIDE, Image.Resampling.BILINEAR).convert("F")
    return picture.point(lambda value: value * (1 / 257)).convert("L")


def _fitted(picture: Image.Image, longest: int, how: Image.Resampling) -> Image.Image:
    """The picture with its longer side no longer than that."""
    factor = max(picture.size) / longest
    if factor <= 1:
        return picture
    size = (max(1, round(picture.width / factor)), max(1, round(picture.height / factor)))
    return picture.resize(size, how)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as every screen shows them; a profile that says nothing sensible is passed over."""
    if profile and picture.mode in PROFILED:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            found = None
        if found is not None:
            return found
    return picture if picture.mode == "RGBA" else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    """A new picture that has the pixels and nothing else."""
    clean = Image.new("RGB", picture.size, WHITE)
    clean.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return clean


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=quality)
    return content.getvalue()
