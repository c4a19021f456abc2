"""`bihuan retime`: open cases take up a changed policy, or a newly announced holiday."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import print_json, progress_bar, say
from starter.console.sender import OptionalText, Sender, send_command
from workflows.domain.problem import Problem

_MISUSED = 2


async def retime(
    number: Annotated[str | None, Parameter(help="Number of the case; or say which ones by options.")] = None,
    /,
    *,
    all_: Annotated[bool, Parameter(name="--all", negative=(), help="Every open case.")] = False,
    priority: Annotated[str | None, Parameter(help="Open cases of this priority.")] = None,
    type: Annotated[str | None, Parameter(help="Open cases of this type.")] = None,  # noqa: A002
    department: Annotated[str | None, Parameter(help="Open cases that concern this department.")] = None,
    owner: Annotated[str | None, Parameter(help="Open cases of this person.")] = None,
    why: OptionalText = None,
    sender: Sender,
) -> int:
    """Take up the present policy and calendar; what has passed stays as it was. The worker has to know them: restart it
    after a change. Many cases are told in batches; cut short, the same --command-id goes on where it was.

    Example: bihuan retime FB202605110001 --as operator --why "节假日安排已公布"
    Example: bihuan retime --all --as operator --why "节假日安排已公布"
    """
    which = {"priority": priority, "type": type, "department": department, "owner": owner}
    given = {name: value for name, value in which.items() if value is not None}
    if sum((number is not None, all_, bool(given))) != 1:
        say("which cases? allowed: a number, or --all, or any of --priority, --type, --department, --owner")
        return _MISUSED
    if number is not None:
        return await send_command("retime", number, sender, why=why)
    return await _retime_many(given, sender, why)


async def _retime_many(given: dict[str, str], sender: Sender, why: str | None) -> int:
    from starter.signalling import send_to_many
    from worker.settings import load_settings

    settings = load_settings(data=sender.data)
    if not sender.by.strip():
        raise Problem("--as is empty; allowed: a person's id, or operator")
    numbers = await _open_cases(settings.database, given)
    command_id = sender.command_id or f"retime-{uuid.uuid4().hex[:16]}"
    say(f"{len(numbers)} open cases; should this be cut short: the same again with --command-id {command_id}")
    fields = {"why": why} if why is not None else {}
    counts: Counter[str] = Counter()
    answers = []
    with progress_bar("retime", len(numbers)) as advance:
        async for outcome in send_to_many(settings, "retime", numbers, fields, by=sender.by, command_id=command_id):
            advance()
            counts[outcome.outcome] += 1
            answers.append(outcome.as_json())
            if outcome.outcome == "rejected" and not sender.as_json:
                say(f"{outcome.number} retime rejected: {outcome.reason}")
    if sender.as_json:
        print_json({"command_id": command_id, "cases": answers})
    else:
        print(", ".join(f"{counts[word]} {word}" for word in ("accepted", "queued", "rejected")))
    return 1 if counts["rejected"] else 0


async def _open_cases(url: str, given: dict[str, str]) -> list[str]:
    from activities.database import Database
    from activities.reading import Cases, Filter

    database = Database.open(url)
    try:
        await database.ready()
        files = await Cases(database).list(
            Filter(
                open_only=True,
                limit=None,
                priority=given.get("priority"),
                type=given.get("type"),
                department=given.get("department"),
                owner=given.get("owner"),
            )
        )
    finally:
        await database.close()
    return sorted(file.number for file in files if file.view is not None)
