"""What all pages of a process share: settings, the record and Temporal, each reached when it is first needed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client

from activities.identity.requests import Requests
from activities.identity.sign_ins import SignIns
from activities.identity.staff_sessions import StaffSessions
from activities.intake.drafts import Drafts
from activities.key_ring import KeyRing
from activities.links.lookup import LinkLookup
from activities.portal.codes import Codes
from activities.portal.sessions import Sessions
from activities.portal.tries import Tries
from starter.services.cases.board import Board
from starter.services.feed.feed import Feed
from starter.services.identity.oidc import CALLBACK, SignOn
from starter.services.intake.submissions import Intake
from starter.services.system.stuck_list import StuckList
from starter.web.rendering.look import Look, read_look
from starter.web.rendering.pages import Pages
from starter.web.throttling.lane import Lane
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from workflows.domain.organisation.organisation import Company
from workflows.domain.problem import Problem

_log = logging.getLogger("bihuan.web")
_SWEEP_EVERY: Final = 600.0
"""Seconds between two sweeps of sessions, codes and tries that are over."""
_COMPANY_FOR: Final = 5.0
"""Seconds for which what was read of the company holds."""
_CONNECT_WITHIN: Final = timedelta(seconds=3)


@dataclass(frozen=True)
class OpenRecord:
    """The installation, with its sessions, codes and counted tries."""

    installation: Installation
    sessions: Sessions
    tries: Tries
    codes: Codes
    requests: Requests
    lookup: LinkLookup

    @classmethod
    def of(cls, installation: Installation) -> OpenRecord:
        """The record of an open installation."""
        database = installation.database
        return cls(
            installation, Sessions(database), Tries(database), Codes(database), Requests(database),
            LinkLookup(database),
        )  # fmt: skip


@dataclass
class Site:
    """`embedded`: Temporal is the server of `bihuan up`, whatever the environment names; `clock` is the wall clock."""

    settings: Settings
    embedded: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    pages: Pages = field(init=False)
    look: Look = field(init=False)
    link_keys: KeyRing | None = field(init=False, repr=False)
    """The keys of links that are still valid; None, as where no worker ever ran, lets all of them."""
    sign_on: SignOn | None = field(init=False, repr=False)
    """The company's own, by which staff sign in."""
    company: dict[str, str] = field(default_factory=lambda: Company().model_dump())
    """What is known of the company, also while the record cannot be read."""
    lane: Lane = field(default_factory=Lane)
    feed: Feed = field(init=False)
    """What happens in all cases, for whoever listens."""
    board: Board = field(default_factory=Board)
    """What stands open, for everybody who looks."""
    stuck: StuckList = field(init=False)
    """What does not go on by itself, likewise."""
    _record: OpenRecord | None = None
    _company_read: float | None = None
    _client: Client | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        """Read what a company has of its own.

        Raises:
            Problem: its templates folder is none, or its file of the portal or the link keys are not well-formed.
        """
        self.link_keys = self.settings.link_key_ring()
        self.look = read_look(self.settings.templates)
        self.pages = Pages(self.settings.templates)
        self.stuck = StuckList(self.board)
        self.feed = Feed(self._installation, self.clock)
        web, oidc = self.settings.web, self.settings.oidc
        address = web.url or f"http://{web.ip}:{web.port}"
        self.sign_on = SignOn(oidc, f"{address}{CALLBACK}") if oidc.issuer else None

    @property
    def opened(self) -> OpenRecord | None:
        """The record, where it was opened."""
        return self._record

    async def record(self) -> OpenRecord:
        """The record, opened once.

        Raises:
            Problem: it cannot be used now; the next request tries again.
        """
        if self._record is None:
            async with self._opening:
                if self._record is None:
                    opened = await self._open.enter_async_context(open_installation(self.settings))
                    self._record = OpenRecord.of(opened)
        return self._record

    async def _installation(self) -> Installation:
        return (await self.record()).installation

    async def client(self) -> Client:
        """Temporal, connected once.

        Raises:
            Problem: nobody answers now.
        """
        if self._client is None:
            endpoint = Endpoint.read(self.settings.data) if self.embedded else None
            if self.embedded and endpoint is None:
                raise Problem("Temporal has not started yet")
            self._client = await connect(self.settings, endpoint=endpoint, within=_CONNECT_WITHIN)
        return self._client

    async def intake(self) -> Intake:
        """Takes submissions in, with or without Temporal.

        Raises:
            Problem: the record cannot be used now.
        """
        intake = Intake((await self.record()).installation, None)
        try:
            intake.client = await self.client()
        except Problem as problem:
            intake.outage = str(problem)
        return intake

    async def know_company(self) -> dict[str, str]:
        """Name, hotline and the like, as the organisation in force has them, or had a few seconds ago.

        Raises:
            Problem: the record cannot be used now.
        """
        record, now = await self.record(), time.monotonic()
        if self._company_read is None or now - self._company_read > _COMPANY_FOR:
            organisation = await record.installation.directory.current()
            company = organisation.company.model_dump() if organisation is not None else self.company
            if company != self.company:
                self.company = company
            self._company_read = now
        return self.company

    async def keep_swept(self) -> None:
        """Forget now and then what is over; several processes may."""
        while True:
            try:
                record, now = await self.record(), self.clock()
                database = record.installation.database
                tables = (record.sessions, record.tries, record.codes, record.requests)
                for table in (*tables, SignIns(database), StaffSessions(database), Drafts(database)):
                    await table.sweep(now)
            except Exception as error:  # noqa: BLE001 - the next one may go well, and pages are served all the same
                _log.warning("old sessions and tries stay for now: %s", type(error).__name__)
            await asyncio.sleep(_SWEEP_EVERY)

    async def close(self) -> None:
        """Close the record."""
        await self._open.aclose()
