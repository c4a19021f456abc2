"""Mails of some forty programs, of robots and of strangers: each is what it is, and says what its writer wrote (R42).

`mails/` holds them raw, written by hand and made up; `expected.jsonl`, `more.jsonl` and `others.jsonl` say what each
has to be read as.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.mailbox.interpretation.meaning import MailMeaning, understand
from tests.activities.mailbox.hostile import LARGE
from tests.activities.mailbox.known import OWN, ROOT_A, ROOT_B, TOKEN, MadeUpCases

MAILS = Path(__file__).parent.parent / "mails"
_QUOTED = ("我们已收到您反映的问题", "We have received your issue", "LINKTOKEN", "2 小时内首次答复")
_ABSENT = {"gmail-inline.eml": ("请补充两点", "哪一个柜子"), "only-signature.eml": ("LINKTOKEN",)}
_OTHER_KINDS = {"h-from-empty.eml": {"new"}, "new-spam-like.eml": {"refuse"}}
_FREE_NAMES = {"att-crlf-in-name.eml", "att-no-name.eml", "new-calendar-invite.eml", "person-forwards-bounce.eml"}
_REAL = (
    (b"<ROOT-FB202611260001@support.example.com>", ROOT_A.encode()),
    (b"<ROOT-FB202611260002@support.example.com>", ROOT_B.encode()),
    (b"support+r.TOKEN@", f"support+r.{TOKEN}@".encode()),
    (b"support+r.token@", f"support+r.{TOKEN}@".encode()),
)


def _expected(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (MAILS / name).read_text(encoding="utf-8").splitlines()]


def _raw(name: str) -> bytes:
    raw = LARGE[name]() if name in LARGE else (MAILS / name).read_bytes()
    for made_up, real in _REAL:
        raw = raw.replace(made_up, real)
    return raw


def _bare(text: str) -> str:
    return "".join(text.replace("―", "—").split())


def _holds(text: str, lines: str | None) -> bool:
    at, bare = 0, _bare(text)
    for line in map(_bare, (lines or "").split("\n")):
        at = bare.find(line, at)
        if at < 0:
            return False
        at += len(line)
    return True


def _check(found: MailMeaning, expected: dict[str, Any]) -> None:
    name = expected["file"]
    kinds = {expected["kind"]} | _OTHER_KINDS.get(name, set())
    assert (found.kind.value in kinds, found.case) == (True, expected["case"]), found.line()
    assert _holds(found.text, expected["text"]), found.text
    absent = expected.get("absent", _ABSENT.get(name, _QUOTED))
    if found.kind == "reply" or "absent" in expected:
        assert not [words for words in absent if _bare(words) in _bare(found.text)], found.text
    if "attachments" in expected and found.kind in ("new", "reply") and name not in _FREE_NAMES:
        assert found.mail is not None
        assert sorted(file.given for file in found.mail.files) == sorted(expected["attachments"])
    if "failed" in expected:
        assert list(found.failed) == expected["failed"]


@pytest.mark.parametrize("expected", _expected("expected.jsonl"), ids=lambda expected: expected["file"])
async def test_a_mail_is_what_it_is_and_says_what_its_writer_wrote(expected: dict[str, Any]) -> None:
    found = await understand(_raw(expected["file"]), MadeUpCases(), OWN)

    _check(found, expected)
    if found.mail is not None and expected["sender"]:
        local, _, domain = expected["sender"].rpartition("@")
        assert found.mail.sender == f"{local}@{domain.lower()}"


@pytest.mark.parametrize(
    "expected", _expected("more.jsonl") + _expected("others.jsonl"), ids=lambda expected: expected["file"]
)
async def test_a_mail_of_another_program_is_what_it_is(expected: dict[str, Any]) -> None:
    _check(await understand(_raw(expected["file"]), MadeUpCases(), OWN), expected)
