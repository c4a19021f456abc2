"""Ports of this machine: finding a free one, and refusing one that is taken before the server does."""

from __future__ import annotations

import errno
import random
import socket
from contextlib import suppress
from typing import Final

from workflows.domain.problem import Problem

_OFFERED: Final = range(28_000, 32_768)
"""Below those that the system gives to whoever asks for any one (from 32,768 on Linux): the server itself asks for
further ones, and would now and then take the one that it is told to use.
"""


def free_port() -> int:
    """A port of the loopback address that nobody listens on now.

    Raises:
        OSError: the last of those that were tried is taken, too.
    """
    *some, last = random.sample(_OFFERED, 100)
    for port in some:
        with suppress(OSError):
            return _bound(port)
    return _bound(last)


def _bound(port: int) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return port


def refuse_busy_port(ip: str, port: int, option: str) -> None:
    """Find out before the server does, whose own message has ten lines.

    Raises:
        Problem: another process listens there, or the address is not of this machine.
    """
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise Problem(
                    f"{ip} is no address of this machine ({error.strerror}); set BIHUAN_SERVER__IP to one that is"
                ) from None
            raise Problem(f"port {port} on {ip} is not free ({error.strerror}); choose another with {option}") from None
