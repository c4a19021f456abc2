"""A fault that a person can mend, said in one line."""

from __future__ import annotations


class Problem(ValueError):
    """Bad input or a refused wish. Its text says what is wrong, where, and what is allowed; it is shown as it is."""
