"""Runs all checks at once; one that hangs or breaks holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from starter.doctor.check import Check, CheckResult, CheckSkippedError
from starter.doctor.checks.cases import cases
from starter.doctor.checks.channels import channels
from starter.doctor.checks.company import calendar, organisation, policy
from starter.doctor.checks.files import files
from starter.doctor.checks.links import links
from starter.doctor.checks.machine import access, folders, settings
from starter.doctor.checks.mail import mail, templates
from starter.doctor.checks.mailboxes import mailboxes
from starter.doctor.checks.pages import pages
from starter.doctor.checks.record import clocks, database, generation, integrity, space
from starter.doctor.checks.release import release
from starter.doctor.checks.sweep import last_sweep, sweep_by_hand
from starter.doctor.checks.temporal import paused, pollers, search_attributes, server
from starter.doctor.checks.webhooks import webhooks
from starter.doctor.checks.workers import alike
from starter.doctor.context import CheckFunction, DoctorContext

_TIMEOUT = 10.0
"""Seconds for one check."""
_SWEEP_TIMEOUT, _MENDING_TIMEOUT = 30.0, 60.0
"""Seconds for looking through all cases, and for mending what is found as well."""


@dataclass(frozen=True)
class CheckSuite:
    """The checks by name, in the order they are shown; `timeouts` (seconds) where one may take longer than others."""

    checks: Mapping[str, CheckFunction]
    timeouts: Mapping[str, float]

    @classmethod
    def full(cls, *, mend: bool) -> CheckSuite:
        """All checks there are; with `mend` the sweep also starts and delivers what was left lying."""
        checks: dict[str, CheckFunction] = {
            "settings": settings, "server": server, "search attributes": search_attributes, "worker": pollers,
            "worker settings": alike, "paused": paused,
            "release": release, "database": database, "generation": generation,
            "integrity": integrity, "disk": space, "folders": folders, "access": access, "files": files,
            "clock": clocks, "mail": mail, "channels": channels, "mailboxes": mailboxes,
            "webhooks": webhooks, "templates": templates, "links": links, "pages": pages,
            "policy": policy, "calendar": calendar,
            "organisation": organisation, "cases": cases,
            "last sweep": last_sweep, "sweep": sweep_by_hand(mend=mend),
        }  # fmt: skip
        return cls(checks, {"sweep": _MENDING_TIMEOUT if mend else _SWEEP_TIMEOUT})

    async def run(self, context: DoctorContext, advance: Callable[[], None]) -> list[CheckResult]:
        """The results of all checks, and `context` closed; `advance` is called after each check."""
        try:
            found = await asyncio.gather(*(self._guarded(name, context, advance) for name in self.checks))
        finally:
            await context.close()
        return [result for results in found for result in results]

    async def _guarded(self, name: str, context: DoctorContext, advance: Callable[[], None]) -> Iterable[CheckResult]:
        check, timeout = Check(name), self.timeouts.get(name, _TIMEOUT)
        try:
            async with asyncio.timeout(timeout):
                return await self.checks[name](context)
        except TimeoutError:
            return [check.fault(f"no answer within {timeout:g} s", "try again; what it asks is down or overloaded")]
        except CheckSkippedError as reason:
            return [check.warning(f"not looked at: {reason}", "mend that first")]
        except Exception as error:  # noqa: BLE001 - whatever it was, the other checks are still of use
            first = (str(error).splitlines() or [""])[0][:300]
            return [check.fault(f"could not be looked at: {type(error).__name__}: {first}", "see the other lines")]
        finally:
            advance()
