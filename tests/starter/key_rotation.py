"""Runs cases through every change of encryption keys: from none to several, and while one is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.common import RawValue

from activities.database.reader import read_remembered
from activities.database.url import DatabaseUrl
from activities.key_ring import Key, KeyRing
from activities.queries.case_record import read_case_record
from starter.services.cases.commands import send, send_to_many
from starter.services.intake.submissions import open_intake
from starter.services.system.key_usage import find_usage
from starter.services.system.stuck import StuckItem, find_stuck
from tests.starter.command_line import intake_form
from tests.timeouts import TIMEOUT
from tests.worker.ports import free_ports
from worker.embedded.server import EmbeddedServer
from worker.encryption.codec import Encryption
from worker.encryption.key_in_use import ENCRYPTING
from worker.installation.company_time import CompanyTime
from worker.installation.settings import ServerSettings, Settings
from worker.process import run_worker
from worker.temporal.connection import connect
from worker.temporal.endpoint import Endpoint
from workflows.domain.problem import Problem

_A, _B = Key.new("2026-05"), Key.new("2026-11")
_T = TypeVar("_T")


@dataclass
class Company:
    """One installation, whose workers are started with different keys."""

    data: Path

    def settings(self, *keys: Key) -> Settings:
        return Settings(data=self.data, encryption_keys=",".join(key.line() for key in keys) or None)

    @asynccontextmanager
    async def working(self, *keys: Key) -> AsyncIterator[Settings]:
        """A new worker with these keys, which replays every case from its history."""
        settings, ready, stop = self.settings(*keys), asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(
            run_worker(settings, ready=lambda _: ready.set(), stop=stop, endpoint=Endpoint.read(self.data))
        )
        try:
            await asyncio.wait_for(ready.wait(), TIMEOUT)
            yield settings
        finally:
            stop.set()
            await running

    async def open(self, key: str, *keys: Key) -> str:
        async with open_intake(self.settings(*keys)) as intake:
            number = (await intake.accept(intake_form(intake_key=key, type="technical"))).number
        await until(lambda: self.case(number), bool)
        return number

    async def case(self, number: str) -> dict[str, Any]:
        file = await read_case_record(DatabaseUrl.parse(self.settings().database), number)
        return dict((file.view if file else None) or {})

    async def timeline(self, number: str) -> list[dict[str, Any]]:
        file = await read_case_record(DatabaseUrl.parse(self.settings().database), number)
        return list(file.timeline) if file else []


async def until(ask: Callable[[], Awaitable[_T]], holds: Callable[[_T], bool]) -> _T:
    async with asyncio.timeout(TIMEOUT):
        while not holds(answer := await ask()):  # noqa: ASYNC110 - the worker writes it
            await asyncio.sleep(0.05)
    return answer


async def _stuck(settings: Settings) -> list[StuckItem]:
    found, _ = await find_stuck(settings, await CompanyTime.read(settings))
    return [one for one in found if one.reason == "task_failing"]


async def _accepted(settings: Settings, command: str, number: str, fields: dict[str, Any], *, by: str) -> None:
    answer = await send(settings, command, number, fields, by=by)
    while answer.outcome == "queued":
        answer = await send(settings, command, number, fields, by=by, command_id=answer.command_id)
    assert answer.outcome == "accepted", answer


async def rotate(data: Path) -> None:
    """Go through every change of keys, on a server of its own."""
    port, ui_port = free_ports(2)
    server = EmbeddedServer(data, ServerSettings(port=port, ui_port=ui_port, synchronous="normal"))
    try:
        await server.start()
        await _rotate(Company(data))
    finally:
        await server.stop()


async def _rotate(company: Company) -> None:
    async with company.working() as settings:
        plain = await company.open("plain")
        owner = (await company.case(plain))["owner"]
        await _accepted(settings, "claim", plain, {}, by=owner)
    async with company.working(_A) as settings:
        begun = await company.open("begun", _A)
        await _accepted(settings, "reply", plain, {"text": "一"}, by=owner)
        await _plain_commands_are_refused(company, begun, owner)
        usage = await find_usage(await connect(settings))
        assert usage.workflows["2026-05"] >= 2
        assert set(usage.schedules) == set(usage.workflows) == {"2026-05"}
    async with company.working(_B, _A) as settings:
        client = await connect(settings)
        for number in (plain, begun):
            await _accepted(settings, "note", number, {"text": "二"}, by=owner)
        await _signals_by_hand_are_judged(company, client, begun, owner)
        usage = await until(lambda: find_usage(client), lambda usage: not usage.schedules["2026-05"])
        assert min(usage.workflows["2026-05"], usage.workflows["2026-11"]) >= 2
        assert set(usage.schedules) == {"2026-11"}
    async with company.working() as settings:
        # The worker encrypts no more, so whoever sends does not have to, either.
        assert (await read_remembered(DatabaseUrl.parse(settings.database)))[ENCRYPTING] is None
        # The second try of a task is only given up after the server's ten seconds, and only then the third is made.
        signal = {"by": owner, "text": "缺钥匙时"}
        await (await connect(settings)).get_workflow_handle(begun).signal("note", signal)
        (found,) = await until(lambda: _stuck(settings), lambda found: begun in {one.number for one in found})
        assert found.error is not None
        assert found.error.startswith("encrypted with key 2026-05, but key 2026-05 is missing here")
    async with company.working(_B, _A):
        entries = await until(lambda: company.timeline(begun), lambda entries: "缺钥匙时" in str(entries))
        assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
        assert [entry["kind"] for entry in entries].count("noted") == 4


async def _plain_commands_are_refused(company: Company, number: str, owner: str) -> None:
    """They are refused before anything is sent, because a history keeps what it has."""
    settings = company.settings()
    with pytest.raises(Problem, match=r"\(key 2026-05\), and this command has no key; nothing was sent: set "):
        await send(settings, "note", number, {"text": "明文"}, by=owner)
    with pytest.raises(Problem, match="nothing was sent"):
        async for _ in send_to_many(settings, "note", [number], {"text": "明文"}, by=owner, command_id="many"):
            pass
    history = await (await connect(settings)).get_workflow_handle(number).fetch_history()
    assert "明文".encode() not in b"".join(event.SerializeToString() for event in history.events)


async def _signals_by_hand_are_judged(company: Company, client: Client, number: str, owner: str) -> None:
    """Plain JSON is accepted; what only looks encrypted is refused in the timeline."""
    handle = client.get_workflow_handle(number)
    (sealed,) = await Encryption(KeyRing((_B,))).encode([Payload(metadata={"encoding": b"json/plain"}, data=b"{}")])
    garbled = Payload(metadata=sealed.metadata, data=sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    by_hand = await Client.connect(client.service_client.config.target_host)
    await by_hand.get_workflow_handle(number).signal("note", {"by": owner, "text": "手工发送"})
    await by_hand.get_workflow_handle(number).signal("note", RawValue(garbled))
    await handle.signal("note", {"by": owner, "text": "随后记录"})
    entries = await until(lambda: company.timeline(number), lambda entries: "随后记录" in str(entries))
    assert "手工发送" in str([entry for entry in entries if entry["kind"] == "noted"])
    (refused,) = [entry for entry in entries if entry["kind"] == "rejected"]
    assert refused["detail"]["reason"].startswith("note: its payload cannot be read")
