"""An alarm is only as good as the figure behind it: what a monitoring system is told, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from activities.database.database import Database
from activities.database.tables import outbox, registration
from activities.queries.monitoring.metrics import STANDING, TOTALS, Figure, read_figures
from activities.queries.monitoring.sweeps import keep_sweep
from tests.activities.queries.test_cases import write
from tests.activities.samples import event, register_case, to_customer
from tests.builders import HOUR, MINUTE, MONDAY
from workflows.domain.clock import Breach, Deadline
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import ClockName, Priority, Status
from workflows.ports import SweepRun


async def figures(database: Database) -> dict[str, Figure]:
    async with database.read() as connection:
        read = await read_figures(connection, MONDAY + HOUR, (*STANDING, *TOTALS))
    assert len({figure.name for figure in read}) == len(read)
    return {figure.name.removeprefix("bihuan_"): figure for figure in read}


def above_zero(figure: Figure) -> dict[tuple[str, ...], float]:
    return {labels: value for labels, value in figure.values.items() if value}


async def test_what_needs_somebody_is_counted_and_what_is_over_is_not(database: Database) -> None:
    await register_case(database)
    late, silent, closed = [await register_case(database) for _ in range(3)]
    async with database.begin() as connection:
        await connection.execute(
            update(registration).where(registration.c.number.in_((late, silent, closed))).values(started_at=MONDAY)
        )
    missed = Breach(clock=ClockName.RESPONSE, due=MONDAY + MINUTE, at=MONDAY + MINUTE)
    made_good = Breach(clock=ClockName.CLAIM, due=MONDAY + MINUTE, at=MONDAY + MINUTE)
    await write(
        database, late,
        event(1, kind=EventKind.LAPSED, clock="response", cycle=0),
        event(2, kind=EventKind.ESCALATED, level=1, why="response"),
        event(3, kind=EventKind.ESCALATED, level=2, why="escalation"),
        status=Status.IN_PROGRESS, priority=Priority.P0, breaches=(missed, made_good), escalation_level=2,
        acknowledged=False,
    )  # fmt: skip
    overslept = Deadline(clock=ClockName.CLAIM, started=MONDAY, due=MONDAY + MINUTE)
    await write(database, silent, deadlines=(overslept,), escalation_level=1, acknowledged=True)
    over: dict[str, Any] = {"status": Status.CLOSED, "closed_at": MONDAY, "breaches": (missed,), "acknowledged": False}
    await write(
        database, closed, event(1, kind=EventKind.ESCALATED, level=1, why="asked"),
        escalation_level=1, deadlines=(overslept,), **over,
    )  # fmt: skip
    read = await figures(database)
    assert above_zero(read["cases_open"]) == {("in_progress", "P0"): 1, ("dispatched", "P1"): 1}
    assert above_zero(read["cases_overdue"]) == {(): 1}
    assert above_zero(read["deadlines_overdue"]) == {("response",): 1}
    assert above_zero(read["cases_not_acting"]) == {(): 1}
    assert above_zero(read["cases_not_started"]) == {(): 1}
    assert above_zero(read["oldest_not_started_age_seconds"]) == {(): 3600}
    assert above_zero(read["escalations_unacknowledged"]) == {("2",): 1}
    assert above_zero(read["escalations"]) == {("1",): 2, ("2",): 1}
    assert above_zero(read["deadlines_missed"]) == {("response",): 1}


async def test_a_mail_server_that_takes_nothing_shows_in_the_age_of_the_oldest_message(database: Database) -> None:
    number = await register_case(database, customer={"name": "王芳", "email": "wangfang@example.com"})
    notices = [to_customer(key) for key in ("a", "b", "c")]
    await write(database, number, *(event(index, one) for index, one in enumerate(notices, 1)), mailed=True)
    waiting = await figures(database)
    assert above_zero(waiting["notifications_undelivered"]) == {("email",): 3}
    assert above_zero(waiting["oldest_undelivered_age_seconds"]) == {(): 3600}
    async with database.begin() as connection:
        for key, status in (("a", "sent"), ("b", "failed"), ("c", "sent")):
            await connection.execute(
                update(outbox).where(outbox.c.key.like(f"%:{key}:%")).values(status=status, sent_at=MONDAY)
            )
    ended = await figures(database)
    assert above_zero(ended["notifications"]) == {("email", "sent"): 2, ("email", "failed"): 1}
    assert not above_zero(ended["notifications_undelivered"])
    assert not above_zero(ended["oldest_undelivered_age_seconds"])


async def test_a_sweep_that_no_longer_comes_and_what_the_last_one_found_can_be_watched(database: Database) -> None:
    await keep_sweep(database, SweepRun(began=MONDAY, ended=MONDAY + MINUTE, every=120, disagreements=3), ())
    read = await figures(database)
    assert read["last_sweep_timestamp_seconds"].values == {(): (MONDAY + MINUTE).timestamp()}
    assert read["sweep_disagreements"].values == {(): 3}


async def test_a_figure_is_there_before_anything_happened(database: Database) -> None:
    """An alarm on a series that does not exist yet never rings."""
    for name, figure in (await figures(database)).items():
        assert figure.values, name
        assert not above_zero(figure), name
        assert all(len(labels) == len(figure.labels) for labels in figure.values), name
