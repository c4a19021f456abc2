"""The pages on a real socket, over a record with a few cases; nothing answers as Temporal."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from activities.database.database import insert_into
from activities.database.tables import web_tries
from activities.links.store import IssuedLink, remember_links
from activities.portal.tries import Limit, askers_of
from starter.web.server import serving_pages
from tests.activities.queries.test_customer_view import Written, written
from tests.builders import NUMBER, RESOLUTION
from tests.starter.web.browser import Browser
from tests.starter.web.office import Office, open_office
from tests.worker.ports import free_ports
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from workflows.domain.vocabulary import LinkPurpose


@dataclass
class Portal:
    """`skew` is how far the pages' clock is ahead of the wall clock."""

    settings: Settings
    installation: Installation
    case: Written
    skew: timedelta = timedelta()
    browsers: list[Browser] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.web.port}"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skew

    def later(self, **span: float) -> None:
        self.skew += timedelta(**span)

    def browser(self, **headers: str) -> Browser:
        self.browsers.append(Browser(self.address, **headers))
        return self.browsers[-1]

    async def link(
        self, purpose: LinkPurpose, cycle: int = 0, number: str = NUMBER, key: str = "key", **valid: int
    ) -> str:
        """A link as a message has it; good for a day, or for `valid`."""
        token = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(32))
        issued = IssuedLink(token, number, cycle, purpose, key, self.installation.now())
        async with self.installation.database.begin() as connection:
            await remember_links(connection, [issued], timedelta(**(valid or {"days": 1})))
        return f"/l/{token}"

    async def spend(self, *limits: Sequence[Limit]) -> None:
        """In a span of its own, nothing is left to this machine by these limits."""
        self.later(hours=1)
        async with self.installation.database.begin() as connection:
            asker, *_ = askers_of("127.0.0.1")
            for limit in (one for some in limits for one in some):
                row = {"kind": limit.name, "asker": asker.hash, "since": limit.since(self.now()), "tries": limit.most}
                statement = insert_into(connection, web_tries).values(row)
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["kind", "asker", "since"], set_={"tries": limit.most}
                    )
                )

    async def forget_tries(self) -> None:
        async with self.installation.database.begin() as connection:
            await connection.execute(delete(web_tries))


@pytest.fixture(scope="module")
def policy() -> str:
    """Name or file of the policy; a module may have its own."""
    return "standard"


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, policy: str) -> AsyncIterator[Portal]:
    folder: Path = tmp_path_factory.mktemp("portal")
    shutil.copy(migrated_file, folder)
    async with open_portal(folder, policy=policy) as portal:
        yield portal


@asynccontextmanager
async def open_portal(folder: Path, **settings: Any) -> AsyncIterator[Portal]:
    web = {"port": free_ports(1)[0]}
    whole = Settings(data=folder, web=web, server={"synchronous": "normal"}, **settings)
    async with open_installation(whole, prepare=True) as installation:
        case = await written(installation.database)
        await case.send("claim", "tech-001")
        await case.send("reply", "tech-001", text="在查同步任务")
        await case.send("resolve", "tech-001", **RESOLUTION)
        portal = Portal(whole, installation, case)
        async with serving_pages(whole, clock=portal.now):
            yield portal


@pytest.fixture
async def portal(served: Portal) -> AsyncIterator[Portal]:
    """With nothing counted against anybody."""
    # A span of its own, of which the process does not know who has spent it; its end is far, however slow the test is.
    ahead = served.now() + timedelta(hours=2)
    served.skew += ahead.replace(minute=1, second=0, microsecond=0) - served.now()
    await served.forget_tries()
    yield served
    for browser in served.browsers:
        await browser.close()
    served.browsers.clear()


@pytest.fixture(scope="package")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """For tests of the group `portal`."""
    async with open_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened
