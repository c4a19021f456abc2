"""Strangers wait for their turn; a crowd of one network leaves the others theirs (R40)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from starter.web.throttling.lane import CrowdedError, Lane


async def test_a_crowd_of_one_network_is_refused_and_another_network_still_gets_its_turn() -> None:
    lane, turned = Lane(), []

    async def try_once(network: str) -> None:
        async with lane.turn(network):
            turned.append(network)

    async with AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(lane.turn("near"))
        crowd = [asyncio.create_task(try_once("flood")) for _ in range(100)]
        await asyncio.sleep(0)
        other = asyncio.create_task(try_once("other"))
        await asyncio.sleep(0)
        assert not turned
    results = await asyncio.gather(*crowd, other, return_exceptions=True)
    refused = [one for one in results if isinstance(one, CrowdedError)]
    assert (len(refused), turned.count("flood"), turned.count("other")) == (68, 32, 1)
    with pytest.raises(ValueError, match="ends"):
        async with lane.turn("flood"):
            raise ValueError("ends")
    await try_once("flood")
