"""Lengthens the time-outs of deliveries in a worker process, so that a test may hold a mail back for any time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from unittest.mock import patch

from activities.delivery.activity import DeliveryActivities
from activities.delivery.channel_limits import ChannelLimits
from activities.delivery.mail import Smtp

_LONG = timedelta(minutes=10)


def lengthen() -> None:
    """Lengthen those of the mail server's answer, of a message that waits for others, of a delivery and its heartbeat,
    and of a drain in this process.
    """
    patch("worker.composition_root.Smtp.from_url", partial(Smtp.from_url, timeout=_LONG.total_seconds())).start()
    patch("worker.composition_root.ChannelLimits", partial(ChannelLimits, patience=_LONG.total_seconds())).start()
    patch(
        "worker.composition_root.DeliveryActivities", partial(DeliveryActivities, send_timeout=_LONG, lease=_LONG)
    ).start()
    patch("worker.temporal.standalone_delivery.ATTEMPT_TIMEOUT", _LONG).start()
    patch("worker.temporal.standalone_delivery.DELIVERY_HEARTBEAT", _LONG).start()
    patch("worker.process.DRAIN", _LONG).start()
