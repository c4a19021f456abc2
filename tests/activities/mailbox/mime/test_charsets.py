"""Whatever charset a mail claims, its words are read, and no claim stops the reading."""

from __future__ import annotations

import encodings.aliases
import random

import pytest

from activities.mailbox.mime.charsets import decode, decode_words, from_base64

ZH = "配电柜每天早上跳闸，请派人检查。"


def test_no_name_of_a_charset_stops_the_reading() -> None:
    chance = random.Random(1)
    names = [
        *encodings.aliases.aliases,
        *encodings.aliases.aliases.values(),
        "undefined",
        "idna",
        "base64",
        "x\0y",
        "=",
        "ä",
    ]
    for name in names:
        for raw in (b"", b"\xff\xfe\x00", chance.randbytes(60), ZH.encode(), b"plain"):
            assert isinstance(decode(raw, name), str)


@pytest.mark.parametrize("label", ["gb2312", "utf-8", None, "x-no-such", "GBK", '"gb2312"', "binary", "us-ascii"])
@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_chinese_is_read_under_a_wrong_name_as_well(codec: str, label: str | None) -> None:
    assert decode(ZH.encode(codec), label) == ZH


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "UTF-16BE", "utf_16"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8"])
def test_both_ends_of_utf_16_are_read(codec: str, label: str) -> None:
    assert decode(ZH.encode(codec), label) == ZH


@pytest.mark.parametrize("text", ["Prüfbericht", "Grüße aus Köln", "cassé", "señor niño"])
@pytest.mark.parametrize("label", ["iso-8859-1", None, "windows-1252"])
def test_letters_with_accents_do_not_become_chinese(text: str, label: str | None) -> None:
    assert decode(text.encode("cp1252"), label) == text


def test_a_text_in_utf_8_with_a_broken_place_stays_readable() -> None:
    assert ZH in decode(ZH.encode() + b"\xff\xe6*", "utf-8")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?B?6YWN5w==?=\r\n =?utf-8?B?lLXmn5w=?=", "配电柜"),
        (b"=?gb2312?Q?=C5=E4=B5=E7?= =?utf-8?q?_=E6=9F=9C?=", "配电 柜"),
        (b"a =?utf-8?Q?b?= c", "a b c"),
        (b"=?utf-8?Q?no end", "=?utf-8?Q?no end"),
        (b"=?utf-8*zh?B?6YWN?=", "配"),
        ("生的".encode(), "生的"),
        ("生的".encode("gbk"), "生的"),
    ],
)
def test_words_of_a_header_are_read(raw: bytes, text: str) -> None:
    assert decode_words(raw) == text


def test_base64_is_read_as_far_as_it_goes() -> None:
    assert from_base64(b"6YWN\r\n!!\xff5LiA") == "配一".encode()
    assert from_base64(b"QQ==\r\nQg==\r\n") == b"AB"
    assert from_base64(b"QUJD\r\n\r\n-- \r\nThis list is public\r\n") == b"ABC"
    assert from_base64(b"QUJDR") == b"ABC"
