"""What `make hardship` says; the hardships take minutes, so no test goes through them."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from tests.faults.audit import Audit
from tests.faults.hardship import Lived, line, main
from tests.faults.hardships import HARDSHIPS
from tests.faults.processes import stoppable

_BOOKS = Audit(
    accepted=3, ended=3, events_recorded=37, events_in_histories=37, notifications_due=34, notifications_sent=34,
    notifications_kept=0, notifications_failed=0, notifications_by_person=0, notifications_superseded=0,
    mails_doubled=0, deadlines_due=2,
    deadlines_seen=2, escalations_due=2, escalations_came=2, greatest_lateness=0.2, latest="FB1 #3 claim", continued=0,
)  # fmt: skip


@pytest.mark.parametrize("name", HARDSHIPS)
def test_books_that_agree_are_one_line(name: str) -> None:
    said = line(name, Lived("", 29.0, _BOOKS))
    assert "cases 3 = 3  events 37 = 37  messages 34 = 34  escalations 2 = 2  doubled 0  latest 0.2 s" in said
    assert "\n" not in said
    assert "≠" not in said


def test_what_is_lost_in_a_hardship_is_named_below_its_line() -> None:
    lost = replace(_BOOKS, events_recorded=36, discrepancies=("FB1: an event is gone",))
    said = line("lock", Lived("", 41.0, lost)).splitlines()
    assert "events 37 ≠ 36" in said[0]
    assert said[1:] == ["  DISCREPANCY FB1: an event is gone"]


async def test_what_was_started_is_ended_when_a_run_is_told_to_stop() -> None:
    running, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            running.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    run = asyncio.create_task(stoppable(work()))
    await running.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(asyncio.CancelledError):
        await run
    assert ended.is_set()


def test_a_hardship_that_nobody_knows_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lock", "earthquake"])
    assert ended.value.code == 2
    assert "error: earthquake; allowed: flood, " in capsys.readouterr().err
