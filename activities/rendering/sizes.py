"""How sizes of files read; apart from the other filters, since `bihuan show` has to be quick."""

from __future__ import annotations


def filesize(size: int) -> str:
    """Bytes as people read them, in the units of file managers: `12 kB`, `3.4 MB`."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1000:
        return f"{size / 1024:.0f} kB"
    return f"{size / (1 << 20):.1f} MB"
