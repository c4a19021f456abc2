"""What a file is by its content, held against what its name says (R41).

Nothing is inflated, decoded or run: the first bytes, the directory of a ZIP and the names in an OLE file say enough. A
file is what it begins as; what hangs behind a picture changes nothing, since only re-encoded pictures are ever shown.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import filetype

from activities.files.refusal import FileRefusal, FileRefusedError
from workflows.domain.policy.files import FileRules, FileType

MEDIA_TYPES: Final = {
    FileType.JPEG: "image/jpeg",
    FileType.PNG: "image/png",
    FileType.GIF: "image/gif",
    FileType.WEBP: "image/webp",
    FileType.BMP: "image/bmp",
    FileType.TIFF: "image/tiff",
    FileType.HEIC: "image/heic",
    FileType.PDF: "application/pdf",
    FileType.TEXT: "text/plain",
    FileType.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileType.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileType.PPTX: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    FileType.DOC: "application/msword",
    FileType.XLS: "application/vnd.ms-excel",
    FileType.PPT: "application/vnd.ms-powerpoint",
    FileType.ZIP: "application/zip",
    FileType.RAR: "application/vnd.rar",
    FileType.SEVEN_ZIP: "application/x-7z-compressed",
    FileType.MP4: "video/mp4",
    FileType.QUICKTIME: "video/quicktime",
}
_FOUND: Final = {
    "image/jpeg": FileType.JPEG, "image/png": FileType.PNG, "image/gif": FileType.GIF, "image/webp": FileType.WEBP,
    "image/bmp": FileType.BMP, "image/tiff": FileType.TIFF, "image/heic": FileType.HEIC, "image/avif": FileType.HEIC,
    "application/pdf": FileType.PDF, "application/zip": FileType.ZIP, "application/x-rar-compressed": FileType.RAR,
    "application/x-7z-compressed": FileType.SEVEN_ZIP, "video/mp4": FileType.MP4, "video/x-m4v": FileType.MP4,
    "video/3gpp": FileType.MP4, "video/quicktime": FileType.QUICKTIME,
}  # fmt: skip
"""What `filetype` calls the types, as far as their first bytes tell them apart."""
_HEAD: Final = 8_192
_ZIP, _OLE = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
_PROGRAMS: Final = re.compile(
    rb"MZ.{0,100}\x00|\x7fELF|\xca\xfe\xba\xbe|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe", re.DOTALL
)
_MOVIE: Final = (b"M4V", b"MSNV", b"avc1", b"dash", b"iso", b"mp4", b"mp7", b"3g")
"""Beginnings of brands that cameras and telephones write into an MP4, beside those that `filetype` knows."""
_STILL: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_PARTS: Final = {FileType.DOCX: "word/", FileType.XLSX: "xl/", FileType.PPTX: "ppt/"}
_STREAMS: Final = {
    FileType.DOC: ("WordDocument",), FileType.XLS: ("Workbook", "Book"), FileType.PPT: ("PowerPoint Document",),
}  # fmt: skip
_MACROS: Final = "_VBA_PROJECT"
_INSTALLER: Final = bytes.fromhex("84100c0000000000c000000000000046")
"""The class id of a Windows Installer package, of a patch it is nearly the same."""
_LARGEST_DIRECTORY: Final = 4 << 20
"""Bytes of a ZIP's directory that are read: some ten thousand entries, far more than a document has."""
_PORTION: Final = 1 << 20
_CONTROLS: Final = bytes({*range(32)} - {*b"\t\n\v\f\r\b\a\x1b"})


def check_content(file: Path, name: str, ending: str, rules: FileRules) -> FileType:
    """The type of a file whose name (its label) ends so.

    Raises:
        FileRefusedError: the ending is not allowed, or the content is of another type.
        OSError: it cannot be read.
    """
    claimed = rules.type_of(ending)
    if claimed is None:
        raise FileRefusedError(FileRefusal.ENDING, name=name, allowed=", ".join(rules.endings))
    with file.open("rb") as opened:
        head = opened.read(_HEAD)
        if _PROGRAMS.match(head):
            raise FileRefusedError(FileRefusal.PROGRAM, name=name)
        if claimed in _PARTS:
            fits = head.startswith(_ZIP) and _is_document(opened, name, claimed)
        elif claimed in _STREAMS:
            fits = head.startswith(_OLE) and _is_old_document(opened, name, claimed)
        elif claimed is FileType.TEXT:
            fits = _found(head) is None and not head.startswith(_OLE) and _is_text(opened)
        else:
            found = _found(head)
            if found is FileType.HEIC and claimed is not FileType.HEIC:
                raise FileRefusedError(FileRefusal.HEIC_AS_OTHER, name=name, ending=ending)
            fits = found is claimed
    if not fits:
        raise FileRefusedError(FileRefusal.OTHER_CONTENT, name=name, ending=ending)
    return claimed


def _found(head: bytes) -> FileType | None:
    """The type by the first bytes; None for text and for what is not known."""
    if head.startswith((_ZIP, b"PK\x05\x06")):
        return FileType.ZIP
    if head.startswith(b"%PDF-"):
        return FileType.PDF
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _STILL or brand == b"avif":
            return FileType.HEIC
        return FileType.QUICKTIME if brand == b"qt  " else FileType.MP4 if brand.startswith(_MOVIE) else None
    return _FOUND.get(filetype.guess_mime(head) or "")


def _is_document(opened: BinaryIO, name: str, claimed: FileType) -> bool:
    """Whether a ZIP's directory is that of such a document, and of no other."""
    names = _directory(opened)
    if names is None:
        return False
    if any(one.endswith("vbaproject.bin") or "/macrosheets/" in one for one in names):
        raise FileRefusedError(FileRefusal.MACROS, name=name)
    folders = {kind for kind, folder in _PARTS.items() if any(one.startswith(folder) for one in names)}
    return "[content_types].xml" in names and folders == {claimed}


def _directory(opened: BinaryIO) -> set[str] | None:
    """The names in a ZIP, in lower case; None where its directory is none, or larger than any document's."""
    end = opened.seek(0, 2)
    opened.seek(max(0, end - 65_557))
    tail = opened.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or int.from_bytes(tail[at + 12 : at + 16], "little") > _LARGEST_DIRECTORY:
        return None
    try:
        with zipfile.ZipFile(opened) as file:
            return {one.replace("\\", "/").lower() for one in file.namelist()}
    # NotImplementedError is zipfile's word for a version or way of packing that it does not know.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError):
        return None


def _is_old_document(opened: BinaryIO, name: str, claimed: FileType) -> bool:
    """Whether an OLE file is that document by the names in it, and of no other; one that says nothing passes.

    The whole file is looked through, since its directory may be anywhere, mostly at the end.
    """
    marks = {kind: [_utf16(one) for one in streams] for kind, streams in _STREAMS.items()}
    macros = _utf16(_MACROS)
    found: set[FileType] = set()
    for portion in _overlapping(opened, 128):
        if _INSTALLER in portion or _utf16("__nameid_version1.0") in portion:
            return False
        if macros in portion:
            raise FileRefusedError(FileRefusal.MACROS, name=name)
        found |= {kind for kind, streams in marks.items() if any(mark in portion for mark in streams)}
    return claimed in found or not found


def _utf16(text: str) -> bytes:
    """As an entry of an OLE directory begins: the name, then zeros."""
    return text.encode("utf-16-le") + b"\0\0"


def _is_text(opened: BinaryIO) -> bool:
    """Whether it holds what people or programs write: no zero bytes, unless it is UTF-16, and hardly a control code."""
    opened.seek(0)
    mark = opened.read(2)
    opened.seek(0)
    if mark in {b"\xff\xfe", b"\xfe\xff"}:
        return _is_utf16(opened)
    size = strange = 0
    while portion := opened.read(_PORTION):
        if b"\0" in portion:
            return False
        size += len(portion)
        strange += len(portion) - len(portion.translate(None, _CONTROLS))
    return strange * 100 <= size


def _is_utf16(opened: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        while portion := opened.read(_PORTION):
            if "\0" in decoder.decode(portion):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _overlapping(opened: BinaryIO, overlap: int) -> Iterator[bytes]:
    opened.seek(0)
    before = b""
    while portion := opened.read(_PORTION):
        yield before + portion
        before = portion[-overlap:]
