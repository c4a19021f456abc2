"""Mails of some forty programs, robots and strangers: each has to be what it is, and say what its writer wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.mailbox.meaning import MailMeaning, understand
from tests.activities.mailbox.hostile import LARGE
from tests.activities.mailbox.known import OWN, MadeUpCases
from tests.activities.mailbox.made_up import MADE_UP, ROOT_A, ROOT_B, TOKEN, MadeUp

MAILS = Path(__file__).parent / "mails"
EXPECTED: list[dict[str, Any]] = [
    json.loads(line) for line in (MAILS / "expected.jsonl").read_text(encoding="utf-8").splitlines()
]
_QUOTED = ("我们已收到您反映的问题", "We have received your issue", "LINKTOKEN", "2 小时内首次答复")
_ABSENT = {"gmail-inline.eml": ("请补充两点", "哪一个柜子"), "only-signature.eml": ("LINKTOKEN",)}
_OTHER_KINDS = {"h-from-empty.eml": {"new"}, "new-spam-like.eml": {"refuse"}}
_FREE_NAMES = {"att-crlf-in-name.eml", "att-no-name.eml", "new-calendar-invite.eml", "person-forwards-bounce.eml"}


def _raw(name: str) -> bytes:
    raw = LARGE[name]() if name in LARGE else (MAILS / name).read_bytes()
    for old, new in (
        (b"<ROOT-FB202611260001@support.example.com>", ROOT_A.encode()),
        (b"<ROOT-FB202611260002@support.example.com>", ROOT_B.encode()),
        (b"support+r.TOKEN@", f"support+r.{TOKEN}@".encode()),
        (b"support+r.token@", f"support+r.{TOKEN}@".encode()),
    ):
        raw = raw.replace(old, new)
    return raw


def _bare(text: str) -> str:
    return "".join(text.replace("―", "—").split())


def _holds(text: str, lines: str | None) -> bool:
    at, bare = 0, _bare(text)
    for line in (lines or "").split("\n"):
        at = bare.find(_bare(line), at)
        if at < 0:
            return False
        at += len(_bare(line))
    return True


def _check(found: MailMeaning, kinds: set[str], case: str | None, text: str | None, absent: tuple[str, ...]) -> None:
    assert (found.kind.value in kinds, found.case) == (True, case), found.line()
    assert _holds(found.text, text), found.text
    if found.kind == "reply":
        assert not [words for words in absent if _bare(words) in _bare(found.text)], found.text


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: expected["file"])
async def test_a_mail_is_what_it_is_and_says_what_its_writer_wrote(expected: dict[str, Any]) -> None:
    name = expected["file"]
    found = await understand(_raw(name), MadeUpCases(), OWN)

    kinds = {expected["kind"]} | _OTHER_KINDS.get(name, set())
    _check(found, kinds, expected["case"], expected["text"], _ABSENT.get(name, _QUOTED))
    if found.mail is None or expected["kind"] == "refuse":
        return
    local, _, domain = (expected["sender"] or "").rpartition("@")
    assert found.mail.sender == f"{local}@{domain.lower()}"
    if name not in _FREE_NAMES and expected["kind"] in ("new", "reply"):
        assert sorted(file.given for file in found.mail.files) == sorted(expected["attachments"])


@pytest.mark.parametrize("made_up", MADE_UP, ids=lambda made_up: made_up.name)
async def test_a_mail_of_another_program_is_what_it_is(made_up: MadeUp) -> None:
    found = await understand(made_up.raw, MadeUpCases(), OWN)

    _check(found, {made_up.kind}, made_up.case, made_up.text, made_up.absent)
    assert not [words for words in made_up.absent if made_up.kind == "new" and words in found.text]
    if made_up.attachments is not None:
        assert found.mail is not None
        assert tuple(file.given for file in found.mail.files) == made_up.attachments
    if made_up.failed is not None:
        assert found.failed == made_up.failed
