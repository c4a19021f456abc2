"""The number of a case as somebody types it: whole, or its last digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starter.console.screen import read_number

if TYPE_CHECKING:
    from starter.backend.port import Reading


async def find_number(backend: Reading, text: str, option: str = "the number of the case") -> str:
    """The whole number. The record is asked only where a part of it was typed.

    Raises:
        Problem: nothing was typed, or the digits are those of no case or of several.
    """
    number = read_number(text, option)
    if not number[:1].isdigit():
        return number
    from starter.services.cases.numbers import is_ending

    return await backend.number_ending(number) if is_ending(number) else number
