"""People signed in to the pages: let in, found again, let out by themselves or an operator; all audited (R45)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from activities.identity.audit import note
from activities.identity.staff_sessions import StaffSession, StaffSessions
from starter.services.identity.bearer import RIGHTS_OF_PEOPLE, Bearer
from starter.services.identity.tokens import shell_user
from worker.installation.installation import open_installation
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import AuditKind, SignInWay, Via

if TYPE_CHECKING:
    from worker.installation.installation import Installation
    from worker.installation.settings import Settings
    from workflows.domain.organisation.organisation import Organisation


async def begin_session(  # noqa: PLR0917 - what a session is
    installation: Installation, cookie: str, person: str, way: SignInWay, agent: str, where: str, now: datetime
) -> StaffSession:
    """Let a person of the organisation in, by a new cookie; `where` is the address they come from."""
    until = now + installation.settings.desk.lifetime
    async with installation.database.begin() as connection:
        made = await StaffSessions(installation.database).begin(connection, cookie, person, way, agent, now, until)
        await note(connection, AuditKind.SIGNED_IN, now, actor=person, subject=made.id, way=way.value, where=where)
    return made


async def note_refused_sign_in(  # noqa: PLR0917 - what is noted
    installation: Installation, way: SignInWay, reason: str, subject: str, where: str, now: datetime
) -> None:
    """Keep that somebody was not let in, and why; no secret, and no address of a stranger, stands in it."""
    async with installation.database.begin() as connection:
        await note(
            connection, AuditKind.SIGN_IN_REFUSED, now, actor=where, subject=subject, way=way.value, reason=reason
        )


async def find_signed_in(installation: Installation, cookie: str, now: datetime) -> Bearer | None:
    """Whoever holds that cookie; None alike for none, one that is over, and somebody who has left."""
    sessions = StaffSessions(installation.database)
    # Every page asks: both in one go.
    async with installation.database.read_brief() as connection:
        session = await sessions.find(connection, cookie)
        if session is None:
            return None
        organisation = await installation.directory.current(connection)
    if organisation is None or session_state(session, organisation, installation.settings, now) != "good":
        return None
    await sessions.note_use(session, now)
    return Bearer(
        session.person, session.person, RIGHTS_OF_PEOPLE, session.id, Via.DESK, session.expires_at, organisation,
        installation.policy.reading,
    )  # fmt: skip


async def sign_out(installation: Installation, who: Bearer, now: datetime, *, everywhere: bool = False) -> None:
    """End this session, or all of that person."""
    wanted = {"person": who.person} if everywhere else {"id_": who.key}
    async with installation.database.begin() as connection:
        ended = await StaffSessions(installation.database).revoke(connection, now, **wanted)
        for session in ended:
            await note(connection, AuditKind.SIGNED_OUT, now, actor=who.caller, subject=session.id)


async def own_sessions(installation: Installation, who: Bearer, now: datetime) -> list[StaffSession]:
    """Sessions in which this person is signed in now, the latest first."""
    found = await StaffSessions(installation.database).list(who.person)
    if (organisation := who.organisation) is None:
        return []
    return [one for one in found if session_state(one, organisation, installation.settings, now) == "good"]


async def list_sessions(settings: Settings) -> list[tuple[StaffSession, str]]:
    """All sessions, the latest first, each with its state: `good`, `expired`, `idle`, `revoked`, or `left`.

    Raises:
        Problem: the database cannot be read.
    """
    async with open_installation(settings) as installation:
        organisation, now = await installation.directory.current(), datetime.now(UTC)
        found = await StaffSessions(installation.database).list()
    return [(session, session_state(session, organisation, settings, now)) for session in found]


async def revoke_sessions(settings: Settings, of: str) -> Sequence[StaffSession]:
    """End a session by its id, or all of a person, from the next request on.

    Raises:
        Problem: there is no such session, and nobody of that id has one.
    """
    now = datetime.now(UTC)
    async with open_installation(settings) as installation, installation.database.begin() as connection:
        sessions = StaffSessions(installation.database)
        ended = await sessions.revoke(connection, now, id_=of) or await sessions.revoke(connection, now, person=of)
        if not ended:
            raise Problem(f"{of}: is no session that is open, nor a person with one; bihuan session list shows them")
        for session in ended:
            await note(
                connection, AuditKind.SESSION_REVOKED, now, actor=shell_user(), subject=session.id,
                person=session.person,
            )  # fmt: skip
    return ended


def session_state(session: StaffSession, organisation: Organisation | None, settings: Settings, now: datetime) -> str:
    """The state of a session, as `list_sessions` has it."""
    if session.revoked_at is not None:
        return "revoked"
    if session.expires_at <= now:
        return "expired"
    if session.used_at + settings.desk.idle <= now:
        return "idle"
    return "good" if organisation is not None and organisation.person(session.person) is not None else "left"
