"""Tokens of people and systems: made, revoked, listed, their bearers found; and the audit log (R45)."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from activities.database.url import DatabaseUrl
from starter.services.identity.bearer import RIGHTS_OF_PEOPLE, RIGHTS_OF_SYSTEMS, Bearer
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import OPERATOR, AuditKind, TokenRight, Via

if TYPE_CHECKING:
    from activities.identity.audit import AuditEntry
    from activities.identity.tokens import Token
    from worker.installation.company_time import RecordSettings
    from worker.installation.installation import Installation
    from worker.installation.settings import Settings
    from workflows.domain.organisation.organisation import Organisation

LIFE: Final = timedelta(days=365)
"""Of a token of which nothing else is said."""
_LONGEST: Final = timedelta(days=5 * 366)
_SYSTEM: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class NoBearerError(Problem):
    """A token that is good for nothing; whoever showed it is not told why. `token` is its row, where it has one."""

    def __init__(self, reason: str, token: Token | None) -> None:
        super().__init__(reason)
        self.token = token


async def find_bearer(installation: Installation, shown: str, now: datetime) -> Bearer:
    """Whoever has that token; its use is noted.

    Raises:
        NoBearerError: unknown, expired, revoked, or its person has left; the text says which, and no secret.
    """
    from activities.identity.tokens import Tokens

    tokens = Tokens(installation.database)
    async with installation.database.read_brief() as connection:
        token = await tokens.find(shown, connection)
        organisation = await installation.directory.current(connection)
    state = token_state(token, organisation, now) if token is not None else "unknown"
    if token is None or state != "good":
        raise NoBearerError(state, token)
    await tokens.note_use(token, now)
    return Bearer(
        token.person, token.caller, token.rights, token.id, Via.API, token.expires_at, organisation,
        installation.policy.reading,
    )  # fmt: skip


async def note_refused(installation: Installation, refused: NoBearerError, now: datetime, *, where: str) -> None:
    """Keep that a token was refused, and from which address it came."""
    from activities.identity.audit import note

    token = refused.token
    known = {"caller": token.caller} if token is not None else {}
    async with installation.database.begin() as connection:
        await note(
            connection, AuditKind.REFUSED, now, actor=where, subject=token.id if token is not None else "unknown",
            reason=str(refused), **known,
        )  # fmt: skip


async def make_token(
    settings: Settings,
    *,
    person: str | None,
    system: str | None,
    rights: Iterable[str] = (),
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> tuple[Token, str]:
    """A new token, and its secret, which is shown once and kept nowhere.

    Raises:
        Problem: not one of both, a stranger, a right that it cannot have, or an end that is past or too far.
    """
    from activities.identity.audit import note
    from activities.identity.tokens import Tokens
    from worker.installation.installation import open_installation

    now = now or datetime.now(UTC)
    if (person is None) == (system is None):
        raise Problem("say whose token it is; allowed: the id of a person, or --system NAME")
    if system is not None and not _SYSTEM.fullmatch(system):
        raise Problem(f"--system {system}: allowed: lower-case letters, digits and ._-, at most 64")
    wanted = _rights(rights, system is not None)
    until = expires_at or now + LIFE
    if not now < until <= now + _LONGEST:
        raise Problem("--expires: allowed: later than now, and within five years")
    async with open_installation(settings) as installation:
        organisation = await installation.directory.current()
        if person is not None and (organisation is None or organisation.person(person) is None):
            raise Problem(f"{person} is not in the organisation; allowed: the id of a person, or --system NAME")
        async with installation.database.begin() as connection:
            made, secret = await Tokens(installation.database).make(
                connection, person=person, system=system, rights=wanted, made_by=shell_user(), expires_at=until, now=now
            )  # fmt: skip
            await note(
                connection, AuditKind.MADE, now, actor=made.made_by, subject=made.id, caller=made.caller,
                rights=sorted(wanted), expires_at=until.isoformat(),
            )  # fmt: skip
    return made, secret


async def list_tokens(settings: Settings) -> list[tuple[Token, str]]:
    """All tokens, the latest first, each with its state: `good`, `expired`, `revoked`, or `left`.

    Raises:
        Problem: the database cannot be read.
    """
    from activities.identity.tokens import Tokens
    from worker.installation.installation import open_installation

    async with open_installation(settings) as installation:
        organisation, now = await installation.directory.current(), datetime.now(UTC)
        tokens = await Tokens(installation.database).list()

    return [(token, token_state(token, organisation, now)) for token in tokens]


def token_state(token: Token, organisation: Organisation | None, now: datetime) -> str:
    """The state of a token, as `list_tokens` has it."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at <= now:
        return "expired"
    gone = token.person is not None and (organisation is None or organisation.person(token.person) is None)
    return "left" if gone else "good"


async def revoke_token(settings: Settings, id_: str) -> Token:
    """End a token, from the next request on.

    Raises:
        Problem: there is none of that id.
    """
    from activities.identity.audit import note
    from activities.identity.tokens import Tokens
    from worker.installation.installation import open_installation

    now = datetime.now(UTC)
    async with open_installation(settings) as installation, installation.database.begin() as connection:
        revoked = await Tokens(installation.database).revoke(connection, id_, now)
        if revoked is None:
            raise Problem(f"{id_}: there is no such token; bihuan token list shows their ids")
        if revoked.revoked_at == now:
            await note(connection, AuditKind.REVOKED, now, actor=shell_user(), subject=id_, caller=revoked.caller)
    return revoked


async def audit_entries(settings: Settings, *, limit: int) -> list[AuditEntry]:
    """The latest so many of the audit log.

    Raises:
        Problem: the database cannot be read.
    """
    from activities.identity.audit import read_audit
    from worker.installation.installation import open_installation

    async with open_installation(settings) as installation:
        return await read_audit(installation.database, limit=limit)


async def note_acted_for(settings: RecordSettings, by: str, command: str, number: str, **detail: Any) -> None:
    """Note in the audit log that on the server's console the operator spoke as `by`.

    Raises:
        Problem: the audit log cannot be written now.
    """
    from activities.identity.audit_note import note_briefly

    address = DatabaseUrl.parse(settings.database)
    told = {"command": command, "number": number, **{key: value for key, value in detail.items() if value is not None}}
    await note_briefly(address, AuditKind.ACTED_FOR, actor=shell_user(), subject=by, **told)


def shell_user() -> str:
    """Who sits at the console, as far as the machine says: `operator (name)`; behind `sudo` who called it."""
    try:
        name = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return f"{OPERATOR} ({name[:64]})"


def _rights(given: Iterable[str], of_system: bool) -> frozenset[TokenRight]:
    allowed = RIGHTS_OF_SYSTEMS if of_system else RIGHTS_OF_PEOPLE
    wanted = [right for part in given for right in re.split(r"[,\s]+", part) if right]
    for right in wanted:
        if right not in allowed:
            whose = "a system" if of_system else "a person"
            raise Problem(f"--rights {right}: allowed for {whose}: {', '.join(sorted(allowed))}")
    if not wanted:
        return frozenset({TokenRight.HAND_IN}) if of_system else allowed
    return frozenset(map(TokenRight, wanted))
