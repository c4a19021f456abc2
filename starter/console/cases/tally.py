"""The result of registering many submissions, line by line, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starter.console.screen import print_json, say

if TYPE_CHECKING:
    from starter.services.intake.bulk import Taking, Tally


def tell_tally(tally: Tally, intake: Taking, stopped: str | None, *, as_json: bool) -> None:
    """Print what was registered, what was not, and how to go on."""
    tally.stopped = stopped
    for number, error in tally.failed:
        say(f"line {number}: {error}")
    if tally.waiting:
        say(f"{tally.waiting} registered; a worker starts them as soon as Temporal answers ({intake.outage})")
    if stopped is not None:
        after = f"after line {tally.last}" if tally.last else "before the first line"
        say(f"{stopped}: stopped {after}; import the same file again to go on, what is in is known then")
    if as_json:
        print_json(tally.as_json())
    else:
        print(f"{tally.created} new, {tally.known} known already, {len(tally.failed)} failed", flush=True)
