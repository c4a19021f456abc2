"""Tokens, the audit log and idempotency keys, in the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from activities.database.database import Database
from activities.database.tables import audit, token
from activities.identity.audit import note, read_audit
from activities.identity.audit_note import note_briefly
from activities.identity.requests import Requests
from activities.identity.token import new_token, token_hash
from activities.identity.tokens import Token, Tokens
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import AuditKind, TokenRight

NOW = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)


async def _made(database: Database) -> tuple[Token, str]:
    async with database.begin() as connection:
        return await Tokens(database).make(
            connection, person="tech-001", system=None, rights=[TokenRight.READ], made_by="operator (x)",
            expires_at=NOW + timedelta(days=1), now=NOW,
        )  # fmt: skip


def test_a_token_survives_upper_case_and_nothing_else_is_one() -> None:
    one, other = new_token(), new_token()
    assert one.startswith("bh_")
    assert one != other
    assert token_hash(f" {one.upper()} ") == token_hash(one) != token_hash(other)
    assert [token_hash(text) for text in ("", "bh_", one[:-1], f"{one}x", "bh_" + "1" * 52)] == [None] * 5


async def test_whoever_reads_the_record_has_no_token(database: Database) -> None:
    made, secret = await _made(database)
    async with database.read() as connection:
        (row,) = (await connection.execute(select(token))).all()
    assert secret not in repr(row)
    assert secret[3:] not in repr(row)
    assert await Tokens(database).find(secret) == made
    assert await Tokens(database).find(new_token()) is None


async def test_the_last_use_is_known_to_the_minute_and_written_no_oftener(database: Database) -> None:
    tokens = Tokens(database)
    made, secret = await _made(database)
    for seconds in (0, 30, 59):
        found = await tokens.find(secret)
        assert found is not None
        await tokens.note_use(found, NOW + timedelta(seconds=seconds))
    # Another process read the row before.
    await tokens.note_use(made, NOW + timedelta(seconds=59))
    (listed,) = await tokens.list()
    assert listed.used_at == NOW
    await tokens.note_use(listed, NOW + timedelta(seconds=60))
    assert (await tokens.list())[0].used_at == NOW + timedelta(seconds=60)


async def test_a_token_is_revoked_once(database: Database) -> None:
    tokens, (made, _) = Tokens(database), await _made(database)
    async with database.begin() as connection:
        revoked = await tokens.revoke(connection, made.id, NOW)
        again = await tokens.revoke(connection, made.id, NOW + timedelta(hours=1))
        assert await tokens.revoke(connection, "none", NOW) is None
    assert revoked == again
    assert revoked is not None
    assert revoked.revoked_at == NOW


async def test_nobody_changes_what_the_audit_log_says(database: Database) -> None:
    async with database.begin() as connection:
        await note(connection, AuditKind.MADE, NOW, actor="operator (a\nb)", subject="t1", rights=["read"])
    await note_briefly(database.address, AuditKind.ACTED_FOR, actor="operator", subject="customer", number="FB\x00")
    first, second = await read_audit(database, limit=10)
    assert (first.at, first.kind, first.actor, first.detail) == (
        NOW,
        "token_made",
        "operator (a b)",
        {"rights": ["read"]},
    )
    assert (second.kind, second.subject, second.detail) == ("acted_for", "customer", {"number": "FB\ufffd"})
    assert abs(datetime.now(UTC) - second.at) < timedelta(minutes=1)
    assert [entry.id for entry in await read_audit(database, limit=1)] == [second.id]
    for statement in (update(audit).values(actor="nobody"), delete(audit)):
        with pytest.raises((Problem, DBAPIError), match="only added to"):
            async with database.begin() as connection:
                await connection.execute(statement)
    assert [entry.actor for entry in await read_audit(database, limit=10)] == ["operator (a b)", "operator"]


async def test_a_key_is_one_request_of_one_caller(database: Database) -> None:
    requests = Requests(database)
    assert await requests.is_same("tech-001", "k", "a", NOW)
    assert await requests.is_same("tech-001", "k", "a", NOW)
    assert not await requests.is_same("tech-001", "k", "b", NOW)
    assert await requests.is_same("tech-002", "k", "b", NOW)
    await requests.sweep(NOW + timedelta(days=31))
    assert await requests.is_same("tech-001", "k", "b", NOW + timedelta(days=31))
