"""Workflows are run again from their history: whatever answers otherwise the second time would stop running cases."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import workflows

_FORBIDDEN = {"os", "pathlib", "random", "secrets", "socket", "subprocess", "sys", "threading", "time", "uuid"}
_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
_BUILT_IN = {"open", "input", "hash"}


def faults(source: str) -> Iterator[str]:
    """What a workflow may not use, by line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (f"{node.lineno}: {one.name}" for one in names if one.name.split(".")[0] in _FORBIDDEN)
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in _FORBIDDEN:
                yield f"{node.lineno}: {module}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=of), attr=name)) if (of, name) in _CLOCKS:
                yield f"{node.lineno}: {of}.{name}()"
            case ast.Call(func=ast.Name(id=name)) if name in _BUILT_IN:
                yield f"{node.lineno}: {name}()"
            case _:
                pass


def test_running_cases_are_not_stopped_by_a_clock_or_chance_of_their_own() -> None:
    (folder,) = workflows.__path__
    found = [
        f"{path}:{fault}" for path in sorted(Path(folder).rglob("*.py")) for fault in faults(path.read_text("utf-8"))
    ]
    assert not found


def test_what_would_stop_them_is_seen() -> None:
    lines = (
        "import random",
        "from time import time",
        "datetime.now(UTC)",
        "date.today()",
        "import os.path",
        "hash(text)",
    )
    assert all(list(faults(line)) for line in lines)
    assert not list(faults("from datetime import time\nnow = workflow.now()\ncalendar.local(now)"))
