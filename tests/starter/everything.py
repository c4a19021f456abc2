"""Imports every module of bihuan, and reads and compiles what ships, in the process that commands and workers are
forked from: each would do so for itself.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

import activities
import starter
import worker
import workflows
from activities.organisation.loading import sample_organisation
from activities.policy.loading import SHIPPED, load_policy
from activities.rendering.engine import shipped_environment
from tests.starter.libraries import freeze
from workflows.domain.policy.second_opinion import opinions
from workflows.domain.vocabulary import Audience, Locale

_NEVER = "activities.database.migrations."
"""Alembic imports these."""

for _package in (workflows, activities, worker, starter):
    for _module in walk_packages(_package.__path__, f"{_package.__name__}."):
        if not _module.name.startswith(_NEVER):
            import_module(_module.name)
for _name in SHIPPED:
    opinions(load_policy(_name).second_opinion, "?")
_messages = (Locale.ZH_CN, *(f"{Locale.ZH_CN}/{one}" for one in Audience))
for _name in shipped_environment().list_templates(["j2", "html"]):
    if _name.rpartition("/")[0] in _messages:
        shipped_environment().get_template(_name)
sample_organisation()
freeze()
