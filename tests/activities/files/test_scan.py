"""Files are scanned where a scanner is set up, later where it was away, and what is infected is marked so (R41)."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.database.database import Database
from activities.files.ledger import FileLedger
from activities.files.scan import Scanner, ScannerAwayError
from activities.files.upkeep import FileUpkeep
from tests.activities.files import made
from tests.activities.files.clamd import Clamd
from tests.activities.files.test_reception import received, reception_of, stored
from tests.activities.samples import register_case
from tests.worker.ports import free_ports
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import ScanState


def scanner(address: str) -> Scanner:
    found = Scanner.of(address)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["tcp", "unix"])
async def test_what_arrives_is_scanned_at_once(database: Database, tmp_path: Path, kind: str) -> None:
    clamd = Clamd()
    async with clamd.listening(tmp_path / "clamd.sock" if kind == "unix" else None) as address:
        reception = replace(reception_of(database, tmp_path), scanner=scanner(address))
        await scanner(address).ping()
        assert (await received(reception)).scan is ScanState.CLEAN
        assert (await received(reception, "eicar.txt", made.EICAR)).scan is ScanState.INFECTED
    assert clamd.scanned == [made.picture(), made.EICAR]


async def test_what_came_while_the_scanner_was_away_is_scanned_by_a_sweep(database: Database, tmp_path: Path) -> None:
    away = scanner(f"tcp://127.0.0.1:{free_ports(1)[0]}")
    reception = replace(reception_of(database, tmp_path), scanner=away)
    clean, infected = await received(reception), await received(reception, "eicar.txt", made.EICAR)
    assert {clean.scan, infected.scan} == {ScanState.UNSCANNED}
    (fault,) = await FileUpkeep(reception).sweep(datetime.now(UTC))
    assert "stay unscanned" in fault
    async with Clamd().listening() as address:
        upkeep = FileUpkeep(replace(reception, scanner=scanner(address)))
        assert await upkeep.sweep(datetime.now(UTC)) == []
    rows = await FileLedger(database).some([clean.id, infected.id])
    assert (rows[clean.id].scan, rows[infected.id].scan) == (ScanState.CLEAN, ScanState.INFECTED)


async def test_what_the_scanner_does_not_look_at_holds_up_no_other(database: Database, tmp_path: Path) -> None:
    clamd = Clamd(largest=1000)
    reception = reception_of(database, tmp_path)
    large = await received(reception, "large.txt", b"x" * 900_000)
    small = await received(reception)
    async with clamd.listening() as address:
        upkeep = FileUpkeep(replace(reception, scanner=scanner(address)))
        for _ in range(2):
            assert await upkeep.sweep(datetime.now(UTC)) == []
    rows = await FileLedger(database).some([large.id, small.id])
    assert (rows[large.id].scan, rows[small.id].scan) == (ScanState.UNSCANNED, ScanState.CLEAN)


async def test_a_scanner_that_hangs_up_is_away() -> None:
    async with Clamd(silent=True).listening() as address:
        with pytest.raises(ScannerAwayError, match="hangs up"):
            await scanner(address).ping()


@pytest.mark.parametrize(
    "address", ["localhost:3310", "tcp://localhost", "tcp://a:0", "tcp://a:70000", "unix://x", "http://a:1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(Problem, match="allowed: tcp://host:port or unix:///path"):
        Scanner.of(address)


async def test_what_belongs_to_nothing_is_swept_once_it_is_a_day_old(database: Database, tmp_path: Path) -> None:
    reception, ledger = reception_of(database, tmp_path), FileLedger(database)
    kept = await received(reception)
    await ledger.bind(await register_case(database), [kept.id])
    await received(reception, "staged.pdf", made.PDF)
    orphan = tmp_path / "files" / "ab" / ("ab" + "0" * 62)
    orphan.parent.mkdir(exist_ok=True)
    part = reception.store.incoming / "killed.part"
    for path in (orphan, part):
        path.write_bytes(b"x")
    now = datetime.now(UTC)
    upkeep = FileUpkeep(reception)
    assert await upkeep.sweep(now) == []
    assert len(stored(tmp_path)) == 4
    old = (now - timedelta(days=2)).timestamp()
    for path in (tmp_path / "files").rglob("*"):
        os.utime(path, (old, old))
    assert await upkeep.sweep(now) == []
    assert len(stored(tmp_path)) == 4  # looked through within the hour
    assert await upkeep.sweep(now + timedelta(hours=25)) == []
    assert stored(tmp_path) == [f"{(kept.sha256 or '')[:2]}/{kept.sha256}"]
