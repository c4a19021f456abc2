"""`bihuan org`: puts an organisation file in force, and hands over the cases of people who are not in it any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from starter.backend.opening import open_local
from starter.console.screen import AsJson, DataFolder, print_json, say
from starter.console.sender import OptionalText, Sender, send_to_cases
from workflows.domain.problem import Problem

_NAMED = 5
"""Numbers of cases in one line."""


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
    from starter.services.company.organisation import put_in_force
    from worker.installation.settings import load_settings

    organisation, left_behind = await put_in_force(load_settings(data=data), file)
    counts = {
        "departments": len(organisation.departments),
        "groups": len(organisation.groups),
        "people": len(organisation.people),
    }
    if json:
        print_json({"file": str(file), "company": organisation.company.name, **counts, "left_behind": left_behind})
        return
    say(f"{file} is in force: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    for person, numbers in left_behind.items():
        named = ", ".join(numbers[:_NAMED]) + (f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else "")
        say(f"{person} is no longer in the organisation and owns {len(numbers)} open cases: {named}")
    if left_behind:
        say("hand them over: bihuan org handover --as operator")


async def handover(
    person: Annotated[str | None, Parameter(help="Whose cases; left out, of all who are no longer there.")] = None,
    /,
    *,
    to: Annotated[str | None, Parameter(help="To this person; left out, to whoever fits.")] = None,
    why: OptionalText = None,
    sender: Sender,
) -> int:
    """Hand over the open cases of people who are no longer in the organisation, or of one person. Cut short, the same
    again goes on with what is left.

    Example: bihuan org handover --as operator
    Example: bihuan org handover tech-001 --as operator --to tech-002 --why "离职交接"
    """
    from activities.queries.case_filter import Filter
    from starter.services.cases.listing import known_names, open_numbers
    from starter.services.company.organisation import cases_of_the_gone
    from worker.installation.settings import load_settings

    settings = load_settings(data=sender.data)
    if not sender.by.strip():
        raise Problem("--as is empty; allowed: a person's id, or operator")
    if person is None:
        left_behind = await cases_of_the_gone(settings)
        numbers = sorted(number for numbers in left_behind.values() for number in numbers)
        reason = f"{', '.join(left_behind)} no longer in the organisation"
    else:
        numbers = await open_numbers(settings, Filter(open_only=True, limit=None, owner=person))
        reason = f"the cases of {person} are handed over"
        if not numbers and person not in (await known_names(settings)).get("owner", ()):
            raise Problem(f"{person} owns no open case, and is not in the organisation; bihuan list shows the cases")
    if not numbers:
        say("there is nothing to hand over")
        return 0
    backend = open_local(sender.data)
    return await send_to_cases(backend, "assign", numbers, sender, typed="org handover", to=to, why=why or reason)
