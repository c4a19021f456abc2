"""The demonstration with one story of a few seconds, in a process whose arguments may be `--keep` and `--data DIR`.

`--fails` lets the story end otherwise than it says, and `--waits` lets it wait for somebody who never acts.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile

from starter.demo.actor import Actor
from starter.demo.run import play_all
from starter.demo.stories.forms import form
from starter.demo.stories.story import Story
from starter.demo.week import START


async def _withdrawn(actor: Actor) -> None:
    if "--waits" in sys.argv:
        await asyncio.Event().wait()
    await actor.let_in_by_code()
    await actor.customer("withdraw", why="已自行解决")


def play() -> None:
    """Play it to its end, and end this process."""
    # Whoever this process was forked from may have looked for the folder in an environment of its own.
    tempfile.tempdir = None
    story = Story(
        "withdrawn",
        "客户撤回 · withdrawn",
        START,
        form("hotline", "王芳", "智办公CRM系统", "登录后一直转圈", type="technical", subtype="登录异常", priority="P2"),
        _withdrawn,
        "satisfied" if "--fails" in sys.argv else "withdrawn",
    )
    data = sys.argv[sys.argv.index("--data") + 1] if "--data" in sys.argv else None
    sys.exit(asyncio.run(play_all(keep="--keep" in sys.argv, data=data, stories=(story,))))
