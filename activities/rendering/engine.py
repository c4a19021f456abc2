"""The template engine: Jinja set up for messages, the sandbox for a company's own files, and faults in one line."""

from __future__ import annotations

import shlex
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_context,
    select_autoescape,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from activities.rendering import filters, sizes
from activities.rendering.labels import TEMPLATES, label
from workflows.domain.vocabulary import Audience

_BLOCK_LENGTH: Final = 200_000
_GREATEST_BASE: Final = 10_000
_GREATEST_EXPONENT: Final = 20
_LOOKING: Final = frozenset({"show", "draft", "report"})
"""Commands that only read, which need no `--as`."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which cannot change the facts; arithmetic that fills the memory is refused, too."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """The result for plain numbers.

        Raises:
            SecurityError: an operand is no number, or the result would be enormous.
        """
        for operand in (left, right):
            if not isinstance(operand, int | float):
                raise SecurityError(f"'{operator}' takes numbers only, not {type(operand).__name__}")
        if operator == "**" and (abs(left) > _GREATEST_BASE or abs(right) > _GREATEST_EXPONENT):
            raise SecurityError(f"'**' takes at most {_GREATEST_BASE} ** {_GREATEST_EXPONENT}")
        return super().call_binop(context, operator, left, right)


@cache
def shipped_environment() -> Environment:
    """The shipped templates alone, compiled once in a process."""
    return _environment(Environment, FileSystemLoader(TEMPLATES), _or_nothing)


def company_environment(folder: Path | None, *, lenient: bool = True) -> Environment:
    """A company's templates before the shipped ones, in the sandbox.

    Not `lenient`: printing null is a fault instead of nothing, for checking templates against sparse facts.
    """
    loaders = [FileSystemLoader(TEMPLATES), PrefixLoader({"shipped": FileSystemLoader(TEMPLATES)})]
    loader = ChoiceLoader([FileSystemLoader(folder), *loaders] if folder else loaders)
    return _environment(Sandbox, loader, _or_nothing if lenient else _or_fault)


class Blocks:
    """The blocks of one template filled with values, inherited ones included.

    Jinja only knows inherited blocks after running the template's root, which would print every block once for
    nothing; so each has an empty block in front of it for that run.

    Raises:
        jinja2.TemplateError: what the template asks for is not there or not allowed.
        ValueError: a block is longer than 200,000 characters, or a filter refuses a value.
    """

    def __init__(self, template: Template, values: Mapping[str, object]) -> None:
        self._environment = template.environment
        self._context = template.new_context(dict(values))
        self._context.blocks = {name: [_print_nothing, *found] for name, found in self._context.blocks.items()}
        self._join(template.root_render_func(self._context))
        for found in self._context.blocks.values():
            if found[0] is _print_nothing:
                del found[0]

    def render(self, name: str) -> str:
        """The text of a block; empty when there is none of that name."""
        found = self._context.blocks.get(name)
        return self._join(found[0](self._context)) if found else ""

    def _join(self, chunks: Iterator[str]) -> str:
        parts: list[str] = []
        length = 0
        try:
            for chunk in chunks:
                parts.append(chunk)
                length += len(chunk)
                if length > _BLOCK_LENGTH:
                    raise ValueError(f"a block is longer than {_BLOCK_LENGTH:,} characters")
        except Exception:  # noqa: BLE001 - raised again, with the template's own lines in the traceback
            self._environment.handle_exception()
        return "".join(parts)


def fault(error: Exception, path: Path) -> str:
    """What went wrong as `file:line: reason`, on one line; `path` is the template that was asked for."""
    file, line = str(path), 0
    if isinstance(error, TemplateSyntaxError):
        file, line = error.filename or file, error.lineno
        reason = f"syntax: {(error.message or '').rstrip('.')}"
    elif isinstance(error, TemplateNotFound):
        reason = f"names a template that is not there: {error.name}"
    elif isinstance(error, UnicodeDecodeError):
        reason = "is not UTF-8 text"
    else:
        reason = str(error).rstrip(".") or type(error).__name__
    for frame, number in () if line else traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith((".j2", ".html")):
            file, line = frame.f_code.co_filename, number
    return filters.brief(f"{file}:{line}: {reason}" if line else f"{file}: {reason}", 400)


def _environment(kind: type[Environment], loader: BaseLoader, finalize: Callable[[object], object]) -> Environment:
    environment = kind(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",)),
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {
            "local": _local,
            "left": _left,
            "duration": _duration,
            "label": _label,
            "person": _person,
            "named": _named,
            "percent": filters.percent,
            "filesize": sizes.filesize,
            "brief": filters.brief,
            "quote": filters.quote,
            "one_line": filters.one_line,
        }
    )
    environment.globals["command"] = _command
    return environment


def _or_nothing(value: object) -> object:
    return "" if value is None else value


def _or_fault(value: object) -> object:
    if value is None:
        raise ValueError("prints a fact that may be null; ask with {% if … %} first")
    return value


def _print_nothing(_: Context) -> Iterator[str]:
    return iter(())


@pass_context
def _local(context: Context, value: datetime | str) -> str:
    return filters.local_time(value, context["calendar"], context["at"], context["locale"])


@pass_context
def _left(context: Context, value: datetime | str) -> str:
    return filters.duration((filters.moment(value) - context["at"]).total_seconds(), context["locale"])


@pass_context
def _duration(context: Context, seconds: float) -> str:
    return filters.duration(seconds, context["locale"])


@pass_context
def _label(context: Context, value: str, kind: str) -> str:
    return label(kind, str(value), context["locale"])


@pass_context
def _person(context: Context, who: str | None) -> str:
    owner = context["case"].owner
    return filters.person(who or "", context["names"], Audience(context["audience"]), owner, context["locale"])


@pass_context
def _named(context: Context, key: str) -> str:
    return filters.named(key, context["labels"], context["locale"])


@pass_context
def _command(context: Context, name: str, by: str | None = None, then: str | int | None = None, **options: str) -> str:
    """The line to type: `bihuan NAME NUMBER THEN --as WHO --option value`; who only looks need not say who they are."""
    *_, last = path = name.split()
    words = ["bihuan", *path, context["number"], *([] if then is None else [str(then)])]
    if last not in _LOOKING:
        words += ["--as", by or context["recipient"]["id"]]
    for option, value in options.items():
        words += [f"--{option.replace('_', '-')}", value]
    return shlex.join(words)
