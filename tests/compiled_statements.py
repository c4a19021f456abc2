"""Statements that SQLAlchemy has compiled for one test serve the next one as well.

A process of bihuan has one engine for its whole life and compiles each statement once; tests open an engine each, and
compiling took a sixth of their time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.util import LRUCache

_MOST = 2_000
"""How many statements are kept; there are some hundred."""


@contextmanager
def kept() -> Iterator[None]:
    """Every engine of this process that is made meanwhile takes from the same ones, by the kind of its database."""
    statements: LRUCache[Any, Any] = LRUCache(_MOST)
    with ExitStack() as patches:
        for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
            # Which dialect a statement was compiled for is asked by identity; all of a kind are made alike here.
            patches.enter_context(patch.object(dialect, "__eq__", lambda one, other: type(one) is type(other)))
            patches.enter_context(patch.object(dialect, "__hash__", lambda one: hash(type(one))))
        made = partial(create_async_engine, execution_options={"compiled_cache": statements})
        patches.enter_context(patch("activities.database.engines.create_async_engine", made))
        yield
