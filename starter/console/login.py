"""`bihuan login` and `logout`: commands go to a server from then on, or to this machine again (R46)."""

from __future__ import annotations

import sys
from typing import Annotated, Any

from cyclopts import Parameter

from starter.backend.address import TOKEN_VARIABLE, checked, forget_login, keep_login, login_file
from starter.backend.http import ApiClient
from starter.console.screen import AsJson, print_json, say
from workflows.domain.problem import Problem


async def login(
    url: Annotated[str, Parameter(help="Address of the pages, such as https://service.example.com.")],
    /,
    *,
    plain_http: Annotated[
        bool, Parameter(negative=(), help="Also without encryption: where everybody on the way may be trusted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send your commands on cases, reviews, knowledge and reports to that server. The token that bihuan token new
    showed is asked for at a terminal, else read from standard input; both are kept for you alone (mode 0600). For
    programs: BIHUAN_URL and BIHUAN_TOKEN. A command with --data stays on this machine.

    Example: bihuan login https://service.example.com
    """
    address = checked(url, _read_token(), plain=plain_http, name="login")
    me = ApiClient(address).get("/me")
    file = keep_login(address)
    if as_json:
        print_json({"url": address.url, **me})
    else:
        say(f"{address.url} knows you as {_who(me)} until {me['expires_at']}; kept in {file}")


async def logout() -> None:
    """Forget the address and the token; commands work on this machine again. The token itself stays good until an
    operator revokes it.

    Example: bihuan logout
    """
    if not forget_login():
        raise Problem(f"there is no login in {login_file()}")
    say("commands work on this machine again")


def _who(me: dict[str, Any]) -> str:
    return str(me["person"] or f"the system {me['system']}")


def _read_token() -> str:
    """Never as an argument: everybody on a machine reads those.

    Raises:
        Problem: nothing was typed, or the input is none.
    """
    if sys.stdin.isatty():
        from getpass import getpass

        said = getpass("Token: ")
    else:
        said = sys.stdin.readline(1000)
    token = said.strip()
    if not token:
        raise Problem(
            f"there is no token; allowed: the one that bihuan token new showed, at the prompt or on standard "
            f"input, or {TOKEN_VARIABLE}"
        )
    return token
