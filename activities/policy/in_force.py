"""The policy that a worker goes by: read anew when its file has changed, so that no restart is needed."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from pydantic import JsonValue, ValidationError

from activities.policy.loading import SHIPPED, load_policy
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem

_log = logging.getLogger("bihuan.policy")
_Mark = tuple[int, int, int] | None


class PolicyInForce:
    """A shipped policy by its name, or a company's file. `kept` is what the record has of it (see `kept_as`): where the
    file is not well-formed, the policy that was in force last.

    Raises:
        Problem: there is none, or it is not well-formed and none was in force before; one line a fault.
    """

    def __init__(self, name_or_path: str, kept: JsonValue = None) -> None:
        self.source = name_or_path
        self.fault: str | None = None
        """Why the file as it is now is not in force; the one before still is."""
        self._mark = self._marked()
        try:
            self._policy = load_policy(name_or_path)
        except Problem as problem:
            before = _kept_policy(name_or_path, kept)
            if before is None:
                raise
            self._policy = before
            self._stays(problem)

    def current(self) -> Policy:
        """The policy, of the file as it is now; one that is not well-formed leaves the one before in force."""
        mark = self._marked()
        if mark != self._mark:
            self._mark = mark
            try:
                self._policy, self.fault = load_policy(self.source), None
            except Problem as problem:
                self._stays(problem)
            else:
                _log.info("policy %s has changed and is in force", self.source)
        return self._policy

    def kept_as(self) -> JsonValue:
        """What the record keeps, for processes that begin while the file is not well-formed; None: nothing is to be
        kept, since this policy ships, or is the one of the record itself.
        """
        policy = self.current()
        if self.source in SHIPPED or self.fault is not None:
            return None
        return {"file": _file(self.source), "policy": policy.model_dump(mode="json")}

    def _stays(self, problem: Problem) -> None:
        self.fault = f"{_first_line(problem)}; the policy read before it was changed stays in force"
        _log.warning("policy %s", self.fault)

    def _marked(self) -> _Mark:
        """A mark that changes with the file; a shipped policy changes with the release only."""
        if self.source in SHIPPED:
            return None
        try:
            stat = Path(self.source).stat()
        except OSError:
            return (0, 0, 0)
        return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _kept_policy(source: str, kept: JsonValue) -> Policy | None:
    """The policy that the record has of this very file; None where it has none that this release understands."""
    if not isinstance(kept, dict) or kept.get("file") != _file(source):
        return None
    try:
        return Policy.model_validate(kept["policy"])
    except ValidationError:
        return None


def _file(source: str) -> str:
    return str(Path(source).resolve())


def digest(policy: Policy) -> str:
    """A short mark of what a policy says: two processes that go by the same one have the same."""
    return hashlib.sha256(policy.model_dump_json().encode()).hexdigest()[:12]


def _first_line(problem: Problem) -> str:
    first, *more = str(problem).splitlines()
    return f"{first} (and {len(more)} more)" if more else first
