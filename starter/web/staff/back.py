"""The page that somebody is shown once they have signed in: one of the staff's own, and never another site's."""

from __future__ import annotations

import re
from typing import Final

START: Final = "/desk"
"""Where the staff's pages begin."""
_OWN: Final = re.compile(r"/(desk|board)(/[A-Za-z0-9._-]+)*(\?[A-Za-z0-9._=&%+-]{0,300})?")


def safe_back(asked: str) -> str:
    """The page that was asked for; the start where that is none of the staff's."""
    dots = "/." in asked
    return asked if len(asked) <= 500 and not dots and _OWN.fullmatch(asked) else START
