"""A file that holds one secret and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from workflows.domain.problem import Problem

_LARGEST: Final = 4096


def read_secret_file(setting: str, path: Path) -> str:
    """The secret in that file; `setting` names it in errors.

    Raises:
        Problem: it cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            found = file.read(_LARGEST + 1).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Problem(f"{setting}: {path} cannot be read: {reason}") from None
    if not found or len(found) > _LARGEST or re.search(r"\s", found):
        raise Problem(f"{setting}: {path} does not hold one secret alone")
    return found
