"""The organisation: a file put in force, and the one that is."""

from __future__ import annotations

from pathlib import Path

from activities.organisation.loading import load_organisation, sample_organisation
from activities.queries.monitoring.orphans import by_owner, find_orphans
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.organisation.assignment import mismatches
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.problem import Problem


async def put_in_force(settings: Settings, file: Path) -> tuple[Organisation, dict[str, list[str]]]:
    """Check an organisation file against the policy and put it in force; answers what it says, and the open cases of
    each person who is not in it any more.

    Raises:
        Problem: the file is not well-formed, or does not fit the policy; one line a fault, nothing was changed.
    """
    organisation = load_organisation(file)
    async with open_installation(settings, prepare=True) as installation:
        if faults := mismatches(installation.policy, organisation):
            raise Problem("\n".join(f"{file}: {fault}" for fault in faults))
        await installation.directory.load(organisation)
        async with installation.database.read() as connection:
            return organisation, by_owner(await find_orphans(connection))


async def cases_of_the_gone(settings: Settings) -> dict[str, list[str]]:
    """Numbers of the open cases of each person who is not in the organisation any more.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_installation(settings) as installation, installation.database.read() as connection:
        return by_owner(await find_orphans(connection))


async def organisation_for_trial(settings: Settings, file: Path | None) -> Organisation:
    """The file named, or what is in force: in the database, else the settings' file, else the sample.

    Raises:
        Problem: the file is not well-formed, or the database cannot be read.
    """
    if file is not None:
        return load_organisation(file)
    if settings.database_url is not None or settings.data.is_dir():
        async with open_installation(settings) as installation:
            current = await installation.directory.current()
        if current is not None:
            return current
    return load_organisation(settings.organisation) if settings.organisation else sample_organisation()
