"""Which rights of a PostgreSQL user are lacking; needed are SELECT, INSERT and UPDATE on every table, DELETE on some,
and sequences.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.database.tables import metadata

DELETED_FROM = ("api_request", "correction", "file", "link", "one_time_code", "web_session", "web_tries")
"""Tables whose rows go; of all others nothing is ever deleted."""
_WITHOUT_RIGHT = text("""
    SELECT string_agg(name, ', ') FROM (
        SELECT name FROM unnest(CAST(:tables AS text[])) AS name
        WHERE to_regclass(name) IS NOT NULL AND NOT (
            has_table_privilege(name, 'SELECT') AND has_table_privilege(name, 'INSERT')
            AND has_table_privilege(name, 'UPDATE')
            AND (has_table_privilege(name, 'DELETE') OR name <> ALL(CAST(:deleted_from AS text[])))
        )
        UNION ALL
        SELECT sequencename FROM pg_sequences
        WHERE schemaname = current_schema() AND sequencename IN (
            SELECT name || '_id_seq' FROM unnest(CAST(:tables AS text[])) AS name
        ) AND NOT has_sequence_privilege(format('%I.%I', schemaname, sequencename), 'USAGE')
    ) AS refused
""")


async def without_right(connection: AsyncConnection) -> str | None:
    """The tables and sequences for which this user of a server lacks a right, with commas between them."""
    tables = {"tables": list(metadata.tables), "deleted_from": list(DELETED_FROM)}
    refused: str | None = await connection.scalar(_WITHOUT_RIGHT, tables)
    return refused
