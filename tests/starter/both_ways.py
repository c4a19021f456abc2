"""Commands as people give them from another machine: by the API of a real server, with a token for each person (R46).

What a test writes stays the same: `--as PERSON` becomes that person's token, and the command runs in an empty folder
of its own, without settings, database or Temporal. What is for the operator at the server alone runs there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from activities.database.database import Database
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from starter.console.commands import is_served
from starter.services.identity.bearer import RIGHTS_OF_SYSTEMS
from starter.services.identity.tokens import make_token
from tests.starter import command_line
from tests.starter.command_line import started
from tests.worker.ports import free_ports
from worker.installation.settings import Settings

BOTH = pytest.mark.parametrize("way", ["local", "remote"])
READER = ""
"""Who looks, where a command names nobody: a system, which may see every case."""
_AT_THE_SERVER = frozenset({"operator", "nobody"})


@dataclass
class Elsewhere:
    """Somebody's own machine, from which the installation in `folder` is only reached by its pages."""

    folder: Path
    url: str
    settings: Settings
    tokens: dict[str, str] = field(default_factory=dict)

    def rewritten(
        self, arguments: Sequence[str], changes: Mapping[str, str]
    ) -> tuple[Sequence[str], Mapping[str, str]] | None:
        """The command as it is given there; None where it stays at the server."""
        given = list(arguments)
        person = changes.get("BIHUAN_AS") or READER
        if "--as" in given:
            place = given.index("--as")
            if (said := given[place + 1]) != "customer":
                person = said
                del given[place : place + 2]
        relayed = "--relayed-by" in given
        if relayed:
            place = given.index("--relayed-by")
            person = given[place + 1]
            del given[place : place + 2]
        alone = "customer" in given and not relayed
        if not is_served(given) or "--data" in given or person in _AT_THE_SERVER or alone or "learn" in given:
            return None
        left = {name: value for name, value in changes.items() if not name.startswith("BIHUAN_")}
        return given, {**left, "BIHUAN_URL": self.url, "BIHUAN_TOKEN": self._token(person), "BIHUAN_DATABASE_URL": ""}

    def _token(self, person: str) -> str:
        if person not in self.tokens:
            whose: dict[str, Any] = {"person": person, "system": None}
            if person == READER:
                whose = {"person": None, "system": "reader", "rights": RIGHTS_OF_SYSTEMS}
            _, self.tokens[person] = asyncio.run(make_token(self.settings, **whose))
        return self.tokens[person]


@contextmanager
def given_by(way: str, folder: Path, record_url: str | None = None) -> Iterator[Path]:
    """The folder for `bihuan`, which goes that way: `local`, or `remote` by pages that are served meanwhile."""
    if way == "local":
        yield folder
        return
    data = folder / "bihuan-data"
    data.mkdir(exist_ok=True)
    settings = Settings(data=data, database_url=record_url) if record_url else Settings(data=data)
    asyncio.run(_settle(settings))
    with served(folder, {"BIHUAN_DATABASE_URL": record_url} if record_url else {}) as url:
        command_line.ELSEWHERE[folder] = Elsewhere(folder, url, settings).rewritten
        try:
            yield folder
        finally:
            del command_line.ELSEWHERE[folder]


@contextmanager
def served(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """`bihuan web` as a process; its address."""
    (port,) = free_ports(1)
    process, stderr = started("web", "--port", str(port), folder=folder, environment=environment)
    with os.fdopen(stderr, encoding="utf-8") as said:
        try:
            assert any("pages ready" in line for line in said), "the pages did not come up"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.join()


async def _settle(settings: Settings) -> None:
    """Tokens are for people of an organisation."""
    database = Database.open(settings.database)
    try:
        await database.migrate()
        if await Directory(database).current() is None:
            await Directory(database).load(sample_organisation())
    finally:
        await database.close()
