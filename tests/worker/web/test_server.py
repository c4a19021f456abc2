"""Pages reach people at once."""

from __future__ import annotations

import asyncio
import socket

import pytest

from worker.web.server import listen


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
async def test_no_page_waits_for_an_acknowledgement_of_the_part_before(ip: str) -> None:
    """What is written in two parts would wait some 40 ms in between, as long as a receiver may put its answer off."""
    accepted = asyncio.get_running_loop().create_future()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found: socket.socket = writer.get_extra_info("socket")
        accepted.set_result(found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listen(ip, 0)
    async with await asyncio.start_server(answer, sock=listener):
        _, writer = await asyncio.open_connection(ip, listener.getsockname()[1])
        assert await accepted
        writer.close()
        await writer.wait_closed()
