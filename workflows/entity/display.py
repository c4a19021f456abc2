"""What lists and the Web UI show of one durable object: its search attributes, and its details in Markdown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from workflows.search_attributes import BLOCKED, DUE, STATUS


class Display:
    """Knows which search attributes are shown, since each change of them is an event of history and a billed action."""

    def __init__(self) -> None:
        self._shown: TypedSearchAttributes | None = None

    def begin_with(self, attributes: TypedSearchAttributes) -> None:
        """These were set by whoever started the workflow: the first change is against them."""
        self._shown = attributes

    def show(self, attributes: TypedSearchAttributes, details: str, *, wakes_at: datetime | None) -> None:
        """Search attributes where they changed, and the details, which cost nothing.

        `wakes_at`: the deadline whose timer fires first; None when no timer is set.
        """
        if attributes != self._shown and not self._may_keep_due(attributes, wakes_at):
            workflow.upsert_search_attributes(_changes(self._shown, attributes))
            self._shown = attributes
        workflow.set_current_details(details)

    def show_trouble(self, details: str) -> None:
        """The record or the directory cannot be reached: visible in lists and details until it goes on."""
        workflow.upsert_search_attributes([STATUS.value_set(BLOCKED)])
        self._shown = None
        workflow.set_current_details(details)

    def _may_keep_due(self, attributes: TypedSearchAttributes, wakes_at: datetime | None) -> bool:
        """Whether lists may go on showing a deadline that was met, as the timer is kept that wakes for it.

        Nothing but the deadline has changed, it is later than before, and the timer will have it shown before the old
        one has passed. So a deadline in a list is never later than the true one, and never in the past.
        """
        shown, due = self._shown, attributes.get(DUE)
        if shown is None or due is None or wakes_at is None:
            return False
        kept = shown.get(DUE)
        if kept is None or not wakes_at <= kept < due:
            return False
        return shown.updated(SearchAttributePair(DUE, due)) == attributes


def _changes(shown: TypedSearchAttributes | None, present: TypedSearchAttributes) -> list[SearchAttributeUpdate[Any]]:
    """The updates that turn `shown` into `present`; an attribute that is no longer there is unset."""
    seen = {pair.key: pair.value for pair in shown or ()}
    changed = [pair.key.value_set(pair.value) for pair in present if seen.pop(pair.key, None) != pair.value]
    return [*changed, *(key.value_unset() for key in seen)]
