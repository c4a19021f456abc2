"""What to do about a URL that is not understood because of its user's password; nothing of the URL is repeated."""

from __future__ import annotations

_RESERVED = "#/?[]"
"""They end a part of a URL, or begin an address, where they stand unencoded in user or password."""


def password_hint(url: str) -> str:
    """The end of the error line: to percent-encode the password, where that may be the fault; otherwise empty."""
    _, _, rest = url.partition("://")
    user, separator, _ = rest.rpartition("@")
    if not separator or not set(user) & set(_RESERVED):
        return ""
    written = ", ".join(f"{char} as %{ord(char):02X}" for char in _RESERVED)
    return f"; in user and password write {written}"
