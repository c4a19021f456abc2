"""The pages people read, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

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
