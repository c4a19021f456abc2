"""`bihuan progress`: the owner records, the customer asks; never both at once (R16, R30)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from activities.database.database import Database
from tests.activities.queries.test_customer_view import written
from tests.activities.samples import NUMBER
from tests.starter.command_line import ON_SQLITE, bihuan, refused

NOBODY = "bihuan: there is no case with this number and contact\n"


@pytest.fixture
def folder(tmp_path: Path, record_url: str) -> Path:
    """An installation with one case whose owner has answered."""

    async def fill() -> None:
        database = Database.open(record_url)
        await database.migrate()
        one = await written(database)
        await one.send("reply", "tech-001", text="在查同步任务")
        await database.close()

    asyncio.run(fill())
    return tmp_path


def test_a_customer_reads_the_progress_in_their_language_and_programs_read_json(folder: Path) -> None:
    asked = bihuan("progress", NUMBER.lower(), "--contact", "138 0013 8000", folder=folder)
    assert (asked.returncode, asked.stderr) == (0, "")
    for part in (NUMBER, "正在处理", "技术小周", "2024-05-06 09:01", "问题答复", "在查同步任务", "您目前无需其他操作"):
        assert part in asked.stdout
    assert "being worked on" in bihuan(
        "progress", NUMBER, "--contact", "WANGFANG@example.com", "--locale", "en", folder=folder
    ).stdout  # fmt: skip
    answer = bihuan("progress", NUMBER, "--contact", "13800138000", "--json", folder=folder)
    view = json.loads(answer.stdout)
    assert (view["number"], view["status"], view["locale"]) == (NUMBER, "in_progress", "zh_CN")
    assert view["answer"]["given"] == "2024-05-06T09:01:00+08:00"


@ON_SQLITE
def test_nobody_can_tell_a_wrong_contact_from_an_unknown_number(folder: Path) -> None:
    for number, contact in ((NUMBER, "13800138001"), ("FB202405069999", "13800138000"), (NUMBER, "x"), ("?", "?")):
        for options in ([], ["--json"]):
            asked = refused("progress", number, "--contact", contact, *options, folder=folder)
            assert (asked.returncode, asked.stdout, asked.stderr) == (1, "", NOBODY)


@ON_SQLITE
@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--contact", "13800138000", "--text", "x"], 2, "--text is the owner's, --contact the customer's"),
        (["--contact", "13800138000", "--as", "tech-001"], 2, "--as is the owner's, --contact the customer's"),
        (["--contact", "13800138000", "--internal"], 2, "--internal is the owner's"),
        (["--text", "x"], 2, "--as is missing; allowed: --text or --edit, and --as; or --contact"),
        (["--as", "tech-001"], 2, "--text is missing"),
        (["--text", "x", "--as", "tech-001", "--locale", "en"], 2, "--locale goes with --contact"),
        (["--contact", " "], 1, "--contact is empty; allowed: "),
        (["--contact", "13800138000", "--locale", "fr"], 1, "--locale fr: allowed: zh_CN, en"),
    ],
)
def test_a_mixed_up_command_is_told_in_one_line_what_is_allowed(
    folder: Path, options: list[str], code: int, words: str
) -> None:
    asked = refused("progress", NUMBER, *options, folder=folder)
    assert (asked.returncode, asked.stdout) == (code, "")
    assert words in asked.stderr
    assert asked.stderr.count("\n") == 1
