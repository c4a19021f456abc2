"""Imports every module of bihuan, and reads what ships, in the process that commands are forked from."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

import activities
import starter
import worker
import workflows
from activities.organisation.loading import sample_organisation
from activities.policy.loading import SHIPPED, load_policy
from tests.starter.libraries import freeze

_NEVER = "activities.database.migrations."
"""Alembic imports these."""

for _package in (workflows, activities, worker, starter):
    for _module in walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.startswith(_NEVER):
            import_module(_module.name)
for _name in SHIPPED:
    load_policy(_name)
sample_organisation()
freeze()
