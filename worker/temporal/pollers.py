"""Whether the server sees this very process poll for tasks: where a poller died, the process still looks well."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from temporalio.client import Client

from worker.temporal.rpc import POLLER_RPC_TIMEOUT
from worker.temporal.task_queue import KINDS, describe_task_queue


@dataclass(frozen=True)
class _LastPoll:
    """The server's time of the last poll, and when (monotonic) it was seen to be a new one."""

    polled_at: datetime
    seen_at: float


@dataclass
class Pollers:
    """The pollers of this process (`client`'s identity) on one task queue; `look` first, then ask for `silence`."""

    client: Client
    task_queue: str
    _last: dict[str, _LastPoll] = field(default_factory=dict, init=False)

    @property
    def identity(self) -> str:
        """How the server knows this process: pid and host."""
        return self.client.service_client.config.identity

    async def look(self) -> None:
        """Ask the server when each kind of poller was last seen.

        Raises:
            RPCError: it does not answer within three seconds.
        """
        for kind in KINDS:
            state = await describe_task_queue(self.client, self.task_queue, kind, rpc_timeout=POLLER_RPC_TIMEOUT)
            times = [poller.polled_at for poller in state.pollers if poller.identity == self.identity]
            if times:
                self._note(kind, max(times))

    def silence(self, kind: str) -> float | None:
        """Seconds since the server saw a poller of this kind; None where it never did."""
        last = self._last.get(kind)
        return None if last is None else time.monotonic() - last.seen_at

    def _note(self, kind: str, polled_at: datetime) -> None:
        """The server's clock is believed for the first poll only; later ones are timed by this machine's."""
        last = self._last.get(kind)
        if last is None:
            age = max((datetime.now(UTC) - polled_at).total_seconds(), 0.0)
            self._last[kind] = _LastPoll(polled_at, time.monotonic() - age)
        elif polled_at > last.polled_at:
            self._last[kind] = _LastPoll(polled_at, time.monotonic())
