"""The whole port, carried out by the API."""

from __future__ import annotations

from starter.backend.remote.acting import RemoteActing
from starter.backend.remote.knowledge import RemoteKnowledge
from starter.backend.remote.reviews import RemoteReviews


class RemoteBackend(RemoteActing, RemoteKnowledge, RemoteReviews):
    """On the server of that address."""
