"""A server that is told a port gets it: nobody else is given the same one meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.embedded.ports import free_port

_GIVEN = Path("/proc/sys/net/ipv4/ip_local_port_range")


@pytest.mark.skipif(not _GIVEN.exists(), reason="only Linux says which ports it gives to whoever asks for any")
def test_a_server_that_starts_is_told_no_port_that_the_system_gives_to_its_neighbours() -> None:
    first, _ = map(int, _GIVEN.read_text().split())
    assert max(free_port() for _ in range(50)) < first
