"""Which key the workers of an installation encrypt with: the record remembers it, for processes without any key."""

from __future__ import annotations

ENCRYPTING = "encrypting"
"""Name of the installation's value with the id of that key."""
