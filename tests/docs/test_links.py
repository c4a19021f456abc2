"""Nobody is sent to a page, file, module, command or target that is not there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from starter.admin import build_app
from tests.docs.pages import PAGES, ROOT, name, prose, read, reference

_LINK = re.compile(r"!?\[(?:[^\[\]]|`[^`]*`)*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_FOLDERS = ("workflows", "activities", "worker", "starter", "templates", "tests", "benchmarks", "docs")
_PATH = re.compile(rf"(?:{'|'.join(_FOLDERS)})(?:/[\w.*-]+)+/?")
_TYPED = re.compile(r"^[$#] (.*(?:\\\n.*)*)", re.MULTILINE)
_BIHUAN = re.compile(r"(?:^|\| |bin/|^(?:[A-Z_]+=\S* )+)bihuan ((?:[a-z]|--).*)$")
"""Where a command line, or what comes behind a pipe or variables, is bihuan's."""
_CAMEL = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]*)+")
_PRESENT = [page for page in PAGES if page.name != "CHANGELOG.md"]
"""Pages about what there is now; the changelog tells of earlier names, too."""
_OF_OTHERS = {"TemporalChangeVersion", "LastWorkflowTask"}
"""Temporal's own names."""


def _slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    return {_slug(found[1]) for found in _HEADING.finditer(prose(read(page)))}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for found in _LINK.finditer(prose(read(page))):
        path, _, anchor = found[1].partition("#")
        if path.startswith(("http://", "https://")):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(found[1])
    assert dead == []


@pytest.mark.parametrize("page", _PRESENT, ids=name)
def test_every_file_and_folder_that_is_named_exists(page: Path) -> None:
    named = {found[0] for code in _codes(page) for found in _PATH.finditer(code) if _stands_alone(code, found)}
    assert sorted(path for path in named if not list(ROOT.glob(path.rstrip("/")))) == []


def _stands_alone(code: str, found: re.Match[str]) -> bool:
    """Not the end of another path, such as `install/docs/x`, or of an address."""
    return found.start() == 0 or code[found.start() - 1] in " '\"=("


@pytest.mark.parametrize("page", _PRESENT, ids=name)
def test_every_class_that_is_named_exists(page: Path) -> None:
    named = {code for code in _codes(page) if _CAMEL.fullmatch(code)} - _OF_OTHERS
    assert sorted(one for one in named if not re.search(rf"\b{one}\b", _sources())) == []


@pytest.mark.parametrize("page", _PRESENT, ids=name)
def test_every_command_and_option_that_is_typed_exists(page: Path) -> None:
    assert [f"{line}: {fault}" for line in _typed(page) for fault in _faults(line)] == []


@pytest.mark.parametrize("page", _PRESENT, ids=name)
def test_every_make_target_and_module_that_is_run_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))
    text = "\n".join(_typed(page))
    assert sorted(set(re.findall(r"^make ([a-z]+)", text, re.MULTILINE)) - targets) == []
    modules = re.findall(r"python -m ((?:benchmarks|tests)[\w.]+)", text)
    assert [one for one in modules if not (ROOT / f"{one.replace('.', '/')}.py").is_file()] == []


@pytest.mark.parametrize("page", _PRESENT, ids=name)
def test_every_metric_that_is_named_exists(page: Path) -> None:
    metrics = set(re.findall(r"\bbihuan_[a-z_]+[a-z]\b", read(page)))
    assert sorted(one for one in metrics if f'"{one}"' not in _sources()) == []


@cache
def _sources() -> str:
    files = [file for folder in _FOLDERS[:4] for file in (ROOT / folder).rglob("*.py")]
    return "\n".join(read(file) for file in [*files, *(ROOT / "docs" / "deploy").glob("*.*")])


def _codes(page: Path) -> Iterator[str]:
    """What stands between backticks in running text, and every line of a block of code."""
    text = read(page)
    yield from _CODE.findall(prose(text))
    yield from _typed(page)


def _typed(page: Path) -> list[str]:
    """Command lines, without the remarks behind them."""
    text = read(page)
    lines = [found[1].replace("\\\n", " ") for found in _TYPED.finditer(text)] + _CODE.findall(prose(text))
    return [re.sub(r"\s+#\s.*$|\s+//.*$", "", line).strip() for line in lines]


def _faults(line: str) -> Iterable[str]:
    """What is wrong with the part of a command line that begins with `bihuan`."""
    found = _BIHUAN.search(line)
    if found is None or "…]" in line:
        return
    try:
        words = shlex.split(found[1].replace("…", "X"))
    except ValueError:
        words = found[1].split()
    if words[0].startswith("--"):
        return
    command, rest = _found(words)
    if command is None:
        yield f"no command {' '.join(words[:2])}"
        return
    known = _options(command) | {"--help", "--debug"}
    yield from (f"no option {word}" for word in rest if word.startswith("--") and word.partition("=")[0] not in known)


@cache
def _app() -> Any:
    return build_app()


def _found(words: list[str]) -> tuple[str | None, list[str]]:
    """The longest command that the words begin with; a group whose name stands alone counts as one."""
    names = {one for named in reference().sections().values() for one in named}
    for length in (3, 2, 1):
        said = " ".join(words[:length])
        if said in names:
            return said, words[length:]
    if any(one.startswith(f"{words[0]} ") for one in names) and (
        len(words) == 1 or words[1] in {"X", "--help"} or "|" in words[1] or any(char.isdigit() for char in words[1])
    ):
        return "", []
    return None, []


@cache
def _options(command: str) -> frozenset[str]:
    app = _app()
    for word in command.split():
        app = app[word]
    return (
        frozenset(option for one in app.assemble_argument_collection() for option in one.names)
        if command
        else frozenset()
    )
