"""`bihuan org`: who works here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, say


async def load(
    file: Annotated[Path, Parameter(help="Organisation file (TOML).")],
    /,
    *,
    json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Check an organisation file and put it in force; open cases look people up in it from then on.

    Example: bihuan org load my-organisation.toml
    """
    from activities.organisation.loading import load_organisation
    from worker.installation.installation import open_installation
    from worker.installation.settings import load_settings
    from workflows.domain.organisation.assignment import mismatches
    from workflows.domain.problem import Problem

    organisation = load_organisation(file)
    async with open_installation(load_settings(data=data), prepare=True) as installation:
        if faults := mismatches(installation.policy, organisation):
            raise Problem("\n".join(f"{file}: {fault}" for fault in faults))
        await installation.directory.load(organisation)
    counts = {
        "departments": len(organisation.departments),
        "groups": len(organisation.groups),
        "people": len(organisation.people),
    }
    if json:
        print_json({"file": str(file), "company": organisation.company.name, **counts})
    else:
        say(f"{file} is in force: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
