"""A file that holds one secret and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from workflows.domain.problem import Problem

_LARGEST: Final = 8192
"""Characters; tokens of sign-ons are long."""


def read_secret_file(path: Path, setting: str = "", *, blanks: bool = False) -> str:
    """The secret in that file, in which there may be `blanks`; `setting` names it in errors.

    Raises:
        Problem: it cannot be read, or holds something else.
    """
    named = f"{setting}: {path}" if setting else str(path)
    try:
        with path.open("rb") as file:
            found = file.read(_LARGEST + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Problem(f"{named} cannot be read: {reason}") from None
    if not found or len(found) > _LARGEST or re.search(r"[\r\n\0]" if blanks else r"\s", found):
        raise Problem(f"{named} does not hold one secret alone")
    return found
