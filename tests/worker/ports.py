"""Ports that are free at the moment of asking, and that nobody else is given before they are taken."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle

_FIRST, _EACH, _PROCESSES = 12_000, 2_000, 8
"""Below those that the system gives to whoever asks for any (from 32,768 on Linux), a share for each process of tests:
a server's own further ports and connections would take one between the asking and its use.
"""


def free_ports(count: int) -> list[int]:
    """Other ones each time."""
    return [next(_FREE) for _ in range(count)]


def _free() -> Iterator[int]:
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
    first = _FIRST + process * _EACH
    # Runs of other copies on the same machine begin elsewhere.
    begin = random.randrange(_EACH)
    for place in cycle(range(_EACH)):
        port = first + (begin + place) % _EACH
        if _is_free(port):
            yield port


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


_FREE = _free()
