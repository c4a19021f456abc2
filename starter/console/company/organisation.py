"""`bihuan org`: puts an organisation file in force."""

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
    from starter.services.organisation import put_in_force
    from worker.installation.settings import load_settings

    organisation = await put_in_force(load_settings(data=data), file)
    counts = {
        "departments": len(organisation.departments),
        "groups": len(organisation.groups),
        "people": len(organisation.people),
    }
    if json:
        print_json({"file": str(file), "company": organisation.company.name, **counts})
    else:
        say(f"{file} is in force: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
