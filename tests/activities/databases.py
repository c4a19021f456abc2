"""Which databases a test is tried on, where that is not both."""

from __future__ import annotations

import pytest

SQLITE_OR_DRILL = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.drill)], indirect=True
)
"""For what takes long and asks the database nothing that shorter tests do not ask of either: PostgreSQL in a drill."""
