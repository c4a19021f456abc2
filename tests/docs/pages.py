"""The pages people read, what is in them, and the script that writes some of them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read(page: Path) -> str:
    return page.read_text("utf-8")


def prose(text: str) -> str:
    """Without blocks of code."""
    return _FENCE.sub("", text)


def rows(text: str) -> Iterable[list[str]]:
    """The rows of every table, heads and rules of dashes included."""
    for found in _ROW.finditer(prose(text)):
        yield [cell.strip() for cell in _CELL.split(found[1])]


@cache
def reference() -> ModuleType:
    """docs/reference.py, which is a script in a folder that is no package."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
