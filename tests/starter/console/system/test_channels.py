"""`bihuan channel list` and `bihuan channel test`, as an operator uses them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.activities.channels.made import SECRET
from tests.activities.channels.vendors.vendor_server import ok, vendor_server
from tests.starter.command_line import bihuan, refused

SETTINGS = f"""
[channels.sms]
kind = "aliyun_sms"
access_key_id = "LTAI5tExample"
access_key_secret = "{SECRET}"
sign_name = "闭环"
endpoint = "ENDPOINT"
[channels.sms.templates.created]
id = "SMS_100"
text = "您反馈的${{product}}问题已受理，编号${{number}}。"
variables = ["product", "number"]

[channels.group]
kind = "wecom_robot"
key = "{SECRET}"
endpoint = "ENDPOINT/send"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bihuan.toml").write_text(SETTINGS.replace("ENDPOINT", "http://127.0.0.1:9"), "utf-8")
    return tmp_path


def test_the_channels_are_listed_without_their_secrets(folder: Path) -> None:
    listed = bihuan("channel", "list", "--json", folder=folder)
    assert [(one["name"], one["kind"], one["messages"]) for one in json.loads(listed.stdout)] == [
        ("sms", "aliyun_sms", ["created"]),
        ("group", "wecom_robot", None),
    ]
    shown = bihuan("channel", "list", folder=folder)
    assert "20/1m" in shown.stdout
    assert SECRET not in f"{listed} {shown}"


def test_a_test_shows_what_would_be_read_and_sends_nothing(folder: Path) -> None:
    tried = bihuan("channel", "test", "sms", "--to", "138 0013 8000", folder=folder)
    assert tried.stdout.splitlines() == [
        "【闭环】您反馈的测试产品问题已受理，编号FB202601010001。",
        "nothing was sent to +8613800138000; add --send",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sms", "--to", "010-62345678"), "--to: is no mobile number; allowed: such as 13800138000"),
        (("sms", "--to", "13800138000", "--message", "result"), "no template for result; it has: created"),
        (("group", "--to", "a b"), "--to: is neither an id at that platform nor a mobile number"),
        (("telex", "--to", "x"), "there is none of that name; there are: sms, group"),
        (("sms", "--to", "13800138000", "--send"), "channel sms: put off: 127.0.0.1:9 cannot be reached"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    tried = refused("channel", "test", *arguments, folder=folder)
    assert tried.returncode == 1
    assert said in tried.stderr
    assert len(tried.stderr.splitlines()) == 1
    assert SECRET not in tried.stderr


async def test_a_test_that_is_sent_arrives_or_says_what_the_vendor_answers(tmp_path: Path) -> None:
    answers = [ok(b'{"errcode":0}'), ok(b'{"errcode":93000,"errmsg":"invalid webhook url"}'), ok(b"")]
    async with vendor_server(lambda _: answers.pop(0)) as vendor:
        (tmp_path / "bihuan.toml").write_text(SETTINGS.replace("ENDPOINT", vendor.url), "utf-8")
        arguments = ("channel", "test", "group", "--to", "li.lei", "--send")
        sent, refused, lost = [await asyncio.to_thread(bihuan, *arguments, folder=tmp_path) for _ in range(3)]
    assert (sent.returncode, sent.stdout.splitlines()[-1]) == (0, "sent to li.lei")
    assert json.loads(vendor.received[0].body)["text"]["mentioned_list"] == ["li.lei"]
    assert refused.stderr.strip() == "bihuan: channel group: refused: group: it answers 93000: invalid webhook url"
    assert "may have arrived" in lost.stderr
    assert [one.returncode for one in (refused, lost)] == [1, 1]
