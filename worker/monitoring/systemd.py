"""Notices to the service manager that started the process (systemd's `Type=notify`); without one, none are sent."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

_MICROSECONDS = 1_000_000
"""`WATCHDOG_USEC` counts microseconds."""


def notify_service_manager(state: str) -> None:
    """Send a state such as `READY=1` or `STOPPING=1`; that nobody listens is no error."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        # One that does not read must not block this process.
        notices.setblocking(False)
        notices.connect("\0" + address[1:] if address.startswith("@") else address)
        notices.sendall(state.encode())


async def notify_watchdog() -> None:
    """Notify the watchdog twice in each `WATCHDOG_USEC`, while the event loop runs; without it, return at once."""
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdigit() or int(allowed) == 0:
        return
    while True:
        notify_service_manager("WATCHDOG=1")
        await asyncio.sleep(int(allowed) / _MICROSECONDS / 2)
