"""The knowledge base, by the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starter.backend.local.installed import Installed

if TYPE_CHECKING:
    from starter.backend.port import Shown


class LocalKnowledge(Installed):
    """See `Knowledge`."""

    async def search_articles(self, text: str, *, limit: int) -> list[Shown]:
        """See `search_articles`."""
        from starter.services.knowledge import search_articles

        return await self._localized(await search_articles(self.settings, text, limit=limit))  # type: ignore[no-any-return]

    async def list_articles(self, *, status: str | None, product: str | None, limit: int) -> list[Shown]:
        """See `list_articles`."""
        from starter.services.knowledge import list_articles

        found = await list_articles(self.settings, status=status, product=product, limit=limit)
        return await self._localized(found)  # type: ignore[no-any-return]

    async def article(self, key: str) -> Shown:
        """See `read_article`."""
        from starter.services.knowledge import read_article

        return await self._localized(await read_article(self.settings, key))  # type: ignore[no-any-return]

    async def publish_article(self, key: str, *, by: str) -> Shown:
        """See `publish_article`."""
        from starter.services.knowledge import publish_article

        return await self._localized(await publish_article(self.settings, key, by=by))  # type: ignore[no-any-return]

    async def retire_article(self, key: str, *, by: str, why: str) -> Shown:
        """See `retire_article`."""
        from starter.services.knowledge import retire_article

        return await self._localized(await retire_article(self.settings, key, by=by, why=why))  # type: ignore[no-any-return]

    async def edit_article(self, key: str, *, by: str, fields: dict[str, str]) -> Shown:
        """See `edit_article`."""
        from starter.services.knowledge import edit_article

        return await self._localized(await edit_article(self.settings, key, by=by, fields=fields))  # type: ignore[no-any-return]

    async def _localized(self, value: Any) -> Any:
        return (await self.company()).localized(value)
