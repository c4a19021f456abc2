"""How a service says how far it is, without knowing what shows it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Progress = Callable[[int], AbstractContextManager[Callable[[], None]]]
"""Given the number of steps; within it, what it gives is called after every step."""
