"""A customer's command on its way to the case: sent once for each step of a session, which remembers the outcome."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from starter.services.cases import commands, files
from workflows.domain.model import Json
from workflows.domain.vocabulary import CUSTOMER, Satisfaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from activities.portal.sessions import Session
    from starter.services.results import CommandResult
    from starter.web.portal.visit import Visit


async def send(visit: Visit, session: Session, command: str, fields: dict[str, Any], once: str) -> CommandResult:
    """Send the command; `once` tells the step of this session, so that what is pressed twice is one command.

    Raises:
        Problem: the case takes no commands any more, or Temporal or the record does not answer.
    """
    return await commands.send(
        visit.site.settings,
        command,
        session.number,
        fields,
        by=CUSTOMER,
        via=session.via,
        command_id=command_id(session, once),
        client=await visit.site.client(),
    )


async def known(visit: Visit, session: Session, command: str, once: str) -> CommandResult | None:
    """What became of that step, where it was sent before: whoever got no answer sends it again, from a page that the
    case has left behind.

    Raises:
        Problem: the record cannot be read now.
    """
    return await commands.known_outcome(visit.site.settings, command, session.number, command_id(session, once))


async def attach(visit: Visit, session: Session, file_ids: Sequence[str], once: str) -> CommandResult:
    """Give received files to the case, as `send` does a command.

    Raises:
        FileRefusedError: the case does not take them.
        Problem: as `send`.
    """
    settings = visit.site.settings
    return await files.attach(
        settings,
        session.number,
        file_ids,
        by=CUSTOMER,
        via=session.via,
        command_id=command_id(session, f"files:{once}"),
        client=await visit.site.client(),
    )


async def answer(visit: Visit, session: Session, result: CommandResult, score: Satisfaction | None = None) -> Response:
    """Back to the case, which says what became of it."""
    last: Json = {
        "command": result.command,
        "outcome": result.outcome,
        "score": score.value if score else None,
        "at": visit.now().isoformat(),
    }
    await visit.record.sessions.remember(session, {**session.state, "last": last})
    return visit.redirect("/case")


def command_id(session: Session, once: str) -> str:
    """The command id of a step of a session, the same each time; nobody else can know it."""
    return f"web-{hashlib.sha256(f'{session.id}:{once}'.encode()).hexdigest()[:24]}"
