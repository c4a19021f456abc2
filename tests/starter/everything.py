"""Imports every module of bihuan, reads and compiles what ships, and runs some commands, in the process that others are
forked from: each would do so for itself.
"""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pkgutil import walk_packages
from unittest.mock import patch

import activities
import starter
import worker
import workflows
from activities.organisation.loading import sample_organisation
from activities.policy.loading import SHIPPED, load_policy
from activities.rendering.engine import shipped_environment
from starter.admin import run
from tests.starter.libraries import freeze
from workflows.domain.policy.second_opinion import opinions
from workflows.domain.vocabulary import Audience, Locale

_NEVER = "activities.database.migrations."
"""Alembic imports these."""
_COMMANDS = (("db", "upgrade"), ("list", "--json"), ("show", "FB202605110001"), ("kb", "list"), ("outbox",))
"""None that asks the engine: its library starts threads, which no fork has."""


def _give_commands() -> None:
    """What libraries work out at their first use, then serves every command that is forked."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("BIHUAN_", "TEMPORAL_"))}
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, ours, clear=True),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()),
    ):
        for command in _COMMANDS:
            run([*command, "--data", folder])
    # A process has an environment of its own, in which its folder for temporary files may be another one.
    tempfile.tempdir = None


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
_give_commands()
freeze()
