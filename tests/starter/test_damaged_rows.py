"""One damaged row never hides the others: it is shown as such, in every list and with every question to the record."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from activities.database.database import Database
from activities.queries.monitoring.metrics import STANDING, TOTALS, read_figures
from starter.admin import run
from tests.activities.database.first_release import CLOSED, MOVING, put_first_release
from worker.installation.installation import open_installation
from worker.installation.settings import IsolatedSettings

_COMMANDS = {
    "list": ["list"], "open ones": ["list", "--open"], "of a department": ["list", "--department", "sales"],
    "show the damaged": ["show", MOVING], "show the other": ["show", CLOSED], "outbox": ["outbox"],
    "stuck": ["stuck"], "reviews": ["review", "list"], "articles": ["kb", "list"], "archive": ["archive", "list"],
    "report": ["report", "--from", "2026-05-01", "--to", "2026-05-31"],
}  # fmt: skip
_FOR_PROGRAMS = ("list", "show the damaged", "outbox", "stuck")
_CASE, _FORM = "UPDATE case_record SET {} WHERE number = '{n}'", "UPDATE registration SET {} WHERE number = '{n}'"
_STEP = "UPDATE timeline SET {} WHERE number = '{n}' AND sequence = 2"
_DAMAGES = {
    "half": [(_CASE, "view = '{\"half'"), (_FORM, "form = 'half'"), (_STEP, "detail = '{\"half'")],
    "another kind": [(_CASE, "view = '[1]'"), (_FORM, "received_at = 'today'"), (_STEP, "at = 'then'")],
    "without keys": [(_CASE, "view = '{}', breached = 1"), (_STEP, "kind = 'danced'")],
    "times": [
        (_CASE, "next_due = '9999-12-31 23:59:59.000000', updated_at = 'soon', breached = 1"),
        ("UPDATE outbox SET {} WHERE number = '{n}'", "created_at = '2026-05-99'"),
    ],
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a closed case and one in motion."""
    folder = tmp_path_factory.mktemp("sound")

    async def make() -> None:
        url = f"sqlite:///{folder / 'bihuan.db'}"
        await put_first_release(url)
        database = Database.open(url, synchronous="NORMAL")
        await database.migrate()
        await database.close()

    asyncio.run(make())
    return folder / "bihuan.db"


@pytest.fixture(params=_DAMAGES)
def damaged(request: pytest.FixtureRequest, sound: Path, tmp_path: Path) -> Path:
    with closing(sqlite3.connect(sound)) as source, closing(sqlite3.connect(tmp_path / "bihuan.db")) as copy:
        source.backup(copy)
        for statement, damage in _DAMAGES[request.param]:
            copy.execute(statement.replace("{}", damage).replace("{n}", MOVING))
        copy.commit()
    return tmp_path


def test_a_damaged_row_hides_no_other(
    damaged: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(damaged)
    monkeypatch.setenv("BIHUAN_DATABASE_URL", f"sqlite:///{damaged / 'bihuan.db'}")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    for name, command in _COMMANDS.items():
        for form in ([], ["--json"]) if name in _FOR_PROGRAMS else ([],):
            code = run([*command, *form])
            answered = capsys.readouterr()
            assert (name, code, answered.err) == (name, 0, answered.err)
            assert "unexpected" not in answered.err
            if name in {"list", "outbox"}:
                assert CLOSED in answered.out and MOVING in answered.out
            if form:
                json.loads(answered.out)
    assert run(["export", "--out", "past.jsonl"]) in {0, 1}
    assert {json.loads(line)["key"] for line in Path("past.jsonl").read_text("utf-8").splitlines()} >= {CLOSED}


async def test_a_damaged_row_hides_no_figure_from_monitoring(damaged: Path) -> None:
    settings = IsolatedSettings(database_url=f"sqlite:///{damaged / 'bihuan.db'}", data=damaged)
    async with open_installation(settings) as installation, installation.database.read() as connection:
        figures = await read_figures(connection, installation.now(), (*STANDING, *TOTALS))
    assert {figure.name for figure in figures} >= {"bihuan_cases_open", "bihuan_cases_overdue", "bihuan_escalations"}
