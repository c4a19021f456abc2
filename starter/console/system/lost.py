"""`bihuan close-lost`: closes a case in the record that Temporal has lost for good."""

from __future__ import annotations

from starter.backend.opening import open_local
from starter.console.case_number import find_number
from starter.console.screen import Number, print_json
from starter.console.sender import Sender, Why
from workflows.domain.problem import Problem


async def close_lost(number: Number, /, *, why: Why, sender: Sender) -> None:
    """Close a case in the record whose workflow Temporal does not know any more, where no backup has it either. Refused
    while Temporal knows it, or until a sweep has missed it, too. The customer gets no message: open the issue anew,
    with the form of `bihuan show N --json`, or tell them yourself.

    Example: bihuan close-lost FB202605110001 --as operator --why "Temporal 数据丢失,已重新登记为 FB202605120003"
    """
    from starter.services.system.lost_cases import UnknownPersonError, close_lost_case
    from worker.installation.settings import load_settings

    number = await find_number(open_local(sender.data), number)
    settings = load_settings(data=sender.data)
    if not why.strip():
        raise Problem("--why is empty; allowed: the reason, which is kept in the history")
    try:
        status, resolution = await close_lost_case(settings, number, by=sender.by.strip(), why=why)
    except UnknownPersonError as error:
        raise Problem(f"--as {error}") from None
    if sender.as_json:
        print_json({"number": number, "status": status, "resolution": resolution})
    else:
        print(f"{number} closed in the record ({resolution})")
