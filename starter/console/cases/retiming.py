"""`bihuan retime`: open cases take up a changed policy, or a newly announced holiday."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from starter.backend.opening import open_backend
from starter.console.screen import say
from starter.console.sender import OptionalText, Sender, send_command, send_to_cases

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
    query: Annotated[str | None, Parameter(help="Open cases that this list filter of the Web UI finds.")] = None,
    why: OptionalText = None,
    sender: Sender,
) -> int:
    """Take up the present policy and calendar; what has passed stays as it was. A worker reads a changed policy file by
    itself; while the file is faulty, cases reject the command with the reason. Many cases are told in batches; cut
    short, the same --command-id goes on where it was.

    Example: bihuan retime FB202605110001 --as operator --why "节假日安排已公布"
    Example: bihuan retime --all --as operator --why "节假日安排已公布"
    Example: bihuan retime --query 'CasePriority = "P0" and CaseEscalation >= 2' --as operator
    """
    which = {"priority": priority, "type": type, "department": department, "owner": owner}
    given = {name: value for name, value in which.items() if value is not None}
    if sum((number is not None, all_, bool(given) or query is not None)) != 1:
        say("which cases? allowed: a number, or --all, or any of --priority, --type, --department, --owner, --query")
        return _MISUSED
    if number is not None:
        return await send_command("retime", number, sender, why=why)
    return await _retime_many(given, query, sender, why)


async def _retime_many(given: dict[str, str], query: str | None, sender: Sender, why: str | None) -> int:
    from activities.queries.case_filter import Filter

    backend = open_backend(sender.data)
    backend.check_sender(sender.by)
    wanted = Filter(
        open_only=True,
        limit=None,
        priority=given.get("priority"),
        type=given.get("type"),
        department=given.get("department"),
        owner=given.get("owner"),
    )
    return await send_to_cases(backend, "retime", await backend.open_numbers(wanted, query), sender, why=why)
