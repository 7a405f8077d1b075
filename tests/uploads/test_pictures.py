"""What becomes of a file that is handed in as a photo: a clean picture, or a clear refusal."""

import io
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from tests.photos import pictures as make
from tracker.uploads import rules
from tracker.uploads.pictures import drawn_anew
from tracker.uploads.rules import UnusablePhoto
from tracker.uploads.words import REFUSALS, refusal

# As it is outside of tests.
pytestmark = pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def test_of_a_photo_only_the_pixels_stay():
    drawn = drawn_anew(make.with_everything())
    for content in (drawn.large, drawn.small):
        assert make.SECRET not in content
        picture = opened(content)
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        for marker in (b"Exif", b"http://ns.adobe.com/xap", b"ICC_PROFILE", b"Photoshop"):
            assert marker not in content
        assert content.endswith(b"\xff\xd9")
        assert content.count(b"\xff\xd8\xff") == 1, "no thumbnail within"


@pytest.mark.parametrize(
    ("orientation", "size", "dark_at"),
    [
        (1, (800, 600), (0, 0.5)),
        (2, (800, 600), (1, 0.5)),
        (3, (800, 600), (1, 0.5)),
        (4, (800, 600), (0, 0.5)),
        (5, (600, 800), (0.5, 0)),
        (6, (600, 800), (0.5, 0)),
        (7, (600, 800), (0.5, 1)),
        (8, (600, 800), (0.5, 1)),
    ],
)
def test_a_photo_stands_the_right_way_up(
    orientation: int, size: tuple[int, int], dark_at: tuple[float, float]
):
    picture = opened(drawn_anew(make.with_everything(orientation)).large)
    assert picture.size == size
    dark = tuple(round(part * (side - 1)) for part, side in zip(dark_at, size, strict=True))
    light = tuple(side - 1 - place for place, side in zip(dark, size, strict=True))
    assert sum(picture.getpixel(dark)) + 300 < sum(picture.getpixel(light))


@pytest.mark.parametrize(
    ("size", "large", "small"),
    [
        ((4000, 3000), (1600, 1200), (320, 240)),
        ((3000, 4000), (1200, 1600), (240, 320)),
        ((800, 600), (800, 600), (320, 240)),
        ((64, 64), (64, 64), (64, 64)),
        ((12_000, 40), (1600, 5), (320, 1)),
    ],
)
def test_a_photo_is_made_small_and_never_large(
    size: tuple[int, int], large: tuple[int, int], small: tuple[int, int]
):
    drawn = drawn_anew(make.saved(make.gradient(*size)))
    assert (opened(drawn.large).size, opened(drawn.small).size) == (large, small)
    assert (drawn.width, drawn.height) == large


@pytest.mark.parametrize(
    "content",
    [
        make.saved(make.gradient(mode="CMYK")),
        make.saved(make.gradient(mode="L")),
        make.saved(make.gradient(mode="P"), "PNG"),
        make.saved(make.gradient(mode="LA"), "PNG"),
        make.saved(make.gradient(mode="RGBA"), "PNG"),
        make.saved(make.gradient(mode="1"), "PNG"),
        make.saved(make.gradient(), "WEBP"),
        make.saved(make.gradient(mode="RGBA"), "WEBP", lossless=True),
        make.saved(make.gradient(), "PNG"),
    ],
    ids=[
        "cmyk",
        "grey",
        "palette",
        "grey with alpha",
        "alpha",
        "bitonal",
        "webp",
        "webp with alpha",
        "rgb png",
    ],
)
def test_whatever_kind_it_is_it_becomes_the_same_picture(content: bytes):
    picture = opened(drawn_anew(content).large)
    assert picture.size == (800, 600)
    assert sum(picture.getpixel((5, 300))) < 200
    assert sum(picture.getpixel((795, 300))) > 550


def test_sixteen_bits_of_grey_are_read_by_their_upper_ones():
    grey = Image.new("I;16", (100, 50), 0)
    grey.paste(51_400, (50, 0, 100, 50))
    picture = opened(drawn_anew(make.saved(grey, "PNG")).large)
    assert picture.getpixel((10, 25)) == (0, 0, 0)
    assert picture.getpixel((90, 25)) == (200, 200, 200)


def test_what_is_transparent_is_white():
    clear = make.saved(Image.new("RGBA", (64, 64), (200, 0, 0, 0)), "PNG")
    assert opened(drawn_anew(clear).large).getpixel((32, 32)) == (255, 255, 255)


def test_a_wide_profile_becomes_what_every_screen_shows():
    swapped = make.saved(make.gradient(), icc_profile=b"not a profile")
    assert opened(drawn_anew(swapped).large).size == (800, 600)


def test_the_same_photo_is_the_same_whatever_was_written_beside_it():
    plain = make.saved(opened(make.with_everything()), quality="keep")
    assert drawn_anew(make.with_everything()).sha256 == drawn_anew(plain).sha256
    assert drawn_anew(make.photo(1)).sha256 != drawn_anew(make.photo(2)).sha256


MEASURE = """
import resource, sys
from tracker.uploads import pictures
content = open(sys.argv[1], "rb").read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pictures.drawn_anew(content)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
ANIMATED = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
HOSTILE = {
    "nothing": (b"", "empty"),
    "one byte": (b"\xff", "not_a_photo"),
    "too large": (make.photo() + b"\0" * rules.LARGEST_FILE, "too_large"),
    "text": (b"hello" * 100, "not_a_photo"),
    "svg with script": (make.SVG_SCRIPT, "not_a_photo"),
    "gif that is a script": (make.GIF_SCRIPT, "not_a_photo"),
    "gif": (make.saved(make.gradient(mode="P"), "GIF"), "not_a_photo"),
    "tiff": (make.saved(make.gradient(), "TIFF"), "not_a_photo"),
    "bmp": (make.saved(make.gradient(), "BMP"), "not_a_photo"),
    "heic": (make.HEIC, "heic"),
    "truncated jpeg": (make.photo()[:400], "broken"),
    "truncated png": (make.saved(make.gradient(), "PNG")[:500], "broken"),
    "truncated webp": (make.saved(make.gradient(), "WEBP")[:100], "broken"),
    "only the first bytes": (b"\xff\xd8\xff\xe0", "broken"),
    "png head alone": (b"\x89PNG\r\n\x1a\n", "broken"),
    "webp head alone": (b"RIFF\0\0\0\0WEBP", "broken"),
    "another format behind the head of a jpeg": (b"\xff\xd8\xff" + make.GIF_SCRIPT, "broken"),
    "one pixel": (make.saved(Image.new("RGB", (1, 1)), "PNG"), "too_small"),
    "too many pixels": (make.png_that_claims(10_000, 4_001), "too_many_pixels"),
    "a bomb by its head": (make.png_that_claims(2_000_000, 2_000_000), "too_many_pixels"),
    "fewer pixels than it says": (make.png_that_claims(5_000, 5_000), "broken"),
    "a size of nothing": (make.png_that_claims(0, 100), "broken"),
    "text bomb": (make.png_with_text_bomb(), "broken"),
    "hundreds of passes": (make.jpeg_of_many_passes(), "broken"),
    "moving webp": (make.saved(ANIMATED[0], "WEBP", save_all=True, append_images=ANIMATED[1:]), "moving"),
    "moving png": (make.saved(ANIMATED[0], "PNG", save_all=True, append_images=ANIMATED[1:]), "moving"),
}


@pytest.mark.parametrize(("content", "code"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_that_is_no_photo_is_refused_in_words(content: bytes, code: str):
    with pytest.raises(UnusablePhoto) as refused:
        drawn_anew(content)
    assert refused.value.code == code
    assert "%" not in refusal(refused.value)


def test_every_refusal_has_its_words():
    assert {code for _, code in HOSTILE.values()} == set(REFUSALS)


def test_without_the_limit_of_passes_the_file_would_be_drawn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "MOST_PASSES", 10_000)
    assert drawn_anew(make.jpeg_of_many_passes())


def test_a_file_cut_short_anywhere_is_refused_or_drawn_but_breaks_nothing():
    for whole in (
        make.with_everything(),
        make.saved(make.gradient(64, 64), "PNG"),
        make.saved(make.gradient(), "WEBP"),
    ):
        for end in range(0, len(whole), max(1, len(whole) // 40)):
            damaged = bytearray(whole[:end] + whole[end + 1 :])
            for content in (whole[:end], bytes(damaged)):
                with suppress(UnusablePhoto):
                    drawn_anew(content)


@pytest.mark.parametrize("kind", ["RGBA", "P", "WEBP"])
def test_the_largest_photos_stay_within_the_memory(kind: str, tmp_path: Path):
    """Each in a process of its own, whose memory grows for nothing else."""
    size = (4096, 3051) if kind == "WEBP" else (8000, 5000)
    path = tmp_path / "large"
    picture = Image.new("RGB" if kind == "WEBP" else kind, size)
    picture.save(path, "WEBP" if kind == "WEBP" else "PNG", **({"method": 0} if kind == "WEBP" else {}))
    grown = subprocess.run(
        [sys.executable, "-c", MEASURE, path],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(grown.stdout) < 300
