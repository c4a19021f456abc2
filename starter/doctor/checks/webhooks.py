"""The company's own systems: whether each is reached (nothing is sent), and whether one has had itself turned off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from activities.channels.channel import HttpChannel
from activities.delivery.transport import DeliveryError
from activities.organisation.directory import Directory
from activities.webhooks.build import build_channel
from activities.webhooks.settings import WebhookSettings
from activities.webhooks.switch import Switch
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.checks.channels import skew_text
from starter.doctor.context import DoctorContext
from workflows.domain.problem import Problem


async def webhooks(context: DoctorContext) -> Iterable[CheckResult]:
    """Connect to each, as far as it may be connected to, and hold its clock against this one."""
    check, named = Check("webhooks"), context.settings.webhooks
    if not named:
        return [check.ok("none is set up: no system is told of events")]
    try:
        channels = {name: build_channel(name, one) for name, one in named.items()}
    except Problem as problem:
        return check.problem(problem, "correct it (docs/webhooks.md)")
    found = await asyncio.gather(*(_reached(check, name, channel) for name, channel in channels.items()))
    results = [line for lines in found for line in lines]
    try:
        database = await context.database()
    except CheckSkippedError:
        return results
    for name, one in named.items():
        since = await Switch(database, name, one.url.get_secret_value()).off_since()
        if since is not None:
            what = f"{name}: has answered on {since:%Y-%m-%d} that it is gone (status 410), and is told nothing"
            todo = f"bihuan webhook test {name} turns it on again; or take it out of the settings"
            results.append(check.fault(what, todo))
    organisation = await Directory(database).current()
    known = {department.id for department in organisation.departments} if organisation else None
    return results + [line for name, one in named.items() for line in _unknown(check, name, one, known)]


async def _reached(check: Check, name: str, channel: HttpChannel) -> list[CheckResult]:
    try:
        where, skew = await channel.check()
    except DeliveryError as error:
        todo = f"see that it can be reached from here (docs/webhooks.md); bihuan webhook test {name} tries it"
        return [check.fault(f"{name}: {error}", todo)]
    lines = [check.ok(f"{name}: {where} answers; no event is sent to try it")]
    if skew is not None:
        what = f"{name}: its clock is {skew_text(skew)} of this one's: it will refuse the time stamps"
        lines.append(check.warning(what, "let both machines set their clocks by NTP (chrony, systemd-timesyncd)"))
    return lines


def _unknown(check: Check, name: str, webhook: WebhookSettings, departments: set[str] | None) -> Iterable[CheckResult]:
    for one in webhook.departments if departments is not None else ():
        if departments is not None and one not in departments:
            todo = "correct departments of this webhook; `bihuan list --department x` names those there are"
            yield check.warning(f"{name}: there is no department {one}", todo)
