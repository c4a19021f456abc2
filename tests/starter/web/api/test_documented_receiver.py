"""The receiver of docs/webhooks.md is told what happens in a case, once, and by nobody else (R47)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from activities.webhooks.secret import parse_secrets, signature
from tests.activities.webhooks.told import SECRET
from tests.docs.pages import ROOT, read
from tests.starter.command_line import intake_form
from tests.starter.web.office import Office
from tests.timeouts import TIMEOUT

pytestmark = pytest.mark.xdist_group("portal")


@asynccontextmanager
async def receiver(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """It runs as it stands on the page, at another port; what it prints."""
    (code,) = re.findall(r"```python\n(.+?)```", read(ROOT / "docs" / "webhooks.md"), re.DOTALL)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code.replace("8090", str(port)),
        env={**os.environ, "SECRET": SECRET}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(TIMEOUT):
            await _listens(port)
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def _listens(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def sent(client: httpx2.AsyncClient, port: int, id_: str, at: int, *, secret: str = SECRET) -> int:
    body = json.dumps({"type": "replied", "data": {"number": id_}}).encode()
    headers = {
        "webhook-id": id_, "webhook-timestamp": str(at),
        "webhook-signature": signature(parse_secrets(secret), id_, at, body),
    }  # fmt: skip
    return (await client.post(f"http://127.0.0.1:{port}/hook", content=body, headers=headers)).status_code


async def test_the_receiver_hears_of_a_note_and_believes_nobody_else(office: Office) -> None:
    port = office.system
    async with receiver(port) as printed, httpx2.AsyncClient(trust_env=False) as client:
        tried = await office.up.run("webhook", "test", "shop", "--json")
        assert (tried.value["taken"], tried.value["status"]) == (True, 204)
        assert (await printed.readline()).split() == [b"ping", b"None"]
        form = json.dumps(intake_form())
        number = (await office.up.run("open", "-", "--json", given=form)).value["number"]
        await office.up.send("note", number, "duty-001", "--text", "客户来电 13800138000")
        assert (await asyncio.wait_for(printed.readline(), TIMEOUT)).decode().split() == ["noted", number]
        now = int(time.time())
        foreign = "whsec_" + base64.b64encode(bytes(32)).decode()
        codes = [
            await sent(client, port, "a", now), await sent(client, port, "a", now + 1),
            await sent(client, port, "b", now - 301), await sent(client, port, "c", now, secret=foreign),
        ]  # fmt: skip
        assert codes == [204, 204, 401, 401]
        await sent(client, port, "d", now)
        assert [(await printed.readline()).split()[1] for _ in range(2)] == [b"a", b"d"]
    rows = [row for row in await office.up.outbox(number) if row["channel"] == "webhook"]
    assert [(row["event"], row["recipient"], row["status"], row["attempts"]) for row in rows] == [
        ("noted", "shop", "sent", 1)
    ]
    assert not any(word in json.dumps(rows) for word in (SECRET, "/hook", str(port)))
