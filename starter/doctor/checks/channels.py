"""SMS vendors, gateways and robots: whether each is reached (nothing is sent), and what the policy sends by them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from activities.channels.channel import HttpChannel
from activities.delivery.transport import AddressKind, DeliveryError
from activities.messages.route_check import route_faults, without_address
from activities.organisation.directory import Directory
from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.context import DoctorContext
from worker.composition_root import build_transports
from workflows.domain.problem import Problem

_NAMED = 5


async def channels(context: DoctorContext) -> Iterable[CheckResult]:
    """Connect to each by TLS and hold its clock against this one. Apps log in; no other vendor has a call by which the
    key could be tried without sending.
    """
    check = Check("channels")
    try:
        transports = build_transports(context.settings)
    except Problem as problem:
        return check.problem(problem, "correct it (docs/settings.md, Channels)")
    named = [one for one in transports.values() if isinstance(one, HttpChannel)]
    if not named:
        return [check.ok("none but mail is set up")]
    found = await asyncio.gather(*(_reached(check, one) for one in named))
    results = [line for lines in found for line in lines]
    try:
        rules = (await context.policy()).delivery
    except CheckSkippedError:
        return results
    todo = "name it in the settings, or correct [[delivery]] of the policy"
    results += [check.fault(fault, todo) for fault in route_faults(rules, transports)]
    try:
        people = await Directory(await context.database()).current()
    except CheckSkippedError:
        return results
    for name, ids in without_address(rules, transports, people.people if people else ()).items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        what = f"{name} does not lead to {', '.join(ids[:_NAMED])}{more}: their messages go by the next channel"
        results.append(check.warning(what, "write phone, or their id at the platform, into the organisation file"))
    return results


async def _reached(check: Check, channel: HttpChannel) -> list[CheckResult]:
    try:
        where, skew = await channel.check()
    except DeliveryError as error:
        todo = "see that it can be reached from here, and check its endpoint; bihuan channel test tries it"
        return [check.fault(f"{channel.name} ({channel.kind}): {error}", todo)]
    able = "" if channel.messages is None else f"; carries {', '.join(sorted(channel.messages))}"
    tried = "its key is not tried" if channel.tokens is None else "its login is good"
    lines = [check.ok(f"{channel.name} ({channel.kind}): {where} answers, {tried}{able}")]
    if skew is not None:
        what = f"{channel.name} ({channel.kind}): its clock is {skew_text(skew)} of this one's: signatures are refused"
        lines.append(check.warning(what, "let this machine set its clock by NTP (chrony, systemd-timesyncd)"))
    if channel.takes is AddressKind.MOBILE and channel.messages is not None and "created" not in channel.messages:
        what = f"{channel.name}: has no template for created, so a customer without mail learns no number"
        lines.append(check.warning(what, "have one approved, and name it in the settings"))
    return lines


def skew_text(skew: timedelta) -> str:
    """By how much a clock is ahead or behind."""
    minutes = round(abs(skew).total_seconds() / 60)
    return f"{minutes} min {'ahead' if skew > timedelta() else 'behind'}"
