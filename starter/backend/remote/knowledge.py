"""The knowledge base, by the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starter.backend.remote.server import RemoteServer

if TYPE_CHECKING:
    from starter.backend.port import Shown


class RemoteKnowledge(RemoteServer):
    """See `Knowledge`."""

    async def search_articles(self, text: str, *, limit: int) -> list[Shown]:
        """At most 200 articles."""
        found: list[Shown] = self._api.get("/kb", q=text, limit=min(limit, 200))["articles"]
        return found

    async def list_articles(self, *, status: str | None, product: str | None, limit: int) -> list[Shown]:
        """At most 10,000 articles."""
        query = {"status": status, "product": product, "limit": min(limit, 10_000)}
        found: list[Shown] = self._api.get("/kb/articles", **query)["articles"]
        return found

    async def article(self, key: str) -> Shown:
        """One article."""
        found: Shown = self._api.get(f"/kb/articles/{quote(key, safe='')}")
        return found

    async def publish_article(self, key: str, *, by: str) -> Shown:
        """Publish an article as the person of the token."""
        return self._changed(key, "publish", by, {})

    async def retire_article(self, key: str, *, by: str, why: str) -> Shown:
        """Retire an article as the person of the token."""
        return self._changed(key, "retire", by, {"why": why})

    async def edit_article(self, key: str, *, by: str, fields: dict[str, str]) -> Shown:
        """Change an article as the person of the token."""
        return self._changed(key, "edit", by, fields)

    def _changed(self, key: str, what: str, by: str, fields: dict[str, Any]) -> Shown:
        self.check_sender(by)
        found: Shown = self._api.post(f"/kb/articles/{quote(key, safe='')}/{what}", fields).value
        return found
