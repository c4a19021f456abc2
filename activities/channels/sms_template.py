"""Templates of short messages: what a vendor approved, and the facts that go into it, in its order (R44)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from activities.delivery.transport import PermanentDeliveryError

FACTS = ("number", "product", "type", "priority", "time")
"""What a variable can be: the case's number, the product (or the type, where no product is known), the type, the word
for the priority, and when it happened. Addresses are part of the template's own text: vendors refuse them as variables.
"""
PAGE = "page"
"""A fact that no template has: in chat groups, the page where staff do what a message asks (R48)."""
CODE = "code"
"""What a variable can be besides, in the template of a one-time code alone."""
LONGEST = 35
"""Characters of one variable that every vendor takes; what is longer is cut."""
_PLACE = re.compile(r"\$\{(\w+)\}|\{(\d+)\}")
_NEIGHBOURS = re.compile(r"(\$\{\w+\}|\{\d+\})\s*(\$\{\w+\}|\{\d+\})")
_LINK = re.compile(r"https?://[^\s，。；）)]*(\$\{|\{\d)", re.IGNORECASE)


class SmsTemplate(BaseModel):
    """A template as it was approved.

    `id` and `text` are the vendor's, with `${name}` (Aliyun) or `{1}` (Tencent) for each variable; `variables` names
    the fact for each of them, in the order of the text (Aliyun) or of the numbers (Tencent).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    variables: tuple[str, ...] = ()
    longest: int = Field(default=LONGEST, ge=1, le=200)
    """Characters of each variable."""

    @model_validator(mode="after")
    def _fits(self) -> SmsTemplate:
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Sequence[str]:
        places, faults = self.places(), []
        if unknown := [one for one in self.variables if one not in (*FACTS, CODE)]:
            faults.append(f"variables: {', '.join(unknown)} not known; allowed: {', '.join(FACTS)}")
        if len(places) != len(self.variables):
            faults.append(f"the text has {len(places)} variables, {len(self.variables)} are named")
        numbers = [one for one in places if one.isdigit()]
        if numbers and (len(numbers) < len(places) or numbers != [str(i + 1) for i in range(len(numbers))]):
            faults.append("the variables of the text are to be {1}, {2} … without a gap, or all of them names in ${ }")
        if _NEIGHBOURS.search(self.text):
            faults.append("two variables stand side by side in the text, which vendors refuse")
        if places and not _PLACE.sub("", self.text).strip():
            faults.append("the text is of variables only, which vendors refuse")
        if _LINK.search(self.text):
            faults.append("a variable is part of a link, which vendors refuse")
        return faults

    def places(self) -> list[str]:
        """The variables of the text, each once: names in the order of the text, numbers in theirs."""
        found = list(dict.fromkeys(name or number for name, number in _PLACE.findall(self.text)))
        return sorted(found, key=int) if all(one.isdigit() for one in found) else found

    def parameters(self, facts: Mapping[str, str] | None) -> dict[str, str]:
        """What goes into each variable of the text.

        Raises:
            PermanentDeliveryError: a fact is not known; no vendor takes an empty variable.
        """
        known = facts if isinstance(facts, Mapping) else {}
        if missing := [one for one in self.variables if not known.get(one)]:
            raise PermanentDeliveryError(f"the template {self.id} needs what is not known: {', '.join(missing)}")
        return {place: known[fact][: self.longest] for place, fact in zip(self.places(), self.variables, strict=True)}

    def filled(self, facts: Mapping[str, str] | None) -> str:
        """The text as it will be read.

        Raises:
            PermanentDeliveryError: a fact is not known.
        """
        parameters = self.parameters(facts)
        return _PLACE.sub(lambda found: parameters[found[1] or found[2]], self.text)
