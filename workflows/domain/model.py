"""Base classes of the models: unknown keys are errors, and times carry their offset."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, GetPydanticSchema, JsonValue
from pydantic_core import core_schema

Json = dict[str, Annotated[JsonValue, GetPydanticSchema(lambda _source, _handler: core_schema.any_schema())]]
"""A JSON object, as it is stored and shown. Its values are not checked again: they were read from JSON, or dumped to
it; looking into every one of them took up to a third of what making an event or a notice does.
"""


class Model(BaseModel):
    """A value whose unknown keys are errors, so that a typo is seen instead of ignored.

    Its errors do not repeat what they were about, which may be what a customer wrote.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Fact(Model):
    """A value that never changes once it exists."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is UTC:
        return value
    try:
        return value.astimezone(UTC)
    except OverflowError as error:  # pydantic takes only ValueError for a fault of what it was given
        raise ValueError("not a time that exists in UTC") from error


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware datetime in UTC (naive ones are refused); it is shown in the company's zone."""


def one_line(text: str, limit: int = 500) -> str:
    """Text from outside as one line of at most `limit` characters, without control characters."""
    line = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)[:limit]
