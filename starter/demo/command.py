"""The command `bihuan demo`; what it needs is imported when it is called."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

_Keep = Annotated[
    bool, Parameter(negative=(), help="Afterwards stay up, so that the Web UI and the pages can be looked at.")
]
_Folder = Annotated[
    str | None, Parameter(name="--data", help="Keep data and reports in this new folder (default: none).")
]
_Port = Annotated[int | None, Parameter(help="Of Temporal's front end (default: any free one).")]
_UiPort = Annotated[int | None, Parameter(help="Of Temporal's Web UI (default: any free one).")]


async def demo(*, keep: _Keep = False, data: _Folder = None, port: _Port = None, ui_port: _UiPort = None) -> int:
    """Play twelve stories of customers in about a minute and a half, and check that each ended as it should.

    Example: bihuan demo --keep --ui-port 8233
    """
    from starter.demo.run import play_all

    return await play_all(keep=keep, data=data, port=port, ui_port=ui_port)
