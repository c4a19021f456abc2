"""Reading a company's TOML file into a model, or saying in one line a fault what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from activities.document_text import read_toml_table
from activities.validation import fault_lines
from workflows.domain.problem import Problem

_M = TypeVar("_M", bound=BaseModel)


def read_toml(path: Path, model: type[_M], prepared: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> _M:
    """The model that a file holds; `prepared` makes its table into that of the model.

    Raises:
        Problem: the file cannot be read, is no TOML (with line and column), or does not fit the model;
            `FILE: key.path: what is wrong; allowed: …`, one line a fault.
    """
    data = read_toml_table(path)
    try:
        data = prepared(data)
    except Problem as problem:
        raise Problem("\n".join(f"{path}: {line}" for line in str(problem).splitlines())) from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Problem("\n".join(f"{path}: {line}" for line in fault_lines(error, model, data))) from error
