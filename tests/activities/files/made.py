"""Small files of every kind, made here: what people send, and what pretends to be that."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import AsyncIterator, Mapping

from PIL import Image

EICAR = "".join(("X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*")).encode()
HEIC = bytes.fromhex("00000020") + b"ftypheic\0\0\0\0mif1heicmiafMiHB" + bytes(200)
MP4 = bytes.fromhex("00000020") + b"ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0\0\0\x08free"
MOVIE = bytes.fromhex("00000014") + b"ftypqt  \0\0\0\0qt  " + b"\0\0\0\x08wide"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PDF_WITH_SCRIPT = PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>")
PROGRAM = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff" + bytes(150)
PAGE = b"<html><script>alert(1)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
_MSI = bytes.fromhex("84100c0000000000c000000000000046")


def picture(kind: str = "JPEG", *, size: tuple[int, int] = (60, 40), colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind)
    return written.getvalue()


def photo_with_place(colour: str = "red") -> bytes:
    """60 by 40, to be turned by 90 degrees, with a place, a maker and a comment."""
    image = Image.new("RGB", (60, 40), colour)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Made-up Maker", 6
    exif.get_ifd(0x8825)[1] = "N"
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif, comment=b"taken at home")
    return written.getvalue()


def flood() -> bytes:
    """400 megapixels in a few kilobytes: the header alone says so."""
    small = picture("PNG", size=(1, 1))
    at = small.index(b"IHDR") + 4
    import zlib

    header = struct.pack(">II", 20_000, 20_000) + small[at + 8 : at + 13]
    return small[:at] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + small[at + 17 :]


def packed(names: Mapping[str, bytes] | list[str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, names[name] if isinstance(names, Mapping) else b"<x/>")
    return written.getvalue()


DOCX = packed(["word/document.xml", "_rels/.rels", "[Content_Types].xml"])
XLSX = packed(["docProps/app.xml", "xl/workbook.xml", "_rels/.rels", "[Content_Types].xml"])
PPTX = packed(["[Content_Types].xml", "ppt/presentation.xml", "ppt/embeddings/xl/sheet.xlsx"])
WITH_MACROS = packed(["[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"])
BOMB = packed({"nested.zip": packed({"zeros": bytes(2_000_000)})})


def ole(*streams: str, before: int = 0, installer: bool = False) -> bytes:
    """An OLE file whose directory is at its end, as that of a large workbook."""
    entries = [_entry("Root Entry", _MSI if installer else bytes(16)), *(_entry(one, bytes(16)) for one in streams)]
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504) + bytes(before) + b"".join(entries)


def _entry(name: str, class_id: bytes) -> bytes:
    encoded = name.encode("utf-16-le")
    return encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded) + 2, 5, 1) + bytes(12) + class_id + bytes(32)


async def in_portions(content: bytes, portion: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(content), portion):
        yield content[at : at + portion]
