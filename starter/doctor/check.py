"""What a check is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starter.doctor.context import DoctorContext
from starter.doctor.line import CheckResult

Check = Callable[[DoctorContext], Awaitable[Iterable[CheckResult]]]
"""Looks at one thing, and says how it stands in some lines."""
