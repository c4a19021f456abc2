"""Files that come with a form: taken into the store one by one, and named to the case once there is one (R41)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starter.web.forms import SMALL, Posted

if TYPE_CHECKING:
    from starter.web.visit import Visit

LARGEST: Final = SMALL + 110_000_000
"""Bytes of a form with files; how large one file may be is the policy's."""
MOST: Final = 100
"""Files of a form that are looked at at all."""
_ID: Final = re.compile(r"[A-Za-z0-9_-]{16,100}")


@dataclass(frozen=True)
class Taken:
    """A file in the store that belongs to no case yet."""

    id: str
    name: str
    size: int


def taken_in(posted: Posted) -> list[Taken]:
    """Those that an earlier page took already, as the form names them."""
    found = []
    for place in range(20):
        identity, name, size = (posted.text(f"file{place}_{key}") for key in ("id", "name", "size"))
        if _ID.fullmatch(identity) and name and size.isdigit():
            found.append(Taken(identity, name[:200], int(size[:12])))
    return found


def most(visit: Visit) -> int:
    """How many files may come with one form."""
    return visit.installation.policy.limits.attachments


async def take(visit: Visit, posted: Posted, taken: list[Taken]) -> str:
    """Take the files of a form; answers in the visitor's language why one was not taken, empty where all were."""
    return ""


async def keep(visit: Visit, number: str, files: list[Taken]) -> None:
    """Let a new case have them."""


async def attach(visit: Visit, number: str, files: list[Taken], command_id: str) -> None:
    """Let a case have them."""
