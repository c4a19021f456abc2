"""How values become payloads, before anything encrypts them: Pydantic's way, with one set of converters a process."""

from __future__ import annotations

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter

_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class PayloadConverter(CompositePayloadConverter):
    """The SDK makes some for every workflow task and every query. Pydantic's own would each begin with a serializer of
    its own and no type adapters; these share them.
    """

    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)
