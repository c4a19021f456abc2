"""What became of a message is believed where the outbox bears it out: anybody can send a signal by hand (R43)."""

from __future__ import annotations

from typing import Any

import pytest

from activities.database.database import Database
from activities.delivery.outbox import Outbox
from activities.opening.activity import OpeningActivities
from tests.activities.delivery.outgoing import put
from tests.activities.opening.test_opening import NOW, register, settling
from tests.builders import MINUTE, command
from workflows.domain.case.aggregate import Case
from workflows.domain.event import EventKind
from workflows.domain.terms import Consultation, Lookup, MessageClaim
from workflows.domain.vocabulary import Reachable

__all__ = ["settling"]

LATER = NOW + MINUTE
CLAIMED: dict[str, Any] = {"message": "progressed", "recipient": "customer", "channel": "email", "error": "550"}


async def opened(settling: OpeningActivities) -> Case:
    number = await register(settling)
    case, _ = Case.open(number, await settling.settle(number), NOW)
    return case


async def judged(settling: OpeningActivities, case: Case, name: str, **fields: Any) -> str | None:
    """Why the signal was refused; None where it was believed."""
    sent = command(name, "system", **fields)
    lookup = case.needs(sent)
    assert lookup is not None
    case.handle(sent, LATER, await settling.consult(lookup))
    return case.outcomes[sent.command_id].reason


async def test_nobody_can_take_the_way_to_a_customer_by_a_signal_of_their_own(settling: OpeningActivities) -> None:
    case = await opened(settling)
    await put(settling.database, "mail", number=case.number)
    for key in ("mail", "invented", None):
        refused = await judged(settling, case, "undeliverable", **CLAIMED, key=key)
        assert refused is not None
        assert "as far as the outbox knows" in refused
    refused = await judged(settling, case, "delivered", message="progressed", key="mail")
    assert refused is not None
    assert case.reachable is Reachable.CHANNEL
    assert not case.untold


async def test_what_the_outbox_says_is_believed_once_and_again(settling: OpeningActivities, database: Database) -> None:
    case, outbox = await opened(settling), Outbox(settling.database)
    await put(database, "mail", number=case.number)
    assert await outbox.claim("mail", by="w", now=NOW, until=LATER, tried=True)
    await outbox.fail("mail", by="w", error="550 no such user")
    assert await judged(settling, case, "undeliverable", **CLAIMED, key="mail") is None
    assert case.view().untold
    assert await judged(settling, case, "delivered", message="progressed", key="mail") is not None

    await outbox.reported("mail", now=NOW)
    assert await outbox.resend(["mail"], now=LATER) == ["mail"]
    assert await outbox.claim("mail", by="w", now=LATER, until=LATER + MINUTE, tried=True)
    await outbox.sent("mail", at=LATER)
    assert await judged(settling, case, "delivered", message="progressed", key="mail") is None
    assert case.reachable is Reachable.CHANNEL
    assert await judged(settling, case, "undeliverable", **CLAIMED, key="mail") is not None


@pytest.mark.parametrize(
    "other", [{"message": "result"}, {"recipient": "tech-001"}, {"key": "another"}], ids=["message", "recipient", "row"]
)
async def test_a_row_that_failed_proves_nothing_of_another(settling: OpeningActivities, other: dict[str, Any]) -> None:
    case, outbox = await opened(settling), Outbox(settling.database)
    await put(settling.database, "mail", number=case.number)
    assert await outbox.claim("mail", by="w", now=NOW, until=LATER, tried=True)
    await outbox.fail("mail", by="w", error="550")
    assert await judged(settling, case, "undeliverable", **{**CLAIMED, "key": "mail", **other}) is not None
    foreign = await opened(settling)
    assert await judged(settling, foreign, "undeliverable", **CLAIMED, key="mail") is not None


async def test_a_case_of_an_earlier_release_goes_on_as_its_history_says(settling: OpeningActivities) -> None:
    number = await register(settling)
    before = (await settling.settle(number)).model_copy(update={"proves_messages": False})
    case, _ = Case.open(number, before, NOW)
    sent = command("undeliverable", "system", **CLAIMED, key="mail")
    assert case.needs(sent) is None
    assert EventKind.UNDELIVERABLE in [event.kind for event in case.handle(sent, LATER)]


async def test_nothing_asked_is_nothing_disproved(settling: OpeningActivities) -> None:
    case = await opened(settling)
    asked = Lookup(number=case.number, at=NOW)
    assert await settling.consult(asked) == Consultation()
    claim = MessageClaim(message="progressed", key="x", failed=True)
    assert (await settling.consult(asked.model_copy(update={"message": claim}))).disproved is not None
