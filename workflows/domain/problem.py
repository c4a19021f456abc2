"""The error for what a person can put right: its text is shown to them, in one line."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text without characters that could rewrite a terminal or hide: controls (C0, C1), direction marks, zero width.

    Line breaks and tabs stay.
    """
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


class Problem(ValueError):
    """Bad input or a refused request. Its text says what is wrong, where, and what is allowed; it is shown as it is.

    What came from outside may stand in it: control characters are replaced.
    """

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))
