"""The whole port, carried out by the services."""

from __future__ import annotations

from starter.backend.local.acting import LocalActing
from starter.backend.local.knowledge import LocalKnowledge
from starter.backend.local.reading import LocalReading
from starter.backend.local.reviews import LocalReviews


class LocalBackend(LocalReading, LocalActing, LocalKnowledge, LocalReviews):
    """On this machine; `data` names the data folder."""
