"""`bihuan backup` and `bihuan restore`: both stores of a data folder, as they were at one moment."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, say
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from worker.embedded.backup import Progress


def backup(
    folder: Annotated[Path, Parameter(help="Where to: a folder that is new.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Copy the record and Temporal's file while cases go on; all of it or nothing. PostgreSQL and a Temporal cluster
    have tools of their own. Files in the folders archive, attachments and reports are not in it.

    Example: bihuan backup /backup/bihuan-2026-05-11
    """
    from worker.embedded.backup import STORES, make_backup
    from worker.installation.reading_settings import find_place

    place = find_place(data)
    own = place.database_url is None or place.database_url.startswith("sqlite:")
    stores = tuple(name for name in STORES if (name == "bihuan.db" and own) or (place.data / name).exists())
    if not stores:
        raise Problem(f"data folder {place.data}: holds neither {' nor '.join(STORES)}; name another with --data")
    if own and place.database_url is not None:
        raise Problem("database_url names a SQLite file of its own; `bihuan backup` copies those in the data folder")
    with _bars(stores) as progress:
        made = make_backup(place.data, folder, stores, datetime.now(UTC), progress)
    if as_json:
        print_json({"folder": str(folder), **made.as_json()})
        return
    print(f"{folder}: {', '.join(made.stores)}")
    if not own:
        say("the record is in PostgreSQL: back it up right after this, with pg_dump")
    elif "temporal.db" not in stores:
        say("there is no temporal.db here: the Temporal cluster has to be backed up, too, before this")


def restore(
    folder: Annotated[Path, Parameter(help="What `bihuan backup` made.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Put a backup into a data folder that has no such files yet, each held against its checksum.

    Example: bihuan restore /backup/bihuan-2026-05-11 --data ./bihuan-data
    """
    from worker.embedded.backup import restore_backup
    from worker.installation.reading_settings import find_place

    place = find_place(data)
    restored = restore_backup(folder, place.data)
    if as_json:
        print_json({"data": str(place.data), **restored.as_json()})
        return
    print(f"{place.data}: {', '.join(restored.stores)} of {restored.made_at:%Y-%m-%d %H:%M:%S} UTC")
    say(f"start it with `bihuan up --data {place.data}`, then look with `bihuan doctor`")


@contextmanager
def _bars(names: Sequence[str]) -> Iterator[Progress]:
    """A bar a store where a person watches."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in names}

        def show(name: str, copied: int, pages: int) -> None:
            bars.update(tasks[name], completed=copied, total=pages)

        yield show
