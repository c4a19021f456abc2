"""Cleaning of pasted text, which brings along characters that cannot be seen and that nobody typed."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
"""Zero width, direction marks, soft hyphens, fillers, tags."""
_JOINERS = "\u200c\u200d"
_JOINED = frozenset({"So", "Sk", "Mn", "Mc"})


def without_invisible(text: str) -> str:
    """Text without characters that cannot be seen; joiners stay within emoji and in scripts written with them."""
    if text.isascii():
        return text
    return _INVISIBLE.sub(_kept, text)


def _kept(found: re.Match[str]) -> str:
    text, at = found.string, found.start()
    joins = found[0] in _JOINERS and 0 < at < len(text) - 1 and _is_joined(text[at - 1]) and _is_joined(text[at + 1])
    return found[0] if joins else ""


def _is_joined(char: str) -> bool:
    return "\u0600" <= char <= "\u1cff" or unicodedata.category(char) in _JOINED
