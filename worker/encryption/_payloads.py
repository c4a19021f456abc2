"""The payload converter, before encryption: Pydantic models as JSON, with one set of converters a process."""

from __future__ import annotations

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter

_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class PayloadConverter(CompositePayloadConverter):
    """As `PydanticPayloadConverter`, but all instances share one serializer and its type adapters.

    The SDK makes instances for every workflow task and every query, and each would build them anew.
    """

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)
