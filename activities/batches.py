"""Long lists in batches: as many as one SQL statement, one request or one round of concurrent calls may take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


def batched(items: Iterable[_T], size: int) -> Iterator[tuple[_T, ...]]:
    """All items in their order, `size` at a time; the last batch may be shorter. As `itertools.batched` of Python 3.12.

    Raises:
        ValueError: `size` is less than one.
    """
    if size < 1:
        raise ValueError("size must be at least one")
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
