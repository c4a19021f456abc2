"""Imports every module that a command may need, and reads what ships, in the process that commands are forked from."""

from __future__ import annotations

import gc
from importlib import import_module
from pkgutil import walk_packages

import activities
import starter
import worker
import workflows
from activities.organisation.loading import sample_organisation
from activities.policy.loading import SHIPPED, load_policy

_LATE = (
    "aiosqlite", "alembic.command", "asyncpg", "concurrent.futures.thread", "cyclopts.help", "email_validator",
    "encodings.utf_8_sig", "holidays.countries.china",
    "markdown_it", "phonenumbers", "rich.markdown", "rich.progress", "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite", "uvicorn", "vl_convert",
)  # fmt: skip
"""Modules of other packages that are imported only when they are called."""
_NEVER = "activities.database.migrations."
"""Alembic imports these."""

for _package in (workflows, activities, worker, starter):
    for _module in walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.startswith(_NEVER):
            import_module(_module.name)
for _name in _LATE:
    import_module(_name)
for _name in SHIPPED:
    load_policy(_name)
sample_organisation()
# Else the garbage collector of every fork would visit, and so copy, all of it.
gc.collect()
gc.freeze()
