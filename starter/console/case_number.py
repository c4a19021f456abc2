"""The number of a case as somebody types it: whole, or its last digits."""

from __future__ import annotations

from starter.console.screen import read_number


async def find_number(text: str, data: str | None = None, option: str = "the number of the case") -> str:
    """The whole number. The database is asked only where a part of it was typed.

    Raises:
        Problem: nothing was typed, or the digits are those of no case or of several.
    """
    number = read_number(text, option)
    if not number[:1].isdigit():
        return number
    from starter.services.cases.numbers import is_ending, number_ending
    from worker.installation.reading_settings import load_reading_settings

    return await number_ending(load_reading_settings(data), number) if is_ending(number) else number
