"""`bihuan mailbox …`: the mailboxes that are read, what becomes of their mails, and mails that wait for a person."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say
from workflows.domain.problem import printable


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """The mailboxes that are read, when each was read last, and the mails that a person has to see to.

    Example: bihuan mailbox list
    """
    from starter.services.system.mailboxes import list_mailboxes
    from worker.installation.settings import load_settings

    found, aside = await list_mailboxes(load_settings(data=data))
    if as_json:
        print_json({"mailboxes": [asdict(one) for one in found], "aside": [asdict(one) for one in aside]})
        return
    if not found:
        say("no mailbox is set up: mails of customers are not read (docs/settings.md, Mailboxes)")
    else:
        print_table(
            ("Mailbox", "Address", "Server", "Folder", "Read last", "Error"),
            [
                (one.name, one.address, one.server, one.folder, _at(one.checked_at), one.error or "")
                for one in found
            ],
        )  # fmt: skip
    if aside:
        print_table(
            ("Kept aside", "Mailbox", "From", "Case", "Came", "Why"),
            [(one.id[:12], one.mailbox, one.sender, one.number or "", _at(one.taken_at), one.note) for one in aside],
        )


async def check(
    name: Annotated[str, Parameter(help="Name of the mailbox.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Log in to a mailbox and say what would be done with each unread mail; nothing is changed.

    Example: bihuan mailbox check service
    """
    from starter.services.system.mailboxes import check_mailbox
    from worker.installation.settings import load_settings

    found, held_by = await check_mailbox(load_settings(data=data), name)
    if held_by is not None:
        say(printable(f"another installation of bihuan reads this mailbox: {held_by}; this one does not"))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        say("no unread mail")
    for one in found:
        print(printable(f"{one.uid}  {'taken in before: ' if one.known else ''}{one.line}"))


async def claim(
    name: Annotated[str, Parameter(help="Name of the mailbox.")],
    /,
    *,
    data: DataFolder = None,
) -> None:
    """Let this installation read a mailbox that another one has marked as its own; that one stops within a minute.

    Example: bihuan mailbox claim service
    """
    from starter.services.system.mailboxes import claim as claim_mailbox
    from worker.installation.settings import load_settings

    others = await claim_mailbox(load_settings(data=data), name)
    for one in others or ["no other installation had marked it"]:
        print(printable(f"{name}: {'instead of: ' if others else ''}{one}"))


async def done(
    mail: Annotated[str, Parameter(help="Its id, or how that begins, as `mailbox list` shows it.")],
    /,
    *,
    data: DataFolder = None,
) -> None:
    """Note that you have seen to a mail that was kept aside; it is still in its mailbox.

    Example: bihuan mailbox done 3f9a0c12
    """
    from starter.services.system.mailboxes import see_to
    from worker.installation.settings import load_settings

    print(f"{await see_to(load_settings(data=data), mail)} is seen to")


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else ""
