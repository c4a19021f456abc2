"""Which backend a command talks to: the services on this machine, or the API of a server (R46)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starter.backend.address import find_address

if TYPE_CHECKING:
    from starter.backend.port import Backend


def open_backend(data: str | None) -> Backend:
    """The server of the login or the environment; this machine where there is none, or a data folder is named.

    Raises:
        Problem: the address or the token is not well-formed.
    """
    if data is None and (address := find_address()) is not None:
        from starter.backend.remote.backend import RemoteBackend

        return RemoteBackend(address)
    return open_local(data)


def open_local(data: str | None) -> Backend:
    """The services on this machine, whatever address is known: for what only an operator there does."""
    from starter.backend.local.backend import LocalBackend

    return LocalBackend(data)


def goes_to_server(data: str | None) -> bool:
    """Whether commands go to a server.

    Raises:
        Problem: as `open_backend`.
    """
    return data is None and find_address() is not None
