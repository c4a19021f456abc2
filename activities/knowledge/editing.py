"""Writing the knowledge base: drafts made by closing cases, and the work of editors on them (R28)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.database import Database, insert_into
from activities.database.tables import article, case_record, registration, timeline
from activities.knowledge.article import Article, draft_article
from activities.knowledge.article_name import ArticleStatus, article_id
from activities.privacy.masking import Mask
from workflows.domain.case.view import CaseView
from workflows.domain.event import Event, EventKind
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.provenance import MAIN_CASE, of_event
from workflows.domain.vocabulary import OPERATOR, SYSTEM, Resolution, Role

_LEARNED_FROM: Final = (Resolution.SATISFIED, Resolution.ACCEPTED, Resolution.NEUTRAL)
"""Cases that were withdrawn had no accepted solution."""
_TEXTS: Final = ("title", "problem", "cause", "solution", "prevention")
_REQUIRED: Final = ("title", "problem", "solution", "type")
_KIND: Final = ("type", "subtype")
EDITABLE: Final = (*_TEXTS, "product", *_KIND)
"""Fields an editor may change."""


async def draft_on_closing(connection: AsyncConnection, view: CaseView, events: Sequence[Event]) -> None:
    """Draft the article of a case that one of these events closes, inside the caller's transaction."""
    closing = next((event for event in events if event.kind is EventKind.CLOSED), None)
    if closing is not None:
        await draft_article_of(connection, view, closing.at)


async def draft_article_of(connection: AsyncConnection, view: CaseView, at: datetime) -> bool:
    """Draft the article of a closed case, unless it has one, whatever an editor made of that; whether it was drafted.

    A draft that no editor has touched is written anew: the case was reopened, and has another solution now. A case
    without a recorded solution gives none, and one that was answered by its main case leaves it to that one.
    """
    if view.resolution not in _LEARNED_FROM:
        return False
    own = select(article.c.status, article.c.changes).where(article.c.number == view.number)
    known = (await connection.execute(own)).one_or_none()
    if known is not None and (known.status != ArticleStatus.DRAFT.value or len(known.changes) > 1):
        return False
    form = await connection.scalar(select(registration.c.form).where(registration.c.number == view.number))
    resolved = await connection.scalar(
        select(timeline.c.detail)
        .where(timeline.c.number == view.number, timeline.c.kind == EventKind.RESOLVED.value)
        .order_by(timeline.c.sequence.desc())
        .limit(1)
    )
    main = of_event(view.owner or "", resolved)[1].get(MAIN_CASE) if resolved else None
    if not resolved or not resolved.get("solution") or await _answered_by_main(connection, main):
        return False
    draft = draft_article(form or {}, resolved, type=view.type, subtype=view.subtype)
    written = {
        "status": ArticleStatus.DRAFT.value,
        "drafted_at": at,
        "updated_at": at,
        "changes": [_change(SYSTEM, "drafted", at)],
        **_columns(draft),
    }
    if known is not None:
        await connection.execute(update(article).where(article.c.number == view.number).values(**written))
        return True
    await connection.execute(
        insert_into(connection, article)
        .values(number=view.number, **written)
        .on_conflict_do_nothing(index_elements=["number"])
    )
    return True


async def _answered_by_main(connection: AsyncConnection, main: str | None) -> bool:
    """Whether the main case has an article, or will have one when it closes: one solution is one article."""
    if main is None:
        return False
    columns = select(case_record.c.closed_at, article.c.id).outerjoin(article, article.c.number == case_record.c.number)
    row = (await connection.execute(columns.where(case_record.c.number == main))).one_or_none()
    return row is not None and (row.closed_at is None or row.id is not None)


class NoEditorError(Problem):
    """Somebody who may not change the knowledge base."""


class KnowledgeEditing:
    """What editors do. Each change is checked against who asks for it, and kept with their name and the time."""

    def __init__(self, database: Database, organisation: Organisation | None, policy: Policy | None = None) -> None:
        """`policy` says which types there are, for those who change one."""
        self._database, self._organisation, self._policy = database, organisation, policy

    async def publish(self, key: str, *, by: str, at: datetime) -> None:
        """Publish an article: it is suggested to those who work on new cases; a retired one comes back.

        Raises:
            Problem: there is no such article, or `by` is no editor. One that is published stays so.
        """
        await self._change(key, by, at, "published", status=ArticleStatus.PUBLISHED)

    async def retire(self, key: str, *, by: str, at: datetime, why: str) -> None:
        """Retire an article: it stays readable, but no search finds it.

        Raises:
            Problem: there is no such article, or `by` is no editor. One that is retired stays so, as it was.
        """
        await self._change(key, by, at, "retired", status=ArticleStatus.RETIRED, why=why)

    async def edit(self, key: str, *, by: str, at: datetime, fields: dict[str, str]) -> None:
        """Change texts, product, type or subtype (`EDITABLE`); the customer's personal data is masked in what an
        editor writes, too. A subtype that the new type does not have is dropped.

        Raises:
            Problem: there is no such article, nothing would change, a needed text is empty, the policy does not know
                the type or subtype, or `by` is no editor.
        """
        if not fields:
            raise Problem(f"{key}: nothing to change; give at least one of {', '.join(EDITABLE)}")
        for name in _REQUIRED:
            if name in fields and not fields[name].strip():
                raise Problem(f"{key}: {name} is empty; allowed: some text")
        await self._change(key, by, at, "edited", fields=fields)

    async def _change(
        self,
        key: str,
        by: str,
        at: datetime,
        what: str,
        *,
        status: ArticleStatus | None = None,
        fields: dict[str, str] | None = None,
        why: str | None = None,
    ) -> None:
        self._must_be_editor(by)
        row = article.c.id == article_id(key)
        async with self._database.begin() as connection:
            found = (await connection.execute(select(article).where(row).with_for_update())).mappings().first()
            if found is None:
                raise Problem(f"{key}: there is no such article; bihuan kb list shows them")
            if status is not None and found["status"] == status.value:
                # Such as another editor's, at the same time: what was asked for holds.
                return
            after = {name: found[name] for name in Article.model_fields}
            if fields:
                form = await connection.scalar(
                    select(registration.c.form).where(registration.c.number == found["number"])
                )
                mask = Mask(form or {})
                after |= {name: mask(text.strip()) for name, text in fields.items() if name not in _KIND}
                after["product"] = after["product"] or None
                after |= self._kind(after, fields)
            now = status or ArticleStatus(found["status"])
            columns = _columns(Article(**after))
            if now is ArticleStatus.RETIRED:
                columns |= {"words": [], "size": 0}
            changed = sorted(name for name in after if after[name] != found[name])
            entry = _change(by, what, at, **({"fields": changed} if fields else {}), **({"why": why} if why else {}))
            await connection.execute(
                update(article)
                .where(row)
                .values(status=now.value, updated_at=at, changes=[*found["changes"], entry], **columns)
            )

    def _kind(self, present: dict[str, Any], fields: dict[str, str]) -> dict[str, str | None]:
        if self._policy is None or not fields.keys() & set(_KIND):
            return {}
        type_ = fields.get("type", present["type"]).strip()
        subtype = fields.get("subtype", "").strip()
        if "subtype" not in fields and present["subtype"]:
            kept = self._policy.type_terms(f"{type_}/{present['subtype']}")
            subtype = kept.subtype or "" if kept else ""
        terms = self._policy.known_type(f"{type_}/{subtype}" if subtype else type_)
        return {"type": terms.type, "subtype": terms.subtype}

    def _must_be_editor(self, by: str) -> None:
        if by == OPERATOR:
            return
        organisation = self._organisation
        person = organisation.person(by) if organisation else None
        if organisation is None or person is None:
            raise NoEditorError(f"{by!r} is nobody in the organisation; allowed: the id of an editor, or {OPERATOR}")
        if not is_editor(organisation, by):
            raise NoEditorError(
                f"{by} may not change the knowledge base; allowed: a head, or a person with the role editor"
            )


def is_editor(organisation: Organisation | None, person: str) -> bool:
    """Whether that person may change the knowledge base: heads may by their place."""
    if organisation is None or organisation.person(person) is None:
        return False
    return bool(organisation.member(person).roles & {Role.EDITOR, Role.HEAD})


def _columns(content: Article) -> dict[str, Any]:
    words = content.index()
    return content.model_dump() | {"words": words, "size": len(words)}


def _change(by: str, what: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {"at": at.isoformat(), "by": by, "what": what, **more}
