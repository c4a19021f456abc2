"""Names of files as senders give them, made into labels: one line, no path, no turned writing (R41, R42)."""

from __future__ import annotations

import re
from collections import Counter

from activities.mailbox.mime.charsets import clean_line

_LONGEST = 120
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_ENDINGS = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/bmp": ".bmp", "image/webp": ".webp",
    "image/heic": ".heic", "image/tiff": ".tif", "application/pdf": ".pdf", "application/zip": ".zip",
    "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv", "text/calendar": ".ics", "message/rfc822": ".eml",
    "audio/amr": ".amr",
    "audio/mpeg": ".mp3", "video/mp4": ".mp4", "application/msword": ".doc", "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}  # fmt: skip
_STEMS = {"image": "image", "message": "mail", "audio": "audio", "video": "video", "text/calendar": "invite"}


def clean_name(given: str, kind: str) -> str:
    """The label of a file; one is made up where the sender gave none, with the ending of its media type."""
    name = clean_line(given, 10 * _LONGEST).replace("\\", "/").rpartition("/")[2].strip(" .")
    if not name:
        stem = _STEMS.get(kind) or _STEMS.get(kind.partition("/")[0], "file")
        return stem + _ENDINGS.get(kind, ".bin")
    ending = found[0] if (found := _ENDING.search(name)) else ""
    return name[: _LONGEST - len(ending)] if not ending else name[: -len(ending)][: _LONGEST - len(ending)] + ending


def told_apart(names: list[str]) -> list[str]:
    """The names in their order, the second of a name with a number behind it."""
    seen: Counter[str] = Counter()
    taken = set(names)
    told = []
    for name in names:
        seen[name] += 1
        other = name
        while seen[name] > 1 and other in taken:
            ending = found[0] if (found := _ENDING.search(name)) else ""
            other = f"{name[: len(name) - len(ending)]} ({seen[name]}){ending}"
            seen[name] += other in taken
        taken.add(other)
        told.append(other)
    return told
