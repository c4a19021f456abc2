"""How long the record takes to answer a scrape of `/metrics`.

    python -m benchmarks.scrape [--cases 10000] [--database URL] [--json]

So many made-up cases are written into an empty database (a SQLite file of its own unless one is named), all of them
open, one in ten with a missed deadline, each with eight messages of four kilobytes. Then the figures that are asked
every five seconds, and those that are asked every minute, are read three times; the slowest counts.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from activities.batches import batched
from activities.database.database import Database
from activities.database.tables import case_record, outbox, registration, timeline
from activities.queries.monitoring.metrics import STANDING, TOTALS, read_figures
from benchmarks.made_up import write
from starter.console.screen import print_json

_BEGINS = datetime(2026, 4, 1, tzinfo=UTC)
_DAYS = 60
_MESSAGES = 8
_BATCH = 500
_STATUSES = ("dispatched", "in_progress", "awaiting_confirmation")
_CHANNELS = ("email", "wecom")
_TEXT = "尊敬的客户,您的问题已受理。" * 95


async def measure(url: str, cases: int) -> dict[str, Any]:
    """Rows, and the seconds of each of the two groups of figures."""
    database = Database.open(url, synchronous="NORMAL")
    try:
        await database.migrate()
        await write(database, cases, _BEGINS, _DAYS)
        await _open_all(database)
        now = _BEGINS + timedelta(days=_DAYS)
        async with database.read() as connection:
            counts = {
                table.name: await connection.scalar(select(func.count()).select_from(table))
                for table in (case_record, timeline, outbox)
            }
            seconds = {}
            for name, readers in (("standing", STANDING), ("totals", TOTALS)):
                took = []
                for _ in range(3):
                    begun = time.perf_counter()
                    await read_figures(connection, now, readers)
                    took.append(time.perf_counter() - begun)
                seconds[name] = round(max(took), 3)
    finally:
        await database.close()
    return {"database": database.address.kind, "rows": counts, "seconds": seconds}


async def _open_all(database: Database) -> None:
    async with database.read() as connection:
        numbers = list(await connection.scalars(select(registration.c.number)))
    for some in batched(enumerate(numbers), _BATCH):
        async with database.begin() as connection:
            await connection.execute(case_record.insert(), [_case(index, number) for index, number in some])
            await connection.execute(
                outbox.insert(),
                [_message(index, number, which) for index, number in some for which in range(_MESSAGES)],
            )


def _case(index: int, number: str) -> dict[str, Any]:
    late, status = index % 10 == 0, _STATUSES[index % 3]
    at = _BEGINS.isoformat()
    view = {
        "number": number, "status": status, "reopened": 0, "responded_at": None, "deadlines": [], "text": _TEXT,
        "breaches": [{"clock": "resolution", "cycle": 0, "due": at, "at": at}] if late else [],
    }  # fmt: skip
    return {
        "number": number, "sequence": 9, "status": status, "priority": f"P{index % 4}", "type": "technical",
        "escalation_level": index % 10 == 0, "acknowledged": False, "breached": late, "view": view,
        "next_due": _BEGINS + timedelta(days=_DAYS, minutes=index), "opened_at": _BEGINS, "updated_at": _BEGINS,
    }  # fmt: skip


def _message(index: int, number: str, which: int) -> dict[str, Any]:
    words = ("event", "message", "audience", "recipient", "address", "name", "locale", "subject", "short")
    return {
        **dict.fromkeys(words, "made up"), "key": f"{number}:{which}", "number": number, "sequence": which,
        "channel": _CHANNELS[which % 2], "text": _TEXT, "html": _TEXT, "attempts": 1, "created_at": _BEGINS,
        "status": "pending" if index % 100 == 0 else "sent",
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--database", help="URL of an empty one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bihuan-scrape-") as folder:
        measured = asyncio.run(measure(options.database or f"sqlite:///{folder}/bihuan.db", options.cases))
    if options.json:
        print_json(measured)
        return
    rows = ", ".join(f"{count} {table}" for table, count in measured["rows"].items())
    print(f"{measured['database']}: {rows}")
    for name, seconds in measured["seconds"].items():
        print(f"  {name:10} {seconds} s")


if __name__ == "__main__":
    main()
