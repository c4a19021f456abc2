"""The result of a check, and how a check reports it: one line a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from workflows.domain.problem import Problem


class CheckStatus(StrEnum):
    """A warning does not keep cases from going on, a fault does or will."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class CheckResult:
    """One finding of the named check: `what` was found, and what to do about it (None where nothing has to be done)."""

    check: str
    status: CheckStatus
    what: str
    todo: str | None = None


@dataclass(frozen=True)
class Check:
    """Makes the results of one check, by its name."""

    name: str

    def ok(self, what: str) -> CheckResult:
        """All is as it should be."""
        return CheckResult(self.name, CheckStatus.OK, what)

    def warning(self, what: str, todo: str) -> CheckResult:
        """Somebody should look at it."""
        return CheckResult(self.name, CheckStatus.WARNING, what, todo)

    def fault(self, what: str, todo: str) -> CheckResult:
        """Something does not work."""
        return CheckResult(self.name, CheckStatus.FAULT, what, todo)

    def problem(self, problem: Problem, todo: str) -> Iterable[CheckResult]:
        """A fault for each line of a problem."""
        return [self.fault(line, todo) for line in str(problem).splitlines()]


class CheckSkippedError(Exception):
    """A check cannot be made because of something that another check reports; the text says what."""
