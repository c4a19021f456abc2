"""The knowledge base: searched, listed, kept by editors, and filled from cases that were closed before it (R28)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from activities.database.url import DatabaseUrl
from activities.knowledge.article_name import ArticleStatus
from activities.knowledge.search import ArticleSearch
from worker.installation.company_time import RecordSettings

if TYPE_CHECKING:
    from activities.knowledge.editing import KnowledgeEditing
    from starter.services.progress import Progress
    from worker.installation.settings import Settings
    from workflows.domain.organisation.organisation import Organisation

ARTICLE_STATUSES = tuple(map(str, ArticleStatus))
"""Drafts wait for an editor, published ones are suggested, retired ones are found by no search."""


async def search_articles(settings: RecordSettings, text: str, *, limit: int) -> list[dict[str, Any]]:
    """See `ArticleSearch.search`."""
    return await _articles(settings).search(text, limit=limit)


async def list_articles(
    settings: RecordSettings, *, status: str | None = None, product: str | None = None, limit: int
) -> list[dict[str, Any]]:
    """See `ArticleSearch.list`."""
    return await _articles(settings).list(status=status, product=product, limit=limit)


async def read_article(settings: RecordSettings, key: str) -> dict[str, Any]:
    """See `ArticleSearch.get`."""
    return await _articles(settings).get(key)


async def publish_article(settings: Settings, key: str, *, by: str) -> dict[str, Any]:
    """Put an article in force; answers it as it is then. See `KnowledgeEditing.publish`."""
    async with _editing(settings) as (editing, now):
        await editing.publish(key, by=by, at=now)
    return await read_article(settings, key)


async def retire_article(settings: Settings, key: str, *, by: str, why: str) -> dict[str, Any]:
    """Take an article out of every search; answers it as it is then. See `KnowledgeEditing.retire`."""
    async with _editing(settings) as (editing, now):
        await editing.retire(key, by=by, at=now, why=why)
    return await read_article(settings, key)


async def edit_article(settings: Settings, key: str, *, by: str, fields: dict[str, str]) -> dict[str, Any]:
    """Change an article; answers it as it is then. See `KnowledgeEditing.edit`."""
    async with _editing(settings) as (editing, now):
        await editing.edit(key, by=by, at=now, fields=fields)
    return await read_article(settings, key)


def may_edit(organisation: Organisation | None, person: str) -> bool:
    """Whether that person is an editor; see `KnowledgeEditing`."""
    from activities.knowledge.editing import is_editor

    return is_editor(organisation, person)


async def learn_articles(settings: Settings, since: datetime | None, progress: Progress) -> AsyncIterator[bool]:
    """Draft articles of closed cases that have none; for each case whether it had something to teach. What is drafted
    stays so, wherever this is stopped.
    """
    from activities.knowledge.backfill import ArticleBackfill
    from worker.installation.installation import open_installation

    async with open_installation(settings) as installation:
        backfill = ArticleBackfill(installation.database, since)
        with progress(await backfill.count()) as advance:
            async for is_drafted in backfill.draft_all():
                yield is_drafted
                advance()


def _articles(settings: RecordSettings) -> ArticleSearch:
    return ArticleSearch(DatabaseUrl.parse(settings.database))


@asynccontextmanager
async def _editing(settings: Settings) -> AsyncIterator[tuple[KnowledgeEditing, datetime]]:
    """What editors do, and the cases' time. Imported here: searching needs no database library."""
    from activities.knowledge.editing import KnowledgeEditing
    from worker.installation.installation import open_installation

    async with open_installation(settings) as installation:
        organisation = await installation.directory.current()
        yield KnowledgeEditing(installation.database, organisation, installation.policy), installation.now()
