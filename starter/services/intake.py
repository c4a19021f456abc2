"""Takes submissions in: each is checked, registered under a number, and its case started (R1-R3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from activities.intake.form import parse_form
from worker.installation.installation import Installation, open_installation
from worker.installation.settings import Settings
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from worker.temporal.starting import start_case
from workflows.domain.policy.triage import triage
from workflows.domain.problem import Problem


@dataclass(frozen=True)
class Accepted:
    """A registered submission.

    `created` is False when its intake key was a case already; `started` is False when Temporal did not answer: a worker
    starts the case as soon as it can.
    """

    number: str
    created: bool
    started: bool


@dataclass
class Intake:
    """Takes submissions in, one after another; open it with `open_intake`."""

    installation: Installation
    client: Client | None
    outage: str | None = None
    """Why Temporal cannot be reached."""

    async def accept(self, raw: str | bytes | dict[str, Any]) -> Accepted:
        """Check, register and start one submission.

        Raises:
            Problem: the form is not well-formed; one line a fault, nothing is written.
        """
        installation = self.installation
        now = installation.now()
        form = parse_form(raw, now=now, policy=installation.policy, organisation=await installation.directory.current())
        registration = await installation.register.register(
            form,
            received_at=now,
            day=installation.local(now).date(),
            priority=triage(form.submission(), installation.policy).priority,
        )
        return Accepted(registration.number, registration.created, await self._start(registration.number))

    async def _start(self, number: str) -> bool:
        if self.client is None:
            return False
        try:
            await start_case(
                self.client, number, time=self.installation.time, task_queue=self.installation.settings.task_queue
            )
        except RPCError as error:
            self.client, self.outage = None, f"Temporal does not take the case: {error.message}"
            return False
        # An error here would make the sender submit it again, as another case. Without the mark a worker starts the
        # case once more, which changes nothing, and sets the mark.
        with suppress(Exception):
            await self.installation.register.mark_started(number)
        return True


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


def keyed(submission: dict[str, Any]) -> dict[str, Any]:
    """The submission with an intake key. Where it has none, the key is a hash of its content, so that the same line
    imported again is the same case.
    """
    if submission.get("intake_key"):
        return submission
    content = json.dumps(submission, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {**submission, "intake_key": f"import-{hashlib.sha256(content.encode()).hexdigest()[:32]}"}
