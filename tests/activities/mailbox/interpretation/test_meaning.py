"""Whose case a mail belongs to, what is said of it, and to whom no answer goes (R42)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from activities.mailbox.interpretation.meaning import MailMeaning, understand
from activities.mailbox.interpretation.threading import OwnAddresses
from tests.activities.mailbox.known import AGENT, LI_NA, OWN, ROOT_A, ROOT_B, TOKEN, US, WANG, A, B, MadeUpCases


async def read(*, text: str = "还没修好。", **fields: str) -> MailMeaning:
    """`references` is the field References; `_` stands for `-`."""
    return await understand(raw(text, fields), MadeUpCases(), OWN)


def raw(text: str, fields: Mapping[str, str]) -> bytes:
    head = {"from": WANG, "to": US, "subject": "您好", "message-id": "<1@example.cn>"} | {
        name.replace("_", "-"): value for name, value in fields.items()
    }
    return ("\r\n".join(f"{name}: {value}" for name, value in head.items()) + "\r\n\r\n" + text).encode()


async def test_a_secret_address_goes_before_references_and_references_before_a_number() -> None:
    by_token = await read(to=f"support+r.{TOKEN}@example.com", references=ROOT_A, subject=f"Re: [{A}]")
    by_reference = await read(references=ROOT_A, subject=f"Re: [{A}]")
    by_number = await read(subject=f"Re: [{A}]")

    assert [(one.case, one.by) for one in (by_token, by_reference, by_number)] == [
        (A, "token"), (A, "references"), (A, "number"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"to": f"support+r.{TOKEN}@example.com", "references": ROOT_B},
        {"to": f"support+r.{TOKEN}@example.com", "subject": f"Re: [{B}]"},
        {"references": ROOT_A, "subject": f"Re: [{B}]"},
        {"references": f"{ROOT_A} {ROOT_B}"},
    ],
)
async def test_a_mail_that_points_to_two_cases_becomes_one_of_its_own_that_says_so(fields: dict[str, str]) -> None:
    found = await read(**fields)

    assert (found.kind, found.case, found.mentions) == ("new", None, (A, B))
    assert f"points to several cases: {A}, {B}" in found.line()


async def test_a_number_of_others_is_named_and_nothing_else() -> None:
    found = await read(**{"from": LI_NA}, subject=f"关于 {A} 我也一样")

    assert (found.kind, found.case, found.mentions) == ("new", None, (A,))
    assert found.note == f"names {A}, but its sender is no contact of it"


async def test_a_number_that_nobody_has_does_not_keep_an_answer_from_its_case() -> None:
    found = await read(references=ROOT_A, subject="Re: FB209912319999")

    assert (found.kind, found.case) == ("reply", A)


async def test_a_sender_that_the_server_disbelieves_joins_no_case_by_its_number_and_gets_no_answer() -> None:
    found = await read(subject=f"[{A}]", authentication_results="mx.example.com; dmarc=fail")

    assert (found.kind, found.case, found.mentions, found.answerable) == ("new", None, (A,), False)
    assert "could not be proved" in found.note


async def test_somebody_else_in_the_thread_is_said_to_be_no_contact() -> None:
    found = await read(**{"from": "colleague@example.cn"}, references=ROOT_A)

    assert (found.kind, found.case, found.note) == ("reply", A, "the sender is no contact of the case")


async def test_a_mail_from_an_address_of_staff_is_a_note_and_says_so() -> None:
    found = await read(**{"from": AGENT}, references=ROOT_A, text=f"close {A}")

    assert (found.kind, found.case, found.by_staff) == ("reply", A, True)
    assert "a note, not a command" in found.note


@pytest.mark.parametrize(
    "fields",
    [
        {"auto_submitted": "auto-replied"},
        {"list_id": "<x.example.org>"},
        {"x_spam_flag": "YES"},
        {"from": US},
        {"x_bihuan_loop": US},
        {"from": "no-reply@example.org"},
        {"message_id": ROOT_A},
        {"return_path": "<>"},
    ],
)
async def test_no_robot_list_or_mail_of_ours_is_answered(fields: dict[str, str]) -> None:
    assert not (await read(**fields)).answerable


async def test_a_person_is_answered() -> None:
    assert (await read(auto_submitted="no")).answerable


async def test_a_group_that_leads_to_us_is_no_list() -> None:
    mail = raw("机器停了。", {"from": LI_NA, "list_id": "<service-group.example.com>"})
    kinds = [(await understand(mail, MadeUpCases(), own)).kind for own in (OWN, OwnAddresses(frozenset({US})))]

    assert kinds == ["new", "list"]


async def test_where_nothing_is_surely_theirs_all_is_kept_but_no_secret_of_a_link() -> None:
    quoted = "> 查看进度：https://support.example.com/l/mfrggzdfmztwq2lkmjzgq4tvpi"
    found = await read(references=ROOT_A, text=f"在 2026-11-26 10:02，客户服务 <{US}> 写道：\r\n{quoted}\r\n")

    assert found.words is False
    assert "no words of their own" in found.note
    assert "查看进度：https://support.example.com/l/…" in found.text
    assert "mfrgg" not in found.text


async def test_a_new_mail_keeps_what_it_forwards_and_quotes() -> None:
    text = "请处理。\r\n\r\n发件人: 赵六\r\n发送时间: 昨天\r\n收件人: 李娜\r\n主题: 空调\r\n\r\n空调不冷。"
    found = await read(**{"from": LI_NA}, text=text)

    assert found.text == text.replace("\r\n", "\n")


async def test_the_line_of_a_mail_cannot_rewrite_a_terminal() -> None:
    found = await read(subject="=?utf-8?B?G1sySuKAriAKeA==?=", text="\x1b[2J\u202e\r\nx")

    assert found.line().isprintable()
    assert found.line().startswith("new · from wang.xiaoming@example.cn · ")
