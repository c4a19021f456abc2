"""What became of a command, by its id, according to the timelines: for as long as these are kept."""

from __future__ import annotations

from typing import Literal

from activities.database.reader import Reader, document
from workflows.domain.terms import Judged
from workflows.domain.vocabulary import EventKind

_OF = {
    "case": "SELECT kind, detail FROM timeline WHERE number = $1 AND command_id = $2 ORDER BY sequence",
    "review": "SELECT kind, detail FROM review_timeline WHERE review = $1 AND command_id = $2 ORDER BY sequence",
}


async def find_judged(
    reader: Reader, of: str, command_id: str, *, kind: Literal["case", "review"] = "case"
) -> Judged | None:
    """What became of a command to that case (or a department's task in it), or review; None: nobody judged it yet."""
    rows = await reader.rows(_OF[kind], of, command_id)
    if not rows:
        return None
    refused = rows[0]["kind"] == EventKind.REJECTED
    return Judged(reason=str(document(rows[0]["detail"]).get("reason")) if refused else None)
