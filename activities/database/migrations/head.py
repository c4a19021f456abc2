"""The last revision of the schema; kept here so that a start at it need not load Alembic."""

from __future__ import annotations

from typing import Final

HEAD: Final = "0022"
"""The revision this release works with."""
