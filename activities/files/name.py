"""Names of files: labels for people, never paths. Whatever a sender called a file, its label is one short line."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from workflows.domain.text import without_invisible

_LONGEST: Final = 200
"""Bytes of UTF-8: every file system takes 255, and a number may still be put to it."""
_LONGEST_ENDING: Final = 20
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""What raw names of browsers and mail programs are in; Chinese Windows still writes GBK."""
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?=\.|$)", re.IGNORECASE)
"""Names under which Windows opens no file but a device."""


def read_name(raw: bytes) -> str:
    """A name that came as bytes: UTF-8, else GB 18030, else with replacement characters."""
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode(errors="replace")


def label_of(name: str) -> str:
    """The label of a file that a sender calls so; empty where nothing of a name is left.

    Folders before the name, control characters, direction marks and zero width are gone, letters are composed (NFC),
    and what is too long is cut before its ending.
    """
    if any("\ud800" <= char <= "\udfff" for char in name):
        name = read_name(name.encode(errors="surrogateescape") if _is_escaped(name) else name.encode(errors="replace"))
    # What cannot be seen goes first: it must not hide a slash or an ending.
    shown = unicodedata.normalize("NFC", without_invisible(_without_controls(name)))
    last = re.split(r"[\\/]", shown)[-1]
    plain = " ".join(last.split()).strip(" .")
    if not plain:
        return ""
    # A leading dot hides a file, and was stripped; a dash stays, since no label is ever given to a program.
    return _cut(f"_{plain}" if _DEVICES.match(plain) else plain)


def ending_of(label: str) -> str:
    """The ending of a label in lower case, without its dot; empty where it has none."""
    stem, dot, ending = label.rpartition(".")
    return ending.strip().lower() if dot and stem else ""


def _without_controls(text: str) -> str:
    """Line breaks and tabs too: a name is one line. Private and unassigned ones stay, and are shown as missing."""
    if text.isprintable():
        return text
    return "".join(char for char in text if unicodedata.category(char) not in {"Cc", "Zl", "Zp"})


def _is_escaped(name: str) -> bool:
    return all("\udc80" <= char <= "\udcff" for char in name if "\ud800" <= char <= "\udfff")


def _cut(label: str) -> str:
    if len(label.encode()) <= _LONGEST:
        return label
    stem, dot, ending = label.rpartition(".")
    if not dot or len(ending.encode()) > _LONGEST_ENDING:
        stem, end = label, ""
    else:
        end = dot + ending
    kept = stem.encode()[: _LONGEST - len(end.encode())].decode(errors="ignore")
    return kept.rstrip(" .\u200d") + end
