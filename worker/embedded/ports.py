"""Ports of this machine: finding a free one, and refusing one that is taken before the server does."""

from __future__ import annotations

import errno
import socket

from workflows.domain.problem import Problem


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
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
