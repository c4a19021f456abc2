"""`bihuan webhook list` and `bihuan webhook test`: the systems that are told of events, and whether one listens."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say
from workflows.domain.problem import printable

_FAILED = 1


def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """The systems that are told of events, and of which; addresses and secrets are not shown.

    Example: bihuan webhook list
    """
    from starter.services.system.webhooks import list_webhooks
    from worker.installation.settings import load_settings

    found = list_webhooks(load_settings(data=data))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        say("no webhook is set up: no system is told of events (docs/webhooks.md)")
        return
    print_table(
        ("System", "Where", "Events", "Departments", "Contacts", "Own network", "Secrets", "Rate"),
        [
            (
                one.name, one.place, ", ".join(one.events) or "all", ", ".join(one.departments) or "all",
                "yes" if one.contacts else "no", one.allow_private or "no", str(one.secrets), ", ".join(one.rate),
            )
            for one in found
        ],
    )  # fmt: skip


async def test(
    name: Annotated[str, Parameter(help="Name of the system.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> int:
    """Send a system a signed event `ping` at once, and say what it answers; 1 where it does not take it. One that had
    answered 410, and takes it, is told of events again.

    Example: bihuan webhook test shop
    """
    from starter.services.system.webhooks import ping
    from worker.installation.settings import load_settings

    tried = await ping(load_settings(data=data), name)
    if as_json:
        print_json({**asdict(tried), "taken": tried.is_taken})
    elif tried.is_taken:
        print(f"webhook {name}: takes it (status {tried.status}, {tried.seconds:g} s)")
    else:
        say(printable(f"webhook {name}: {tried.error}"))
    return 0 if tried.is_taken else _FAILED
