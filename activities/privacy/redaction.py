"""Error messages that may stand in logs and in Temporal's history, whose readers may not read cases.

Many errors repeat the value at fault, which may be a customer's name or text. So only errors whose texts are known to
be about the machine are repeated; of all others, the class and the place in the code.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from workflows.domain.model import one_line
from workflows.domain.problem import Problem

_ADDRESS = re.compile(r"[^\s<>@:;,\"'()\[\]]+@[^\s<>@:;,\"'()\[\]]+\w")
_OF_CODE = (AttributeError, NameError, ImportError, NotImplementedError, MemoryError, RecursionError)
"""What Python says of names in the code."""
_SPEAKING = ("temporalio.", "sqlalchemy.", "sqlite3.", "asyncpg.", "activities.delivery.transport.")
"""Modules (each with its dot) whose errors are about the machine, or were cleaned, and are repeated. A test holds that
each exists: the errors of one that moves would be hidden.
"""
_OF_DATA = "22"
"""The class of PostgreSQL's errors that repeat a value."""


def safe_message(error: BaseException) -> str:
    """The error in one line, without anything a customer wrote."""
    cause = getattr(error, "orig", None)
    if isinstance(cause, BaseException):
        # SQLAlchemy's own text holds the statement; the database's first line is what is wrong.
        return safe_message(cause)
    if isinstance(error, ValidationError):
        kinds = ", ".join(dict.fromkeys(fault["type"] for fault in error.errors(include_url=False)))
        return f"{error.title} is not valid ({kinds}){_place(error)}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, (Problem, *_OF_CODE)) or _speaks(error):
        return without_addresses(one_line(_first_line(error))) or type(error).__name__
    return f"{type(error).__name__}{_place(error)}"


def error_chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came of, as Python tells it."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)


def without_addresses(text: str) -> str:
    """The text without anybody's mail address; servers like to repeat them."""
    return _ADDRESS.sub("…@…", text)


def _speaks(error: BaseException) -> bool:
    if not f"{type(error).__module__}.".startswith(_SPEAKING):
        return False
    state = getattr(error, "sqlstate", None)
    return not (isinstance(state, str) and state.startswith(_OF_DATA))


def _first_line(error: BaseException) -> str:
    """PostgreSQL's further lines hold the row it refused."""
    lines = str(error).strip().splitlines()
    return re.sub(r"^<class '(?:[\w.]+\.)?(\w+)'>: ", r"\1: ", lines[0]) if lines else ""


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__, limit=-1) if error.__traceback__ else []
    return "".join(f" at {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
