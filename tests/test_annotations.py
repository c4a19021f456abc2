"""Functions in the annotations of models: every Python version has to see the same signature."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Annotated, Any, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    WrapSerializer,
    WrapValidator,
)

_WITH_FUNCTION = (
    AfterValidator, BeforeValidator, PlainSerializer, PlainValidator, WrapSerializer, WrapValidator,
)  # fmt: skip


def test_models_serialize_and_validate_by_plain_functions_so_that_no_python_version_sees_another_signature() -> None:
    """Python 3.13 gives built-in methods such as `str.format` a signature, and Pydantic then calls them otherwise."""
    found = {
        (where, repr(part.func)): part.func
        for module in _modules()
        for where, annotation in _annotations(module)
        for part in _parts(annotation)
        if isinstance(part, _WITH_FUNCTION)
    }
    assert {func.__name__ for func in found.values() if isinstance(func, FunctionType)} >= {"written_duration"}
    assert [name for name, func in found.items() if not isinstance(func, FunctionType)] == []
    assert [name for name, func in found.items() if not 1 <= len(inspect.signature(func).parameters) <= 2] == []


def _modules() -> Iterator[ModuleType]:
    for name in ("workflows", "activities", "worker"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if "migrations" not in module.name:
                yield importlib.import_module(module.name)


def _annotations(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if get_origin(value) is Annotated:
            yield f"{module.__name__}.{name}", value
        elif isinstance(value, type) and issubclass(value, BaseModel):
            for field, info in value.model_fields.items():
                where = f"{value.__module__}.{value.__name__}.{field}"
                yield from ((where, part) for part in (info.annotation, *info.metadata))


def _parts(annotation: Any) -> Iterator[Any]:
    """Everything inside an annotation, however deep."""
    yield annotation
    for inner in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from _parts(inner)
