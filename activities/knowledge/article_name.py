"""Names (`KB0001`) and states of articles, apart from what drafts one, so that commands load quickly (R28)."""

from __future__ import annotations

from enum import StrEnum

from workflows.domain.problem import Problem


class ArticleStatus(StrEnum):
    """How far an article is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


def article_key(id: int) -> str:  # noqa: A002
    """The name of an article for people: `KB0001`."""
    return f"KB{id:04d}"


def article_id(key: str) -> int:
    """The id behind `KB0001` (or `1`).

    Raises:
        Problem: it is no such name.
    """
    digits = key.strip().upper().removeprefix("KB")
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:12]) < 2**31):
        raise Problem(f"{key[:40]!r} names no article; allowed: such as KB0001 (bihuan kb list shows them)")
    return int(digits)
