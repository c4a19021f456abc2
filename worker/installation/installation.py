"""An installation, opened: the database, the organisation, the policy and the time that all its processes share."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from pydantic import JsonValue

from activities.database.database import ACTIVITY_LOCK_TIMEOUT, Database
from activities.database.installation import InstallationValues
from activities.files.ledger import FileLedger
from activities.files.reception import Reception
from activities.files.scan import Scanner
from activities.files.store import FileStore, open_store
from activities.intake.register import Register
from activities.organisation.directory import Directory
from activities.organisation.loading import load_organisation, sample_organisation
from activities.policy.calendars import build_calendar
from activities.policy.in_force import PolicyInForce
from activities.queries.cases import Cases
from worker.encryption.key_in_use import ENCRYPTING
from worker.installation.company_time import TIME_KEY, ZONE_KEY
from worker.installation.private_files import close_database_file, make_data_folder
from worker.installation.settings import Settings
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.time.calendar import Calendar
from workflows.domain.time.virtual_time import VirtualTime

POLICY_KEY = "policy"
"""The policy that was in force last, as the record keeps it."""
_log = logging.getLogger("bihuan.installation")


@dataclass(frozen=True)
class Installation:
    """Open it with `open_installation`. `time` is the same in every process that uses this database.

    A locked database is waited for as long as a person would; see `for_activities`.
    """

    settings: Settings
    database: Database
    time: VirtualTime
    kept_policy: JsonValue = None
    """What the record has of the policy that was in force last (`PolicyInForce.kept_as`)."""

    @cached_property
    def directory(self) -> Directory:
        """The organisation, in all its versions."""
        return Directory(self.database)

    @cached_property
    def register(self) -> Register:
        """The register of case numbers and intake forms."""
        return Register(self.database)

    @cached_property
    def file_store(self) -> FileStore:
        """Where the bytes of files are.

        Raises:
            Problem: the setting is not understood, or what it needs is not installed.
        """
        return open_store(self.settings.files, self.settings.data)

    @cached_property
    def file_ledger(self) -> FileLedger:
        """The files of all cases."""
        return FileLedger(self.database)

    @cached_property
    def scanner(self) -> Scanner | None:
        """What looks for malware; None: nobody does.

        Raises:
            Problem: the setting is not understood.
        """
        return Scanner.of(self.settings.clamd)

    @cached_property
    def reception(self) -> Reception:
        """The way in for files.

        Raises:
            Problem: a setting is not understood.
        """
        return Reception(self.database, self.file_store, self.scanner)

    @cached_property
    def cases(self) -> Cases:
        """Queries of the record."""
        return Cases(self.database)

    @cached_property
    def policy_in_force(self) -> PolicyInForce:
        """The policy by its file, read again when that changes.

        Raises:
            Problem: the settings name none, or one that is not well-formed and was not in force before.
        """
        return PolicyInForce(self.settings.policy, self.kept_policy)

    @property
    def policy(self) -> Policy:
        """The policy as its file is now.

        Raises:
            Problem: the settings name none, or one that is not well-formed.
        """
        return self.policy_in_force.current()

    @property
    def calendar(self) -> Calendar:
        """The company's calendar of this year, the one before and the next."""
        year = self.now().year
        return build_calendar(self.policy, range(year - 1, year + 2))

    def now(self) -> datetime:
        """The cases' time now, in UTC."""
        return self.time.virtual(datetime.now(UTC))

    def local(self, moment: datetime) -> datetime:
        """The same moment in the company's zone."""
        return Calendar(zone=self.policy.calendar.zone).local(moment)

    def for_activities(self) -> Installation:
        """The installation with a shorter wait for a locked database, which fits into the time of an activity."""
        return replace(self, database=self.database.with_lock_timeout(ACTIVITY_LOCK_TIMEOUT))

    async def keep_policy(self) -> None:
        """Write down the policy in force, for processes that begin while its file is not well-formed."""
        kept, values = self.policy_in_force.kept_as(), InstallationValues(self.database)
        if kept is not None and kept != await values.get(POLICY_KEY):
            await values.put(POLICY_KEY, kept)

    async def record_encryption(self) -> None:
        """Write down for all processes of this installation which key its workers encrypt with, if any.

        Raises:
            Problem: the keys are not understood.
        """
        ring = self.settings.key_ring()
        await InstallationValues(self.database).put(ENCRYPTING, ring.first.id if ring is not None else None)

    async def settle_organisation(self) -> None:
        """Where no organisation was loaded yet, load the settings' file, or the sample.

        One that was loaded stays in force; that a file differs from it is logged as a warning.

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

    `prepare` creates the data folder and the database, or upgrades the database, as a worker does at its start. `time`
    is that of a new installation, where the settings cannot express it (a demonstration).

    Raises:
        Problem: the database cannot be used, or the settings ask for another time than it was made with.
    """
    if prepare:
        # Beside a record elsewhere only archive, reports and attachments need it: who cannot make it needs it later.
        with suppress(Problem) if settings.database_url else nullcontext():
            make_data_folder(settings.data)
    if not prepare and settings.database_url is None and not settings.data.is_dir():
        raise Problem(
            f"data folder {settings.data}: there is none; start `bihuan up` once, or name another with --data"
        )
    if prepare:
        close_database_file(settings.database)
    database = Database.open(
        settings.database, synchronous=settings.database_synchronous, connections=settings.database_connections
    )
    try:
        await (database.migrate() if prepare else database.ready())
        values = InstallationValues(database)
        agreed = await _agree_on_time(values, settings, time or _wanted(settings, wall_clock()))
        installation = Installation(settings, database, agreed, await values.get(POLICY_KEY))
        if prepare:
            await installation.keep_policy()
            await values.put(ZONE_KEY, installation.policy.calendar.zone)
        yield installation
    finally:
        await database.close()


async def _agree_on_time(values: InstallationValues, settings: Settings, wanted: VirtualTime) -> VirtualTime:
    """The time that the first process wrote down; it never changes, since open cases have deadlines by it."""
    kept = VirtualTime.model_validate(
        await values.get(TIME_KEY) or await values.keep(TIME_KEY, wanted.model_dump(mode="json"))
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
