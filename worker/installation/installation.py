"""What every process of one installation shares: the database, the organisation, the policy, and the time."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from activities.database.database import ACTIVITY_LOCK_TIMEOUT, Database
from activities.database.installation import InstallationValues
from activities.intake.register import Register
from activities.organisation.directory import Directory
from activities.organisation.loading import load_organisation, sample_organisation
from activities.policy.calendars import build_calendar
from activities.policy.in_force import PolicyInForce
from activities.queries.cases import Cases
from worker.encryption.keys import ENCRYPTING
from worker.installation.company_time import TIME_KEY, ZONE_KEY
from worker.installation.settings import Settings
from workflows.domain.calendar import Calendar
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.virtual_time import VirtualTime

_log = logging.getLogger("bihuan.installation")


@dataclass(frozen=True)
class Installation:
    """Open it with `open_installation`. `time` is the same in every process that uses this database.

    It waits as patiently for a locked database as a person does.
    """

    settings: Settings
    database: Database
    time: VirtualTime

    @cached_property
    def directory(self) -> Directory:
        """The organisation, every version of it."""
        return Directory(self.database)

    @cached_property
    def register(self) -> Register:
        """Numbers and forms."""
        return Register(self.database)

    @cached_property
    def cases(self) -> Cases:
        """The record, for reading."""
        return Cases(self.database)

    @cached_property
    def policy_in_force(self) -> PolicyInForce:
        """The policy's file.

        Raises:
            Problem: the settings name none, or one that is not well-formed.
        """
        return PolicyInForce(self.settings.policy)

    @property
    def policy(self) -> Policy:
        """The policy in force, of its file as it is now.

        Raises:
            Problem: the settings name none, or one that is not well-formed.
        """
        return self.policy_in_force.current()

    @property
    def calendar(self) -> Calendar:
        """The company's calendar around now."""
        year = self.now().year
        return build_calendar(self.policy, range(year - 1, year + 2))

    def now(self) -> datetime:
        """The moment the rules see, in UTC."""
        return self.time.virtual(datetime.now(UTC))

    def local(self, moment: datetime) -> datetime:
        """The same moment on the company's wall clock."""
        return Calendar(zone=self.policy.calendar.zone).local(moment)

    def at_work(self) -> Installation:
        """The same for activities: they wait for a locked database no longer than they have time."""
        return replace(self, database=self.database.with_lock_timeout(ACTIVITY_LOCK_TIMEOUT))

    async def tell_of_encryption(self) -> None:
        """Remember for every process of this installation whether what goes to Temporal is encrypted.

        Raises:
            Problem: the keys are not understood.
        """
        ring = self.settings.key_ring()
        await InstallationValues(self.database).put(ENCRYPTING, ring.first.id if ring is not None else None)

    async def settle_organisation(self) -> None:
        """See to it that there is an organisation: the settings' file, else the sample, where none was loaded yet.

        One that was loaded stays in force; a file that says something else is pointed out in the log.

        Raises:
            Problem: the settings' file is not well-formed.
        """
        path = self.settings.organisation
        wanted = load_organisation(path) if path else None
        present = await self.directory.current()
        if present is None:
            await self.directory.load(wanted or sample_organisation())
        elif wanted is not None and wanted != present:
            _log.warning("%s is not the organisation in force; `bihuan org load %s` makes it so", path, path)


@asynccontextmanager
async def open_installation(
    settings: Settings,
    *,
    prepare: bool = False,
    wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    time: VirtualTime | None = None,
) -> AsyncIterator[Installation]:
    """The installation of these settings.

    `prepare` is for who takes cases in or works on them: the data folder and the database are made, or brought up
    to date. `time` is what a new installation runs by, where the settings cannot say it (a demonstration).

    Raises:
        Problem: the database cannot be used, or the settings ask for another time than it was made with.
    """
    if prepare and settings.database_url is None:
        try:
            settings.data.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = "is a file" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
            raise Problem(f"data folder {settings.data}: {why}; choose another with --data") from None
    if not prepare and settings.database_url is None and not settings.data.is_dir():
        raise Problem(
            f"data folder {settings.data}: there is none; start `bihuan up` once, or name another with --data"
        )
    database = Database.open(settings.database, synchronous=settings.database_synchronous)
    try:
        await (database.migrate() if prepare else database.ready())
        memory = InstallationValues(database)
        installation = Installation(
            settings, database, await _agree_on_time(memory, settings, time or _wanted(settings, wall_clock()))
        )
        if prepare:
            await memory.put(ZONE_KEY, installation.policy.calendar.zone)
        yield installation
    finally:
        await database.close()


async def _agree_on_time(memory: InstallationValues, settings: Settings, wanted: VirtualTime) -> VirtualTime:
    """The first process settles it for good: cases that are open could not make sense of another."""
    kept = VirtualTime.model_validate(
        await memory.get(TIME_KEY) or await memory.keep(TIME_KEY, wanted.model_dump(mode="json"))
    )
    given = settings.model_fields_set
    if "speed" in given and kept.speed != settings.speed:
        raise Problem(
            f"speed {settings.speed:g}: this installation has run at speed {kept.speed:g} from its beginning; "
            "leave speed out, or choose another folder with --data"
        )
    if "virtual_start" in given and settings.virtual_start is not None and kept.virtual_start != wanted.virtual_start:
        raise Problem(
            f"virtual_start {settings.virtual_start.isoformat()}: the time of this installation began at "
            f"{kept.virtual_start.isoformat()}; leave virtual_start out, or choose another folder with --data"
        )
    return kept


def _wanted(settings: Settings, now: datetime) -> VirtualTime:
    if settings.speed == 1 and settings.virtual_start is None:
        return VirtualTime()
    start = settings.virtual_start or now
    return VirtualTime(speed=settings.speed, real_start=now, virtual_start=start)
