"""What the process tells the service manager that started it (systemd's `Type=notify`); without one, nothing."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

_STEP = 1_000_000
"""`WATCHDOG_USEC` counts microseconds."""


def tell_supervisor(state: str) -> None:
    """Such as `READY=1` or `STOPPING=1`; a service manager that does not listen is none of our business."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        # A service manager that does not read may not hold up the work.
        notices.setblocking(False)
        notices.connect("\0" + address[1:] if address.startswith("@") else address)
        notices.sendall(state.encode())


async def keep_watchdog_calm() -> None:
    """Say that the event loop turns, twice in the time `WATCHDOG_USEC` allows; returns at once without one."""
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdigit() or int(allowed) == 0:
        return
    while True:
        tell_supervisor("WATCHDOG=1")
        await asyncio.sleep(int(allowed) / _STEP / 2)
