"""Texts of a command written in the editor of whoever sends it: `--edit`.

The texts stay in a file of their own until the command is taken: what was written is not lost where sending fails.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from starter.console.screen import say
from workflows.domain.problem import Problem

Edit = Annotated[bool, Parameter(negative=(), help="Write it in $EDITOR; where it stays empty, nothing is sent.")]

_DEFAULT = "vi"
_CUT = "------------------------ >8 ------------------------"
_HEADING = ">>> "


@dataclass
class EditedTexts:
    """What was written, by key; `is_sent` has to be set once the command was taken."""

    texts: dict[str, str] = field(default_factory=dict)
    is_sent: bool = False


@contextmanager
def edited(what: str, number: str, keys: Mapping[str, str], given: Mapping[str, str | None]) -> Iterator[EditedTexts]:
    """Let somebody write the texts of `what` (a command) about a case. `keys`: key -> what the text is for; `given`:
    how they begin.

    Raises:
        Problem: the editor failed, or nothing was written; nothing is to be sent.
    """
    folder = Path(tempfile.mkdtemp(prefix="bihuan-"))  # only its owner may look into it
    path = folder / f"{what}-{number}.txt"
    written = EditedTexts()
    is_worth_keeping = False
    try:
        draft = _draft(keys, given)
        path.write_text(draft + _explanation(what, number, keys), "utf-8")
        _edit(path)
        content = path.read_text("utf-8", errors="replace").partition(_CUT)[0]
        is_worth_keeping = content.strip() != draft.strip()
        written.texts = _read(content, list(keys))
        if not written.texts:
            is_worth_keeping = False
            raise Problem(f"{what}: the text is empty; nothing was sent")
        path.write_text(content.rstrip() + "\n", "utf-8")
        yield written
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from None
    finally:
        if is_worth_keeping and not written.is_sent:
            say(f"what you wrote is kept in {path}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def must_be_given(command: str, *, edit: bool, **texts: str | None) -> None:
    """What has to be typed, unless it is edited.

    Raises:
        CycloptsError: it is not there; that is wrong usage.
    """
    for name, text in texts.items():
        if text is None and not edit:
            raise CycloptsError(msg=f"{command}: --{name} is missing; allowed: --{name} TEXT, or --edit")


def _draft(keys: Mapping[str, str], given: Mapping[str, str | None]) -> str:
    if len(keys) == 1:
        (key,) = keys
        return f"{given.get(key) or ''}\n\n"
    return "".join(f"{_HEADING}{key}: {about}\n{given.get(key) or ''}\n\n" for key, about in keys.items())


def _explanation(what: str, number: str, keys: Mapping[str, str]) -> str:
    about = f" {next(iter(keys.values()))}" if len(keys) == 1 else ""
    return f"{_CUT}\nbihuan {what} {number}:{about} This line and what is below it are not sent; empty sends nothing.\n"


def _read(content: str, keys: Sequence[str]) -> dict[str, str]:
    """Each text that is not empty."""
    if len(keys) == 1:
        return {keys[0]: text} if (text := content.strip()) else {}
    parts = re.split(rf"^{re.escape(_HEADING)}({'|'.join(keys)}):.*$", content, flags=re.MULTILINE)
    if parts[0].strip():
        raise Problem(f"{parts[0].strip().splitlines()[0][:60]!r} stands above the first heading; nothing was sent")
    return {key: text.strip() for key, text in zip(parts[1::2], parts[2::2], strict=True) if text.strip()}


def _edit(path: Path) -> None:
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _DEFAULT
    try:
        ended = subprocess.run([*shlex.split(wanted), str(path)], check=False).returncode  # noqa: S603 - their own editor
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise Problem(f"EDITOR {wanted}: cannot be started: {why}; nothing was sent") from None
    if ended:
        raise Problem(f"EDITOR {wanted}: ended with {ended}; nothing was sent")
