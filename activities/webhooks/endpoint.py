"""How an event is sent to a system, and what its answer means: the status alone counts (R47)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from activities.channels.http import HttpResponse, Request
from activities.delivery.transport import AddressKind, Envelope, PermanentDeliveryError, TemporaryDeliveryError
from activities.webhooks.secret import signature


class EndpointGoneError(PermanentDeliveryError):
    """The system has answered that it is not to be told any more."""


@dataclass(frozen=True)
class WebhookEndpoint:
    """A `Vendor`. `endpoint` is scheme, host and port; `path` is the rest, which may hold a token."""

    endpoint: str
    path: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    takes: ClassVar[AddressKind] = AddressKind.SYSTEM

    def words(self, envelope: Envelope) -> str:
        """The body."""
        return envelope.text

    def request(self, envelope: Envelope, address: str, at: datetime) -> Request:  # noqa: ARG002
        """Body and headers of Standard Webhooks; the id is the same at every attempt, the time is the attempt's."""
        body, timestamp = envelope.text.encode(), int(at.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "bihuan-webhook",
            "webhook-id": envelope.key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self.keys, envelope.key, timestamp, body),
        }
        return Request(body, headers, path=self.path, status_only=True)

    def judge(self, answer: HttpResponse) -> None:
        """Judge by the status: 2xx is done, 410 is for good, everything else is for later."""
        status = answer.status
        if 200 <= status < 300:
            return
        if status == 410:
            raise EndpointGoneError("it answers that it is gone (status 410)")
        if 300 <= status < 400:
            raise TemporaryDeliveryError(f"it sends elsewhere (status {status}), which is not followed")
        raise TemporaryDeliveryError(f"it answers status {status}", answer.wait())
