"""What a check is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starter.doctor.context import Ward
from starter.doctor.line import Line

Check = Callable[[Ward], Awaitable[Iterable[Line]]]
"""Looks at one thing, and says how it stands in some lines."""
