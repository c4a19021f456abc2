"""The JSON of deadlines and breaches, as the record keeps them in the views of cases and reviews; no pydantic."""

from __future__ import annotations

from typing import TypedDict


class DeadlineJson(TypedDict):
    """A `Deadline`; times are texts in ISO 8601 with their offset."""

    clock: str
    started: str
    due: str | None
    remaining: float | None
    next: str | None


class BreachJson(TypedDict):
    """A `Breach`."""

    clock: str
    due: str
    at: str
    cycle: int
