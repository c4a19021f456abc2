"""Reading a company's TOML file into a model, or saying in one line a fault what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from activities.validation import fault_lines
from workflows.domain.problem import Problem

_M = TypeVar("_M", bound=BaseModel)
_LARGEST = 4_000_000


def read_toml(path: Path, model: type[_M]) -> _M:
    """The model that a file holds.

    Raises:
        Problem: the file cannot be read, is no TOML (with line and column), or does not fit the model;
            `FILE: key.path: what is wrong; allowed: …`, one line a fault.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Problem(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(raw) > _LARGEST:
        raise Problem(f"{path}: is {len(raw)} bytes long; allowed: at most {_LARGEST}")
    try:
        data = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Problem(f"{path}: line {line}: is no UTF-8; allowed: TOML saved as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Problem(f"{path}: is no TOML: {error}") from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Problem("\n".join(f"{path}: {line}" for line in fault_lines(error, model, data))) from error
