"""What files a policy allows: their types with the endings of their names, how many and how large (R41)."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from workflows.domain.model import Fact


class FileType(StrEnum):
    """The types whose content is known, so that it can be held against a name; a policy allows some of them."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tiff"
    HEIC = "heic"
    PDF = "pdf"
    TEXT = "text"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    DOC = "doc"
    XLS = "xls"
    PPT = "ppt"
    ZIP = "zip"
    RAR = "rar"
    SEVEN_ZIP = "7z"
    MP4 = "mp4"
    QUICKTIME = "mov"


_REFUSED = frozenset({
    "exe", "com", "bat", "cmd", "scr", "pif", "msi", "msp", "dll", "sys", "cpl", "ps1", "psm1", "vbs", "vbe", "js",
    "jse", "mjs", "wsf", "wsh", "hta", "jar", "apk", "ipa", "app", "dmg", "pkg", "deb", "rpm", "sh", "bash", "py",
    "pl", "rb", "php", "asp", "aspx", "jsp", "cgi", "lnk", "url", "desktop", "reg", "inf", "htm", "html", "xhtml",
    "shtml", "mht", "mhtml", "xht", "svg", "svgz", "xml", "xsl", "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb",
    "pptm", "potm", "ppam", "ppsm", "iso", "img", "vhd",
})  # fmt: skip
"""Endings of programs, pages with script and documents with macros: no policy allows them, whatever is inside."""


def _plain_ending(value: object) -> object:
    return value.strip().lower().removeprefix(".") if isinstance(value, str) else value


Ending = Annotated[
    str, BeforeValidator(_plain_ending), StringConstraints(pattern=r"^[a-z0-9]{1,10}$"),
]  # fmt: skip
"""The ending of a file's name, in lower case and without its dot."""

SHIPPED_TYPES: dict[FileType, tuple[str, ...]] = {
    FileType.JPEG: ("jpg", "jpeg", "jfif"),
    FileType.PNG: ("png",),
    FileType.GIF: ("gif",),
    FileType.WEBP: ("webp",),
    FileType.BMP: ("bmp",),
    FileType.HEIC: ("heic", "heif"),
    FileType.PDF: ("pdf",),
    FileType.TEXT: ("txt", "log", "csv", "md"),
    FileType.DOCX: ("docx",),
    FileType.XLSX: ("xlsx",),
    FileType.PPTX: ("pptx",),
    FileType.DOC: ("doc",),
    FileType.XLS: ("xls",),
    FileType.PPT: ("ppt",),
    FileType.ZIP: ("zip",),
    FileType.MP4: ("mp4", "m4v"),
    FileType.QUICKTIME: ("mov",),
}
MEGABYTE = 1 << 20
"""Bytes, as file managers count them."""


class FileRules(Fact):
    """R41: which files customers and staff may attach. Sizes are in megabytes of 1,048,576 bytes."""

    at_once: int = Field(default=5, ge=0, le=20)
    """Files of one submission or one command; 0: none may be attached."""
    largest_mb: int = Field(default=20, ge=1, le=1_000)
    case_mb: int = Field(default=200, ge=1, le=100_000)
    """All files of one case together."""
    types: dict[FileType, tuple[Ending, ...]] = Field(default_factory=lambda: dict(SHIPPED_TYPES))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.case_mb < self.largest_mb:
            raise ValueError(
                f"case_mb {self.case_mb} is less than largest_mb {self.largest_mb}; allowed: at least that"
            )
        every = [ending for endings in self.types.values() for ending in endings]
        for ending, times in Counter(every).items():
            if times > 1:
                raise ValueError(f"types: {ending!r} is there twice; allowed: once")
            if ending in _REFUSED:
                raise ValueError(
                    f"types: {ending!r} is the ending of programs, pages or documents with macros; allowed: others"
                )
        return self

    @property
    def largest(self) -> int:
        """Bytes of one file."""
        return self.largest_mb * MEGABYTE

    @property
    def largest_case(self) -> int:
        """Bytes of all files of a case."""
        return self.case_mb * MEGABYTE

    @property
    def endings(self) -> tuple[str, ...]:
        """Every ending that is allowed, in the order of the policy."""
        return tuple(ending for endings in self.types.values() for ending in endings)

    def type_of(self, ending: str) -> FileType | None:
        """The type that a name with this ending claims; None where it is not allowed."""
        wanted = ending.lower()
        return next((kind for kind, endings in self.types.items() if wanted in endings), None)
