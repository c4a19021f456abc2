"""Texts that people wrote, put into Markdown so that they stay text: no heading, list, link or HTML of theirs."""

from __future__ import annotations

import re

from activities.rendering.filters import clean, one_line

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~&$])")
_AT_THE_START = re.compile(r"^([-+=#:]|\d{1,9}(?=[.)]))")
_ADDRESS = re.compile(r"(?i)(://|\bwww\.)")


def cell(text: str) -> str:
    """The text as one line, for a table, a heading or a list."""
    return _escaped(one_line(text))


def block(text: str) -> str:
    """Every line as a quotation, line breaks kept."""
    lines = [_at_the_start(_escaped(line.strip())) for line in clean(text).strip().split("\n")]
    return "\n".join(f"> {line}  " if line else ">" for line in lines)


def _escaped(line: str) -> str:
    # After the other characters, whose backslashes have to stay.
    return _ADDRESS.sub(_unlinked, _ACTIVE.sub(r"\\\1", line))


def _unlinked(found: re.Match[str]) -> str:
    """The address so that no reader makes a link of it."""
    text = found.group()
    return f"\\{text}" if text == "://" else f"{text[:-1]}\\."


def _at_the_start(line: str) -> str:
    """What begins a line must not begin a list or a heading."""
    found = _AT_THE_START.match(line)
    if found is None:
        return line
    mark = found.group()
    return f"{mark}\\{line[len(mark) :]}" if mark.isdigit() else f"\\{line}"
