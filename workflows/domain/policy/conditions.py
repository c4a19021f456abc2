"""Conditions a policy may put on a submission, and what follows from them (R8, R10, R12)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, StrictBool, model_validator

from workflows.domain.formats import Key, Line
from workflows.domain.model import Fact
from workflows.domain.vocabulary import Channel, CustomerKind, Priority

_ONLY_EXCEPTIONS = frozenset({"without", "asides"})
"""Keys that take something away from a condition and say nothing by themselves."""


class Condition(Fact):
    """Everything that is given must hold; of a list, one entry is enough.

    `keywords` are looked for in what the customer wrote happened (not in what they expected); `also` are
    keywords one of which has to be there, too, such as who is affected beside what is wrong; `without` are keywords
    none of which may be there; a clause in which one of `asides` occurs is not looked at for any of the three, such
    as a question or a denial beside a report. `products` is part of the product's name.
    """

    keywords: tuple[Line, ...] = ()
    also: tuple[Line, ...] = ()
    without: tuple[Line, ...] = ()
    asides: tuple[Line, ...] = ()
    types: tuple[Key, ...] = ()
    subtypes: tuple[Line, ...] = ()
    channels: tuple[Channel, ...] = ()
    products: tuple[Line, ...] = ()
    customer_kinds: tuple[CustomerKind, ...] = ()
    blocks_normal_use: StrictBool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set - _ONLY_EXCEPTIONS
        if not any(getattr(self, name) not in {(), None} for name in given):
            allowed = ", ".join(name for name in Condition.model_fields if name not in _ONLY_EXCEPTIONS)
            raise ValueError(f"holds for every case; allowed: at least one of {allowed}")
        return self


class ClassificationRule(Fact):
    """R10: the first rule that holds names the type, and may name the subtype."""

    when: Condition
    type: Key
    subtype: Line | None = None
    reason: Line
    advisory: StrictBool = False
    """Whether the second opinion may decide otherwise; shipped rules are, a company's own are not."""


class PriorityRule(Fact):
    """R8: of all rules that hold the most urgent one decides."""

    when: Condition
    priority: Priority
    reason: Line
    advisory: StrictBool = False
    """Whether the second opinion may decide otherwise, as for types."""


class AssistingRule(Fact):
    """R12: departments that are informed at dispatch, beside the one that leads. An empty list is every one."""

    types: tuple[Key, ...] = ()
    priorities: tuple[Priority, ...] = ()
    departments: tuple[Key, ...] = Field(min_length=1)

    def covers(self, kind: str, priority: Priority) -> bool:
        """Whether the rule speaks of such a case."""
        return (not self.types or kind in self.types) and (not self.priorities or priority in self.priorities)
