"""Takes submissions in: each is checked, registered under a number, and its case started (R1-R3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client
from temporalio.service import RPCError

from activities.database.database import is_outage
from activities.intake.form import parse_form
from starter.services.results import Accepted
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from worker.temporal.starting import NumberTakenError, renumber, start_case
from workflows.domain.policy.triage import triage
from workflows.domain.problem import Problem

_NUMBERS = 5
"""How many numbers are tried where Temporal has other cases under them: its lists lag by a second or so."""
_TWICE: Final = timedelta(minutes=1)
"""The same form without a key, so soon after, was sent twice: a retry, or a double click (R1)."""


@dataclass
class Intake:
    """Takes submissions in, one after another; open it with `open_intake`."""

    installation: Installation
    client: Client | None
    outage: str | None = None
    """Why Temporal cannot be reached."""

    async def accept(self, raw: str | bytes | dict[str, Any], *, attached: Sequence[str] = ()) -> Accepted:
        """Check, register and start one submission. `attached`: labels of files that come along, for its form.

        Raises:
            IntakeConflictError: its intake key came with another content before.
            Problem: the form is not well-formed; one line a fault, nothing is written.
        """
        installation = self.installation
        now = installation.now()
        form = parse_form(raw, now=now, policy=installation.policy, organisation=await installation.directory.current())
        more = [name for name in attached if name not in form.attachments]
        form = form.model_copy(update={"attachments": [*form.attachments, *more]}) if more else form
        registration = await installation.register.register(
            form,
            received_at=now,
            day=installation.local(now).date(),
            priority=triage(form.submission(), installation.policy).priority,
            alike_since=now - _TWICE,
        )
        number, started = await self._start(registration.number)
        return Accepted(number, registration.created, started)

    def is_outage(self, error: BaseException) -> bool:
        """Whether the record itself failed, which may be over soon."""
        return is_outage(error)

    async def _start(self, number: str) -> tuple[str, bool]:
        """The number it has in the end, and whether it was started."""
        if self.client is None:
            return number, False
        try:
            for left in reversed(range(_NUMBERS)):
                try:
                    await start_case(self.client, self.installation, number)
                    break
                except NumberTakenError as taken:
                    if not left:
                        raise
                    # Nobody was told this number yet, or whoever submits again hears of the new one now.
                    number = await renumber(self.client, self.installation, taken)
        except Problem as problem:
            self.outage = str(problem)
            return number, False
        except RPCError as error:
            self.client, self.outage = None, f"Temporal does not take the case: {error.message}"
            return number, False
        # An error here would make the sender submit it again, as another case. Without the mark a worker starts the
        # case once more, which changes nothing, and sets the mark.
        with suppress(Exception):
            await self.installation.register.mark_started(number)
        return number, True


@asynccontextmanager
async def open_intake(settings: Settings, *, endpoint: Endpoint | None = None) -> AsyncIterator[Intake]:
    """An intake that works with or without Temporal: what is registered is not lost.

    It makes no record where there is none: on a folder that is not mounted, what it took in would be kept where nobody
    looks. `endpoint` is the server to use, whatever the environment names.

    Raises:
        Problem: settings, policy or database are not usable, or there is no installation yet.
    """
    async with open_installation(settings) as installation:
        await installation.settle_organisation()
        await installation.keep_policy()
        intake = Intake(installation, None)
        try:
            intake.client = await connect(settings, endpoint=endpoint)
        except Problem as problem:
            intake.outage = str(problem)
        yield intake
