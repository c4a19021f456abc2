"""The error that a person can mend: its text is one line for that person."""

from __future__ import annotations


class Problem(ValueError):
    """Bad input or a refused request. Its text says what is wrong, where, and what is allowed; it is shown as it is."""
