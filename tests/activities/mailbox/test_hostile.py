"""No mail stops the mailbox: it is taken in, or set aside with one line, and takes no more work than its size."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest

from activities.mailbox.interpretation.meaning import MailMeaning, understand
from activities.mailbox.mime.mail import UnreadableMailError
from activities.mailbox.mime.parsing import LARGEST_MAIL, read_mail
from activities.mailbox.mime.parts import DEEPEST, MOST_PARTS, Work
from activities.mailbox.mime.words import LONGEST_TEXT
from tests.activities.mailbox.hostile import growing, of_lines, scrambled
from tests.activities.mailbox.known import OWN, MadeUpCases


async def _counted(run: Callable[[], Awaitable[MailMeaning]]) -> tuple[MailMeaning, int]:
    """What comes out, and how many lines of Python and calls it took."""
    steps = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        found = await run()
    finally:
        sys.settrace(before)
    return found, steps


def _is_storable(text: str) -> bool:
    return not any(unicodedata.category(char) in ("Cc", "Cs") for char in text.replace("\n", "").replace("\t", ""))


async def test_five_hundred_hostile_mails_each_get_an_answer_and_nothing_that_a_database_refuses() -> None:
    kinds = set()
    for seed in range(500):
        raw = scrambled(seed)
        found = await understand(raw, MadeUpCases(), OWN)
        kinds.add(found.kind)
        mail = found.mail
        told = [found.line(), found.text, found.note]
        if mail is not None:
            told += [mail.subject, mail.sender, mail.sender_name, mail.text, *(file.name for file in mail.files)]
            assert all("/" not in file.name and "\\" not in file.name and file.name for file in mail.files), seed
            assert len({file.name for file in mail.files}) == len(mail.files), seed
        assert all(map(_is_storable, told)), seed
        assert "\n" not in found.line() + found.note
    assert {"new", "refuse", "bounce", "auto"} <= {kind.value for kind in kinds}


@pytest.mark.parametrize("what", growing())
async def test_the_work_on_a_mail_grows_no_faster_than_the_mail(what: str) -> None:
    make = growing()[what]
    raws = [make(count) for count in (400, 1600)]
    steps = []
    for raw in raws:
        work = Work()
        with suppress(UnreadableMailError):
            read_mail(raw, work)
        assert work.parts <= MOST_PARTS + 1
        assert work.searched <= (DEEPEST + 1) * len(raw)
        steps.append((await _counted(lambda raw=raw: understand(raw, MadeUpCases(), OWN)))[1])  # type: ignore[misc]

    assert steps[1] <= 4.5 * steps[0]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is empty"),
        (b"\r\n" * 100_000, "is empty"),
        (of_lines("x" * LARGEST_MAIL), "larger than 25,000,000 bytes"),
        (of_lines("x", head=b"X-Long: " + b"y" * 1_000_001 + b"\r\n"), "head is longer than 1,000,000 bytes"),
        (growing()["parts"](10_000), "more than 100 parts"),
        (growing()["levels"](1000), "nested more than 10 deep"),
        (growing()["mails in mails"](1000), "nested more than 10 deep"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_too_much_is_set_aside_with_one_line(raw: bytes, said: str) -> None:
    found = await understand(raw, MadeUpCases(), OWN)

    assert found.kind == "refuse"
    assert said in found.note
    assert found.line() == f"refuse · {found.note}"
    with pytest.raises(UnreadableMailError, match=said):
        read_mail(raw)


async def test_a_head_of_nearly_a_megabyte_and_a_hundred_parts_are_taken_in() -> None:
    long_head = of_lines("还没修好。", head=b"X-Long: " + b"y" * 990_000 + b"\r\n")
    many = growing()["parts"](MOST_PARTS - 1)

    assert (await understand(long_head, MadeUpCases(), OWN)).text == "还没修好。"
    assert (await understand(many, MadeUpCases(), OWN)).kind == "new"


async def test_a_very_long_text_is_cut_and_that_is_said() -> None:
    found = await understand(of_lines("很长" * LONGEST_TEXT), MadeUpCases(), OWN)

    assert len(found.text) == LONGEST_TEXT
    assert "left out: text after 200,000 characters" in found.note


async def test_that_one_form_of_the_words_is_cut_is_said_too() -> None:
    part = b"--p\r\nContent-Type: text/plain\r\n\r\n" + b"x" * (LONGEST_TEXT + 1)
    raw = growing()["parts"](0).replace(b"mixed", b"alternative") + part + b"\r\n--p--"

    assert "text after" in (await understand(raw, MadeUpCases(), OWN)).note


async def test_line_breaks_in_a_name_or_a_subject_never_come_out_of_it() -> None:
    raw = of_lines("x", head=b"Subject: =?utf-8?B?5pWF6ZqcDQpCY2M6IHg=?=\r\n", kind=b"plain").replace(
        b"From: =?utf-8?B?5p2O5aic?=", b"From: =?utf-8?Q?Li=0D=0ABcc:_x@example.org?="
    )
    mail = read_mail(raw)

    assert (mail.sender, mail.sender_name, mail.subject) == (
        "li.na@example.com",
        "Li Bcc: x@example.org",
        "故障 Bcc: x",
    )


def test_two_mails_with_one_id_are_told_apart_by_what_is_in_them() -> None:
    first, second = read_mail(of_lines("一")), read_mail(of_lines("二"))

    assert first.message_id == second.message_id == "m@example.com"
    assert first.digest != second.digest
    assert read_mail(of_lines("一")).digest == first.digest


@pytest.mark.parametrize("field", [b"<>", b"", b"< >", b"nothing", b"<" + b"x" * 1200 + b"@y>"])
def test_a_message_id_that_tells_nothing_apart_counts_as_none(field: bytes) -> None:
    assert read_mail(of_lines("x").replace(b"<m@example.com>", field)).message_id is None


def test_a_message_id_is_compared_without_its_brackets_and_with_its_domain_in_lower_case() -> None:
    assert (
        read_mail(of_lines("x").replace(b"<m@example.com>", b" <Ab. c@EXAMPLE.com> (x)")).message_id
        == "Ab.c@example.com"
    )


def test_two_files_of_one_name_are_told_apart_and_both_are_kept() -> None:
    part = b'--p\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename="a.jpg"\r\n\r\n%d\r\n'
    raw = growing()["parts"](0) + part % 1 + part % 2 + part.replace(b"a.jpg", b"a (2).jpg") % 3 + b"--p--"
    files = read_mail(raw).files

    assert [file.given for file in files] == ["a.jpg", "a.jpg", "a (2).jpg"]
    assert [file.name for file in files] == ["a.jpg", "a (3).jpg", "a (2).jpg"]
    assert [file.content for file in files] == [b"1", b"2", b"3"]
