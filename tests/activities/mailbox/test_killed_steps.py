"""Killed at any step of taking a mail in, it is neither lost nor taken twice (R42)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select

from activities.database.tables import file, registration
from activities.mailbox import taking_in
from activities.mailbox.taking_in import MailIntake
from tests.activities.mailbox.interpretation.test_reading import _raw
from tests.activities.mailbox.known import A, B
from tests.activities.mailbox.way_in import WayIn, real


class Killed(BaseException):
    """As a kill: nothing is cleaned up by those who catch errors."""


STEPS = (
    "look", "keep_mail", "_receive_files", "_register", "_follow_up", "start", "signal",
)  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_loses_no_mail_and_takes_none_twice(
    way: WayIn, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [real(_raw("att-raw-utf8.eml")), real(_raw("aliyun-mail.eml"))]
    place_of_step = next((one for one in (MailIntake, taking_in) if hasattr(one, step)), None)
    genuine = getattr(place_of_step or way.intake, step)
    killed: list[str] = []

    async def dying(*given: Any, **named: Any) -> Any:
        if not killed and when == "before":
            killed.append(step)
            raise Killed
        done = await genuine(*given, **named)
        if not killed:
            killed.append(step)
            raise Killed
        return done

    for place, raw in enumerate(mails):
        killed.clear()
        with monkeypatch.context() as patched:
            if place_of_step is not None:
                patched.setattr(place_of_step, step, dying)
            else:
                object.__setattr__(way.intake, step, dying)
            with suppress(Killed):
                await way.intake.take(raw, "service", f"7:{place}")
            if place_of_step is None:
                object.__setattr__(way.intake, step, genuine)
        taken = await way.intake.take(raw, "service", f"7:{place}")
        assert (await way.intake.take(raw, "service", f"7:{place}")).id == taken.id
    await way.intake.settle()

    assert (await way.cases(), await way.count()) == (1, 2)
    commands = [payload["command_id"] for _, name, payload in way.sent if name == "customer_wrote"]
    assert len(set(commands)) == 1, "however often it is sent, it is one command"
    async with way.intake.database.read() as connection:
        rows = (await connection.execute(select(file.c.number).where(file.c.number.is_not(None)))).all()
        unstarted = await connection.scalar(
            select(registration.c.started_at).where(registration.c.number.not_in([A, B]))
        )
    assert len(rows) == 1, "the new case has its file, once"
    assert way.started or unstarted is None, "what was not started is started by a sweep"
