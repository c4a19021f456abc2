"""What a story of the demonstration fails with."""

from __future__ import annotations


class StoryFailedError(Exception):
    """A story did not go as it says; the text says where."""
