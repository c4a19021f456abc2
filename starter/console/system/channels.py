"""`bihuan channel list` and `bihuan channel test`: the ways messages go, and whether one works."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say
from workflows.domain.problem import printable
from workflows.domain.vocabulary import Message


def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """The channels that are set up, what each can say, and how fast it may; secrets are not shown.

    Example: bihuan channel list
    """
    from starter.services.system.channels import list_channels
    from worker.installation.settings import load_settings

    found = list_channels(load_settings(data=data))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        say("no channel is set up: messages stay in the outbox (docs/settings.md, Channels)")
        return
    print_table(
        ("Channel", "Kind", "Where", "Finds people by", "Messages", "Rate", "A person"),
        [
            (
                one.name, one.kind, one.place, one.takes, "all" if one.messages is None else ", ".join(one.messages),
                ", ".join(one.rate), ", ".join(one.rate_per_person),
            )
            for one in found
        ],
    )  # fmt: skip


async def test(
    name: Annotated[str, Parameter(help="Name of the channel; `mail` is mail.")],
    /,
    *,
    to: Annotated[str, Parameter(help="A mail address, a mobile number, or an id at the chat platform.")],
    message: Annotated[Message | None, Parameter(help="Kind of message; otherwise the first it can say.")] = None,
    send: Annotated[bool, Parameter(negative=(), help="Really send it.")] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Show what somebody would read of a made-up message by this channel; with --send it is sent.

    Example: bihuan channel test sms --to 13800138000
    Example: bihuan channel test robot --to li.lei --send
    """
    from starter.services.system.channels import send_test
    from worker.installation.settings import load_settings

    tried = await send_test(load_settings(data=data), name, to, message, send=send)
    if as_json:
        print_json(asdict(tried))
        return
    print(printable(tried.text))
    print(f"sent to {tried.address}" if tried.sent else f"nothing was sent to {tried.address}; add --send")
