"""Previews of pictures: small, re-encoded JPEGs without metadata, the right way up (R41).

Pillow reads what strangers sent: only the formats named here, only below so many pixels by the header, and one at a
time in a thread of its own. What it cannot read has no preview.
"""

from __future__ import annotations

import asyncio
import io
import warnings
from typing import BinaryIO, Final

from PIL import Image, ImageOps

from workflows.domain.policy.files import FileType

_FORMATS: Final = {
    FileType.JPEG: "JPEG", FileType.PNG: "PNG", FileType.GIF: "GIF", FileType.WEBP: "WEBP", FileType.BMP: "BMP",
}  # fmt: skip
PREVIEWED: Final = frozenset(_FORMATS)
"""Types that have previews: a HEIC picture or a film has none."""
_SIDE: Final = 1_200
"""Pixels of the longer side."""
_MOST_PIXELS: Final = 50_000_000
"""Of the picture as it is: what telephones take, 200 MB of memory while it is read."""
_AT_A_TIME: Final = asyncio.Semaphore(2)


async def preview_of(file: BinaryIO, kind: FileType) -> bytes | None:
    """The preview of a picture of that type; None for what is no picture, is too large, or cannot be read.

    Raises:
        OSError: the bytes cannot be read from the store.
    """
    if kind not in _FORMATS:
        return None
    async with _AT_A_TIME:
        return await asyncio.to_thread(_encode, file, _FORMATS[kind])


def _encode(file: BinaryIO, format_: str) -> bytes | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=[format_]) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    return None
                picture.draft("RGB", (_SIDE, _SIDE))
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((_SIDE, _SIDE))
                # A picture of its own, so that nothing of the other goes along: no EXIF, profile, comment or thumbnail.
                plain = Image.new("RGB", upright.size, "white")
                plain.paste(upright.convert("RGBA"), mask=upright.convert("RGBA").getchannel("A"))
    except Exception:  # noqa: BLE001 - a library that reads what strangers sent may raise anything
        return None
    written = io.BytesIO()
    plain.save(written, "JPEG", quality=80)
    return written.getvalue()
