"""What the keys of a command are called on the command line, so that an error names what the person typed.

A command goes to its case as a signal, whose keys are the same for everybody who sends one (see
`workflows.domain.commands`). Refusals therefore speak of keys; here they become options.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_OF_EVERY_COMMAND = {"by": "--as", "command_id": "--command-id"}
_DIFFERENT: Mapping[str, Mapping[str, str]] = {
    "escalate": {"department": "--to-department"},
    "request_info": {"fields": "--field"},
    "supply": {"fields": "--set"},
    "review": {"measures": "--measure"},
    "name_author": {"author": "--to"},
    "end": {"reason": "--why"},
    "move_measure": {"owner": "--to"},
}
"""Signal -> key -> option, where the option is not called like the key."""


@dataclass(frozen=True)
class CommandOptions:
    """Options of one command.

    Attributes:
        command: name of the signal.
        typed: what people type for it, with which a reason may begin.
        keys: its own keys that people give as options.
    """

    command: str
    typed: str
    keys: frozenset[str]

    @classmethod
    def of(cls, command: str, keys: Iterable[str], *, typed: str | None = None) -> CommandOptions:
        """`typed`: what people type for the command, where that is not its name."""
        return cls(command, typed or command.replace("_", "-"), frozenset(keys))

    def named(self, key: str) -> str:
        """The option that gives this key."""
        option = _OF_EVERY_COMMAND.get(key) or _DIFFERENT.get(self.command, {}).get(key)
        return option or f"--{key.replace('_', '-')}"

    def reworded(self, reason: str) -> str:
        """Why a command was refused, in options.

        A reason names a key at its beginning (`key: what is wrong`, `key value is wrong`), in backticks, or after
        "give"; a key with an underscore is no English word, and is known anywhere.
        """
        text = re.sub(rf"^{self.command}(?=: )", self.typed, reason)
        if "_" in self.command:
            text = re.sub(rf"\b{self.command}\b", self.typed, text)
        keys = {*_OF_EVERY_COMMAND, *self.keys}
        key = "|".join(sorted(keys, key=len, reverse=True))
        begin = rf"(?:(?<=; )|(?<=^)|(?<=^{re.escape(self.typed)}: ))"
        text = re.sub(rf"{begin}({key})((?:\.[^\s:]+)?)(?=: )", self._named_with_path, text)
        text = re.sub(rf"{begin}({key})(?= ['\d]| is empty)|(?<=^unknown )({key})(?= )", self._named, text)
        text = re.sub(rf"`({key})`", self._named, text)
        text = re.sub(rf"{begin}give [^;]*", lambda found: re.sub(rf"\b({key})\b", self._named, found[0]), text)
        if whole := "|".join(one for one in keys if "_" in one):
            text = re.sub(rf"\b({whole})\b", self._named, text)
        return text

    def _named(self, found: re.Match[str]) -> str:
        return self.named(next(filter(None, found.groups())))

    def _named_with_path(self, found: re.Match[str]) -> str:
        """What is at fault inside an option: a form key, or one of several, which people count from 1."""
        steps = found[2].removeprefix(".").split(".") if found[2] else []
        if found[1] == "fields" and steps and not steps[0].isdigit():
            steps = [".".join(steps)]
        return " ".join([self.named(found[1]), *(str(int(one) + 1) if one.isdigit() else one for one in steps)])
