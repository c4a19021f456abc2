"""Articles for cases that closed without one, such as those closed before there was a knowledge base (R28)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from activities.database.database import Database
from activities.database.tables import article, case_record
from activities.knowledge.editing import draft_article_of
from workflows.domain.case.view import CaseView

_BATCH: Final = 100
"""Cases in one transaction: a worker beside it waits no longer than for that."""


class ArticleBackfill:
    """Looks at every closed case without an article once, the first number first (`since` ≤ closed)."""

    def __init__(self, database: Database, since: datetime | None = None) -> None:
        self._database = database
        self._wanted: list[ColumnElement[bool]] = [case_record.c.closed_at.is_not(None), article.c.id.is_(None)]
        if since is not None:
            self._wanted.append(case_record.c.closed_at >= since)

    async def count(self) -> int:
        """How many such cases there are."""
        async with self._database.read() as connection:
            return await connection.scalar(self._of(func.count())) or 0

    async def draft_all(self) -> AsyncIterator[bool]:
        """Draft their articles; for each case whether it had something to teach. What is drafted stays so, wherever
        this is stopped.
        """
        last = ""
        while True:
            wanted = self._of(case_record.c.view).where(case_record.c.number > last).order_by(case_record.c.number)
            done: list[bool] = []
            async with self._database.begin() as connection:
                for content in list(await connection.scalars(wanted.limit(_BATCH))):
                    view = CaseView.model_validate(content)
                    done.append(view.closed_at is not None and await draft_article_of(connection, view, view.closed_at))
                    last = view.number
            for drafted in done:
                yield drafted
            if len(done) < _BATCH:
                return

    def _of(self, *columns: Any) -> Select[Any]:
        joined = case_record.outerjoin(article, article.c.number == case_record.c.number)
        return select(*columns).select_from(joined).where(*self._wanted)
