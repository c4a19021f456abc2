"""The error that ends a story of the demonstration."""

from __future__ import annotations


class StoryFailedError(Exception):
    """A story did not go as it says; the text says where."""
