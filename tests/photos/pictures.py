"""Photos for tests: sound ones as phones make them, and files that only look like one."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

SECRET = b"37.7749N 117.3888E Nokia-9000"


def gradient(width: int = 800, height: int = 600, mode: str = "RGB") -> Image.Image:
    """A picture that is dark on the left and light on the right."""
    return Image.linear_gradient("L").rotate(90).resize((width, height)).convert(mode)


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file."""
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def photo(shade: int = 0, **options: Any) -> bytes:
    """A photo like no other with another shade."""
    return saved(Image.new("RGB", (640, 480), (shade, 90, 160)), **options)


def with_everything(orientation: int = 1) -> bytes:
    """A JPEG with place, camera, comment, description, profile, thumbnail and something behind its end."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, SECRET.decode()
    exif.get_ifd(0x8825)[2] = (37.0, 46.0, 29.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = saved(
        gradient(),
        exif=exif,
        icc_profile=profile,
        comment=SECRET,
        xmp=b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>",
    )
    return content + b"PK\x03\x04" + SECRET


def png_chunk(name: bytes, data: bytes) -> bytes:
    """One part of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_that_claims(width: int, height: int, pixels: bytes = b"\0" * 64) -> bytes:
    """A PNG whose head names a size that its few pixels do not fill."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (png_chunk(b"IHDR", head), png_chunk(b"IDAT", zlib.compress(pixels)), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png_with_text_bomb() -> bytes:
    """A PNG with a compressed text of a hundred million letters."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "A", zip=True)
    content = saved(gradient(64, 64), "PNG")
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 100_000_000, 9))
    return content[:33] + bomb + content[33:]


def jpeg_of_many_passes() -> bytes:
    """A JPEG that is drawn in hundreds of passes."""
    content = saved(gradient(64, 64), progressive=True)
    start = content.rindex(b"\xff\xda")
    return content[:-2] + content[start:-2] * 500 + content[-2:]


GIF_SCRIPT = b"GIF89a/*\x00\x00\x00\x00,\x00\x00\x00\x00*/=1;alert(document.domain)//;"
SVG_SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200
