"""A system that is told of events, as settings make it, and what it checks of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from activities.channels.channel import HttpChannel
from activities.delivery.transport import Envelope
from activities.webhooks.build import build_channel
from activities.webhooks.settings import WebhookSettings
from tests.activities.channels.vendors.vendor_server import Received
from tests.builders import NUMBER

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()
HERE = ["127.0.0.0/8"]


def settings(url: str, **changes: Any) -> WebhookSettings:
    return WebhookSettings.model_validate({"url": url, "secret": SECRET, "allow_private": HERE, **changes})


def webhook(url: str, **changes: Any) -> HttpChannel:
    return build_channel("shop", settings(url, **changes))


def envelope(system: str = "shop", text: str = '{"type":"replied"}') -> Envelope:
    return Envelope(
        key=f"{NUMBER}:webhook:1-20240506020000000000:{system}", number=NUMBER, message="webhook", recipient=system,
        channel="webhook", address="", name="", locale="", subject="replied", text=text, html="", short="",
    )  # fmt: skip


def is_signed(received: Received, secret: str = SECRET) -> bool:
    """As a receiver checks it by the letter of Standard Webhooks."""
    head = received.headers
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in head["webhook-signature"].split()
