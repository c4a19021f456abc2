"""Runs the command `bihuan open` and kills it at a chosen moment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn
from unittest.mock import patch

import starter.services.intake.submissions  # noqa: F401 - imported before the process forks
from starter.admin import main

Moment = Literal["registered", "started"]


def open_and_die(environment: Mapping[str, str], form: Path, moment: Moment | None, log: Path) -> None:
    """`registered`: its form is kept under its number, its case not started; `started`: it is, and the record has not
    heard of it. None: it is not killed.
    """
    os.environ.update(environment)
    with log.open("ab", buffering=0) as said:
        os.dup2(said.fileno(), sys.stdout.fileno())
        os.dup2(said.fileno(), sys.stderr.fileno())
    if moment == "registered":
        patch("starter.services.intake.submissions.start_case", _die).start()
    elif moment == "started":
        patch("activities.intake.register.Register.mark_started", _die).start()
    sys.argv = ["bihuan", "open", str(form), "--json"]
    main()


async def _die(*arguments: Any, **more: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
