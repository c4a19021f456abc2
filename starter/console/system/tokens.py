"""`bihuan token new|list|revoke` and `bihuan audit`: who may come by the API, and who did what in another's name."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from starter.console.screen import AsJson, DataFolder, print_json, print_table, read_moment, say
from worker.installation.company_time import CompanyTime
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import TokenRight

_MOST = 100_000


async def new(
    person: Annotated[str | None, Parameter(help="Id of a person of the organisation.")] = None,
    /,
    *,
    system: Annotated[str | None, Parameter(help="Name of a system of the company's, instead of a person.")] = None,
    rights: Annotated[
        tuple[str, ...],
        Parameter(
            consume_multiple=True,
            negative=(),
            help=f"Of {', '.join(TokenRight)}. Without: a person all of a person's, a system {TokenRight.HAND_IN}.",
        ),
    ] = (),
    expires: Annotated[str | None, Parameter(help="A day, or an ISO 8601 time; otherwise in a year.")] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """A token for the API. It is shown this once, and kept nowhere: who loses it gets another.

    Example: bihuan token new tech-001
    Example: bihuan token new --system shop --rights hand_in customer --expires 2027-05-11
    """
    from starter.services.identity.tokens import make_token
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    until = read_moment("--expires", expires, company.zone)
    made, secret = await make_token(settings, person=person, system=system, rights=rights, expires_at=until)
    if as_json:
        print_json(company.localized(made.as_json()) | {"token": secret})
        return
    print(secret)
    say(
        f"token {made.id} of {made.caller}, good until {company.text(made.expires_at)}, for "
        f"{', '.join(sorted(made.rights))}; it is not shown again"
    )


async def list_(*, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Tokens, the latest first: whose, for what, used when, and whether they are good. No token itself is shown.

    Example: bihuan token list
    """
    from starter.services.identity.tokens import list_tokens
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    found = await list_tokens(settings)
    if as_json:
        print_json([company.localized(token.as_json()) | {"state": state} for token, state in found])
        return
    if not found:
        print("no tokens")
        return
    print_table(
        ("Token", "Of", "For", "State", "Until", "Last used"),
        [
            (
                token.id, token.caller, ", ".join(sorted(token.rights)), state, company.text(token.expires_at),
                company.text(token.used_at) or "never",
            )
            for token, state in found
        ],
    )  # fmt: skip


async def revoke(
    id_: Annotated[str, Parameter(name="ID", help="Id of a token, as the list has it.")],
    /,
    *,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """End a token, from the next request on. Those of people who left have ended by themselves.

    Example: bihuan token revoke 3f9c0a1b2d4e
    """
    from starter.services.identity.tokens import revoke_token
    from worker.installation.settings import load_settings

    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    revoked = await revoke_token(settings, id_.strip())
    if as_json:
        print_json(company.localized(revoked.as_json()))
        return
    print(f"token {revoked.id} of {revoked.caller} revoked")


async def audit(
    *,
    limit: Annotated[int, Parameter(help="At most so many, the latest.")] = 200,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Tokens made, revoked and refused, and who acted for another: on this console, or by a system's token.

    Example: bihuan audit --json
    """
    from starter.services.identity.tokens import audit_entries
    from worker.installation.settings import load_settings

    if not 1 <= limit <= _MOST:
        raise Problem(f"--limit {limit}: allowed: a number from 1 to {_MOST:,}")
    settings = load_settings(data=data)
    company = await CompanyTime.read(settings)
    entries = await audit_entries(settings, limit=limit)
    if as_json:
        print_json([company.localized(entry.as_json()) for entry in entries])
        return
    if not entries:
        print("nothing yet")
        return
    print_table(
        ("When", "What", "Who", "Whom", "How"),
        [
            (
                company.text(entry.at), entry.kind, entry.actor, entry.subject,
                ", ".join(f"{key} {value}" for key, value in entry.detail.items()),
            )
            for entry in entries
        ],
    )  # fmt: skip
