"""The organisation: a file put in force, and the one that is."""

from __future__ import annotations

from pathlib import Path

from activities.organisation.loading import load_organisation, sample_organisation
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.organisation.assignment import mismatches
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.problem import Problem


async def put_in_force(settings: Settings, file: Path) -> Organisation:
    """Check an organisation file against the policy and put it in force; answers what it says.

    Raises:
        Problem: the file is not well-formed, or does not fit the policy; one line a fault, nothing was changed.
    """
    organisation = load_organisation(file)
    async with open_installation(settings, prepare=True) as installation:
        if faults := mismatches(installation.policy, organisation):
            raise Problem("\n".join(f"{file}: {fault}" for fault in faults))
        await installation.directory.load(organisation)
    return organisation


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
