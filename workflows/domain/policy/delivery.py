"""Which messages go by which channels, in which order (R44)."""

from __future__ import annotations

from collections import Counter
from datetime import time
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from workflows.domain.formats import Key
from workflows.domain.model import Fact
from workflows.domain.vocabulary import Audience, Message, Priority

MAIL: Final = "mail"
"""The channel that needs no `[channels.…]`: mail, where a mail server is set."""
ChannelKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,29}$")]
"""The name of a channel, as the settings have it."""


Hours = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
"""Of the company's local day, such as `20:00-08:00`; the end does not belong to it."""


class DeliveryRule(Fact):
    """One rule of `[[delivery]]`; the first that fits a message holds. What is left out fits every message of that
    audience.

    `channels` are tried in this order, to customers the one they chose first; `copies` bring the same message to staff
    besides. `departments` are those of the person it goes to; `hours` are those in which the message is written.
    """

    audience: Audience
    messages: tuple[Message, ...] = ()
    priorities: tuple[Priority, ...] = ()
    departments: tuple[Key, ...] = ()
    hours: Hours | None = None
    channels: tuple[ChannelKey, ...] = Field(min_length=1)
    copies: tuple[ChannelKey, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = Counter((*self.channels, *self.copies))
        if twice := [name for name, times in named.items() if times > 1]:
            raise ValueError(f"names {', '.join(twice)} twice; allowed: each channel once, in channels or in copies")
        if self.audience is Audience.CUSTOMER and (self.copies or self.departments or self.hours):
            raise ValueError(
                "copies, departments and hours are for staff; allowed: audience, messages, priorities, channels"
            )
        return self

    def fits(
        self,
        audience: Audience,
        message: Message,
        priority: Priority,
        department: str | None,
        *,
        at: time | None = None,
    ) -> bool:
        """Whether this rule holds for a message that is written `at` that local time of day."""
        return (
            audience is self.audience
            and (not self.messages or message in self.messages)
            and (not self.priorities or priority in self.priorities)
            and (not self.departments or department in self.departments)
            and (self.hours is None or (at is not None and self._is_within(at)))
        )

    def _is_within(self, at: time) -> bool:
        opens, closes = (time.fromisoformat(one) for one in (self.hours or "").split("-"))
        return opens <= at < closes if opens < closes else at >= opens or at < closes


def first_rule(
    rules: tuple[DeliveryRule, ...],
    audience: Audience,
    message: Message,
    priority: Priority,
    department: str | None = None,
    *,
    at: time | None = None,
) -> DeliveryRule | None:
    """The rule that holds, None where none does."""
    return next((rule for rule in rules if rule.fits(audience, message, priority, department, at=at)), None)
