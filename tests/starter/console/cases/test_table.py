"""`bihuan open --csv`: a table as spreadsheets write it goes in row by row (R1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.record import execute
from tests.starter.command_line import bihuan, make_installation, refused

_AWAY = {"TEMPORAL_ADDRESS": "127.0.0.1:1"}
_TABLE = """受理渠道,客户姓名,电话,产品或服务,问题现象,是否影响正常使用,发生时间,备注
热线,张三,13800138000,收银台,打印不出来,是,2026/5/11 9:30,-
热线,李四,123,收银台,打印不出来,是,,-

热线,王五,13800138001,"收银,台","打不开
第二行",maybe,,-
微信群,赵六,13800138002,收银台,打不开,否,,-
热线,钱七,13800138003,收银台,打不开,否,,-,多
热线,孙八,13800138004,收银台,打不开,否,,
"""
_MAPPED = ("--map", "电话=customer.phone", "--map", "备注=")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("table")
    make_installation(folder)
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gb18030 with a mark", "utf-16"])
def test_rows_at_fault_are_named_with_their_line_and_the_others_go_in_once(folder: Path, encoding: str) -> None:
    text = "\ufeff" + _TABLE if "mark" in encoding else _TABLE
    (folder / "t.csv").write_bytes(text.encode(encoding.partition(" ")[0]))
    tried = bihuan("open", "--csv", "t.csv", *_MAPPED, "--dry-run", folder=folder)
    assert (tried.returncode, tried.stdout) == (1, "2 would go in, 4 are at fault; nothing was registered\n")
    first = bihuan("open", "--csv", "t.csv", *_MAPPED, "--json", folder=folder, environment=_AWAY)
    tally = json.loads(first.stdout)
    assert first.returncode == 1
    assert tally["created"] + tally["known"] == 2
    assert [(one["line"], one["error"].partition(": ")[0]) for one in tally["failed"]] == [
        (3, "form"), (5, "impact.blocks_normal_use"), (7, "form"), (8, "has '多' beyond the last column; allowed"),
    ]  # fmt: skip
    assert "bihuan: line 3: form: customer.phone: '123' is no phone number" in first.stderr
    again = bihuan("open", "--csv", "t.csv", *_MAPPED, "--json", folder=folder, environment=_AWAY)
    assert (json.loads(again.stdout)["created"], json.loads(again.stdout)["known"]) == (0, 2)
    cases = json.loads(bihuan("list", "--json", folder=folder).stdout)
    assert {case["form"]["customer"]["name"] for case in cases} == {"张三", "孙八"}


def test_what_every_row_has_is_said_once_and_headings_may_be_keys(folder: Path) -> None:
    (folder / "k.csv").write_text("customer.name;customer.email;Priority\n钱多多;qian@example.com;P1\n", "utf-8")
    made = bihuan("open", "--csv", "k.csv", "--set", "channel=hotline", folder=folder, environment=_AWAY)
    assert (made.returncode, made.stdout) == (0, "1 new, 0 known already, 0 failed\n")


def _numbers(folder: Path) -> list[Any]:
    """Of all that is registered."""
    return execute(f"sqlite:///{folder / 'bihuan-data' / 'bihuan.db'}", "SELECT number FROM registration")


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("客户姓名,备注\n", (), "t.csv: column '备注': is no key of the form; allowed: --map 备注=KEY"),
        ("客户姓名\n", ("--map", "备注=product"), "--map 备注: there is no such column; allowed: 客户姓名"),
        ("客户姓名\n", ("--map", "客户姓名=customer.nam"), "--map 客户姓名=customer.nam: 'customer.nam' is no key"),
        ("客户姓名\n", ("--set", "chanel=x"), "--set chanel: 'chanel' is no key of the form"),
        ("客户姓名,customer.name\n", (), "t.csv: column 'customer.name': customer.name has a column already"),
        ("客户姓名\n", ("--map", "客户姓名"), "--map 客户姓名: expected 列名=key"),
        ("", (), "t.csv: is empty; allowed: a header row"),
        ('"客户姓名\n', (), "t.csv: line 1: is no header row: unexpected end of data"),
        ("\x00", (), "t.csv: "),
    ],
)
def test_a_table_that_is_not_understood_is_one_line_and_nothing_is_registered(
    folder: Path, content: str, options: tuple[str, ...], said: str
) -> None:
    before = _numbers(folder)
    (folder / "t.csv").write_text(content, "utf-8")
    answer = refused("open", "--csv", "t.csv", *options, folder=folder, environment=_AWAY)
    assert (answer.returncode, answer.stdout) == (1, ""), answer
    assert answer.stderr.startswith(f"bihuan: {said}"), answer.stderr
    assert answer.stderr.count("\n") == 1
    assert _numbers(folder) == before


def test_a_quote_that_never_ends_names_its_line(folder: Path) -> None:
    (folder / "q.csv").write_text('channel,customer.name,customer.phone\nhotline,"张,13800138000\n', "utf-8")
    answer = refused("open", "--csv", "q.csv", "--dry-run", folder=folder)
    assert "bihuan: line 2: is no row of the table: unexpected end of data" in answer.stderr
