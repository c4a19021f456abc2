"""Sends a one-time code to a case's own contact, and checks what somebody types (R40)."""

from __future__ import annotations

from datetime import datetime

from temporalio.client import Client

from activities.delivery.outbox import Outbox
from activities.messages.one_time_code import code_row
from activities.portal.codes import Codes, new_code
from worker.composition_root import build_transports
from worker.installation.installation import Installation
from worker.temporal.standalone_delivery import StandaloneDelivery
from workflows.domain.time.calendar import Calendar


async def send_code(installation: Installation, client: Client, session: str, number: str, *, now: datetime) -> bool:
    """Send this session a code by the way on which the customer is reached; False where there is none.

    What Temporal does not take at once goes out with the next sweep. `now` is the wall clock.

    Raises:
        Problem: the settings of a channel are not understood, or the record cannot be written.
    """
    settings, database = installation.settings, installation.database
    form = await installation.register.form(number)
    transports = build_transports(settings)
    organisation = await installation.directory.current()
    if form is None:
        return False
    code = new_code()
    row = code_row(
        number,
        code,
        form,
        transports,
        company=organisation.company.model_dump() if organisation else {},
        calendar=Calendar(zone=installation.policy.calendar.zone),
        at=installation.now(),
        templates=settings.templates,
    )
    if row is None:
        return False
    async with database.begin() as connection:
        await Codes(database).request(connection, code, session, number, now)
        keys = await Outbox(database).add(connection, [row])
    if settings.delivery == "standalone":
        await StandaloneDelivery(client, settings.task_queue)(number, keys)
    return True


async def use_code(installation: Installation, session: str, digits: str, *, now: datetime) -> str | None:
    """The case for which this session was sent these digits, which are used up by that; None where it was not."""
    return await Codes(installation.database).use(session, digits, now)
