"""Imports whatever a command may need, for a process that others are forked from."""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

import activities
import starter
import worker
import workflows

_LATE = (
    "aiosqlite", "alembic.command", "asyncpg", "cyclopts", "email_validator", "holidays.countries.china",
    "markdown_it", "phonenumbers", "rich.markdown", "rich.progress", "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite", "uvicorn", "vl_convert",
)  # fmt: skip
"""Of others, and imported when they are called."""
_NEVER = "activities.database.migrations."
"""Alembic runs these."""

for _package in (workflows, activities, worker, starter):
    for _module in walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.startswith(_NEVER):
            import_module(_module.name)
for _name in _LATE:
    import_module(_name)
# What is here stays: a collector that visits it would have every fork copy it.
gc.collect()
gc.freeze()
