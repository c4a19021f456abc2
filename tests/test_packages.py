"""Whoever looks for a package's place reads its docstring; whoever types a short command does not wait for it."""

from __future__ import annotations

import ast
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def test_a_package_says_what_belongs_in_it_and_loads_nothing() -> None:
    wrong = []
    for layer in ("workflows", "activities", "worker", "starter", "tests"):
        for file in sorted((_ROOT / layer).rglob("__init__.py")):
            content = ast.parse(file.read_text("utf-8"))
            if not ast.get_docstring(content) or len(content.body) > 1:
                wrong.append(str(file.relative_to(_ROOT)))
    assert wrong == []
