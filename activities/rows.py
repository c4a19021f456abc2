"""Rows of a list, each read by itself: one that cannot be read is reported as such, and the others are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


class UnreadableError(ValueError):
    """A stored value is not what its place holds."""


class Unreadable:
    """Stands for a stored value that could not be decoded; whoever uses it hears of that then."""

    def __init__(self, why: str) -> None:
        self.why = why

    def refuse(self, *_: object) -> NoReturn:
        """Raise what reading the value would have raised."""
        raise UnreadableError(self.why)

    __bool__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __iter__ = __len__ = refuse
    __getattr__ = __getitem__ = __contains__ = __add__ = __radd__ = __sub__ = __rsub__ = refuse


@dataclass(frozen=True)
class FaultyRow:
    """A row that could not be read: whose it is, and why."""

    name: str
    fault: str


def read_rows(rows: Iterable[_R], read: Callable[[_R], _T], *, name: Callable[[_R], Any]) -> Iterator[_T | FaultyRow]:
    """What `read` makes of each row, or what is wrong with it; `name` says whose row it is."""
    for row in rows:
        try:
            for value in row.values() if isinstance(row, Mapping) else row if isinstance(row, tuple) else ():
                if isinstance(value, Unreadable):
                    value.refuse()
            made = read(row)
        except Exception as error:  # noqa: BLE001 - whatever is the matter with one row, the others go on
            yield FaultyRow(str(name(row)), fault_of(error))
        else:
            yield made


def read_in_part(row: Mapping[Any, Any], make: Callable[..., _T]) -> _T:
    """What `make` makes of a row; of one that is faulty, with None for what cannot be read, and its `fault`."""
    (read,) = read_rows([row], lambda row: make(**row), name=lambda _: "")
    if not isinstance(read, FaultyRow):
        return read
    readable = {name: None if isinstance(value, Unreadable) else value for name, value in row.items()}
    return make(**readable, fault=read.fault)


def sound(rows: Iterable[_T | FaultyRow]) -> Iterator[_T]:
    """The rows that could be read, where the others need not be shown."""
    for row in rows:
        if not isinstance(row, FaultyRow):
            yield row


def fault_of(error: Exception) -> str:
    """Why something could not be read, in one line."""
    if isinstance(error, UnreadableError):
        return str(error)
    if isinstance(error, KeyError):
        return f"lacks {' '.join(map(str, error.args))}"
    said = " ".join(str(error).split())[:120]
    return "".join(char for char in f"{type(error).__name__}: {said}" if char.isprintable())
