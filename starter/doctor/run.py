"""All checks at once, none of which can hold up or break another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from starter.doctor.check import Check
from starter.doctor.company import calendar, organisation, policy
from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult, CheckResults, NotLookedAtError
from starter.doctor.machine import folders, settings
from starter.doctor.mail import mail, templates
from starter.doctor.record import clocks, database, integrity, space
from starter.doctor.release import release
from starter.doctor.sweep import last_sweep, sweep_by_hand
from starter.doctor.temporal import pollers, search_attributes, server

_PATIENCE = 10.0
"""Seconds for one check."""
_LONG = 30.0
"""Seconds for looking through all cases; a minute for mending what is found."""
_MENDING = 60.0


@dataclass(frozen=True)
class Examination:
    """The checks by name, in the order they are shown."""

    checks: Mapping[str, Check]
    patience: Mapping[str, float]

    @classmethod
    def of(cls, *, mend: bool) -> Examination:
        """All there are."""
        checks: dict[str, Check] = {
            "settings": settings, "server": server, "search attributes": search_attributes, "worker": pollers,
            "release": release, "database": database, "integrity": integrity, "disk": space, "folders": folders,
            "clock": clocks, "mail": mail, "templates": templates, "policy": policy, "calendar": calendar,
            "organisation": organisation, "last sweep": last_sweep, "sweep": sweep_by_hand(mend=mend),
        }  # fmt: skip
        return cls(checks, {"sweep": _MENDING if mend else _LONG})

    async def examine(self, ward: DoctorContext, advance: Callable[[], None]) -> list[CheckResult]:
        """Everything the checks say; `advance` is called after each."""
        try:
            said = await asyncio.gather(*(self._guarded(name, ward, advance) for name in self.checks))
        finally:
            await ward.close()
        return [line for lines in said for line in lines]

    async def _guarded(self, name: str, ward: DoctorContext, advance: Callable[[], None]) -> Iterable[CheckResult]:
        said, patience = CheckResults(name), self.patience.get(name, _PATIENCE)
        try:
            async with asyncio.timeout(patience):
                return await self.checks[name](ward)
        except TimeoutError:
            return [said.fault(f"no answer within {patience:g} s", "try again; what it asks is down or overloaded")]
        except NotLookedAtError as reason:
            return [said.warning(f"not looked at: {reason}", "mend that first")]
        except Exception as error:  # noqa: BLE001 - whatever it was, the other checks are still of use
            first = (str(error).splitlines() or [""])[0][:300]
            return [said.fault(f"could not be looked at: {type(error).__name__}: {first}", "see the other lines")]
        finally:
            advance()
