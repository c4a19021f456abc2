"""`bihuan session new|list|revoke`: who is signed in to the pages of the staff, and links to sign in by."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, say
from worker.installation.company_time import CompanyTime


async def new(
    person: Annotated[str, Parameter(help="Id of a person of the organisation.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """A one-time link by which a person signs in to the pages, such as where no mail reaches them.

    Whoever has the link is that person: give it to nobody else. It is shown this once, and the audit log has who made
    it.

    Example: bihuan session new tech-001
    """
    from starter.services.identity.sign_in import make_link
    from worker.installation.settings import load_settings

    link, life = await make_link(load_settings(data=data), person.strip())
    if as_json:
        print_json({"person": person.strip(), "link": link, "seconds": int(life.total_seconds())})
        return
    print(link)
    say(f"{person.strip()} signs in by it once, within {int(life.total_seconds() // 60)} minutes")


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Who is signed in to the pages, the latest first: how, since when, used when, and whether it is good.

    Example: bihuan session list
    """
    from starter.services.identity.sessions import list_sessions
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    found = await list_sessions(settings)
    if as_json:
        print_json([company.localized(session.as_json()) | {"state": state} for session, state in found])
        return
    if not found:
        print("nobody is signed in")
        return
    print_table(
        ("Session", "Who", "By", "State", "Since", "Last used", "Browser"),
        [
            (
                session.id, session.person, session.way.value, state, company.text(session.created_at),
                company.text(session.used_at), session.agent,
            )
            for session, state in found
        ],
    )  # fmt: skip


async def revoke(
    of: Annotated[str, Parameter(name="ID", help="Id of a session, or of a person: all of theirs.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Sign somebody out, from the next request on. Who has left the organisation is signed out by that.

    Example: bihuan session revoke tech-001
    """
    from starter.services.identity.sessions import revoke_sessions
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    ended = await revoke_sessions(settings, of.strip())
    if as_json:
        print_json([company.localized(session.as_json()) for session in ended])
        return
    for session in ended:
        print(f"session {session.id} of {session.person} revoked")
