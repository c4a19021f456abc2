"""A mailbox of mails that nobody should have to read, the same for the same number."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.activities.mailbox.hostile import scrambled
from tests.activities.mailbox.known import US

_ISSUE = frozenset({"new"})
_ASIDE = frozenset({"refuse"})
_ANY = frozenset({"new", "refuse", "auto", "bounce", "list"})
_WORDS = ("设备停机了，请尽快处理。", "第三台还是报警。", "Please call back.", "訂單沒有收到", "返金をお願いします")


@dataclass(frozen=True)
class HostileMail:
    """`kinds`: what may become of it; None among them is not one, everything gets an answer."""

    what: str
    raw: bytes
    kinds: frozenset[str]


def hostile_mails(count: int) -> Iterator[HostileMail]:
    """So many, each kind in turn."""
    for seed in range(count):
        what, make, kinds = _KINDS[seed % len(_KINDS)]
        yield HostileMail(what, make(seed, random.Random(seed)), kinds)


def _mail(seed: int, head: bytes = b"", body: bytes | None = None, *, id_: bytes | None = None) -> bytes:
    """From a sender of its own, so that nobody runs into the limit of automatic answers."""
    words = f"{_WORDS[seed % len(_WORDS)]} {seed}".encode() if body is None else body
    id_ = b"Message-ID: <%d@hostile.example.cn>\r\n" % seed if id_ is None else id_
    kind = b"" if b"content-type" in head.lower() else b"Content-Type: text/plain; charset=utf-8\r\n"
    sender = b"" if b"from:" in head.lower() else b"From: c%d@hostile.example.cn\r\n" % seed
    return sender + f"To: {US}\r\n".encode() + id_ + kind + head + b"\r\n" + words


def _nested(seed: int, _: random.Random) -> bytes:
    inner = b"Content-Type: text/plain\r\n\r\nx"
    for level in range(100):
        inner = b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n%s\r\n--n%d--\r\n" % (
            level, level, inner, level,
        )  # fmt: skip
    end = inner.index(b"\r\n\r\n")
    return _mail(seed, inner[: end + 2], inner[end + 4 :])


def _parts(seed: int, _: random.Random) -> bytes:
    return _mail(seed, b"Content-Type: multipart/mixed; boundary=p\r\n", b"--p\r\n\r\nx\r\n" * 10_000 + b"--p--\r\n")


def _unclosed(seed: int, _: random.Random) -> bytes:
    part = b"--p\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + _WORDS[0].encode()
    return _mail(seed, b"Content-Type: multipart/mixed; boundary=p\r\n", part)


def _charset(seed: int, chance: random.Random) -> bytes:
    name = chance.choice(
        [b"utf8mb4", b"cp-936", b"x-unknown", b"\xff\xfe", b"", b"'gbk'", b"../../etc", b"rot13", b"idna"]
    )
    return _mail(seed, b"Content-Type: text/plain; charset=%s\r\n" % name)


def _gbk(seed: int, _: random.Random) -> bytes:
    subject = b"Subject: " + f"故障 {seed}".encode("gb18030") + b"\r\n"
    return _mail(
        seed, b"Content-Type: text/plain; charset=gb2312\r\n" + subject, "镕的设备坏了 —— 急".encode("gb18030")
    )


def _iso_2022(seed: int, chance: random.Random) -> bytes:
    raw = "返金をお願いします".encode("iso2022_jp")
    return _mail(
        seed, b"Content-Type: text/plain; charset=iso-2022-jp\r\n", raw[: chance.randint(4, len(raw))] + b"\x1b$"
    )


def _megabyte(seed: int, _: random.Random) -> bytes:
    return _mail(seed, b"X-Long: " + b"y" * 1_000_000 + b"\r\n")


def _nul(seed: int, _: random.Random) -> bytes:
    return _mail(seed, b"Subject: a\0b\r\n", b"it\0stopped\0")


def _bare_cr(seed: int, _: random.Random) -> bytes:
    return _mail(seed, b"Subject: a\rBcc: x@y.z\r\n", b"one\rtwo\r\r\nthree\n\rfour")


def _winmail(seed: int, chance: random.Random) -> bytes:
    tnef = base64.b64encode(b"\x78\x9f\x3e\x22" + chance.randbytes(300))
    return _mail(
        seed,
        b"Content-Type: multipart/mixed; boundary=w\r\n",
        b"--w\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n--w\r\nContent-Type: application/ms-tnef; "
        b"name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" + tnef + b"\r\n--w--\r\n",
    )


def _forged(seed: int, _: random.Random) -> bytes:
    staff = b"agent-001@example.com"
    return _mail(
        seed,
        b"From: %s <%s>\r\nReply-To: evil@example.org\r\nAuthentication-Results: mx; dmarc=fail\r\n" % (staff, staff),
        b"Close FB202611260001 at once.",
    )


def _addresses(seed: int, chance: random.Random) -> bytes:
    cc = b", ".join(b"a%d@b.cn" % number for number in range(5000))
    local = b"x" * chance.choice([64, 65, 300, 5000])
    return _mail(seed, b"From: %s%d@hostile.example.cn\r\nCc: %s\r\n" % (local, seed, cc))


def _broken_words(seed: int, _: random.Random) -> bytes:
    crlf = base64.b64encode(f"故障\r\nBcc: x@y.z\r\n{seed}".encode())
    return _mail(seed, b"Subject: =?utf-8?B?%s?=\r\n =?utf-8?Q?=ZZ=?= =?x?b?===?=\r\n" % crlf)


def _broken_base64(seed: int, _: random.Random) -> bytes:
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
    return _mail(seed, head, b"QQ=QQ==Q!!!\r\n=\r\n6K6+5aSH")


def _dated(seed: int, chance: random.Random) -> bytes:
    date = chance.choice([
        b"Thu, 01 Jan 1970 00:00:00 +0000", b"Fri, 31 Dec 9999 23:59:59 -1200", b"Mon, 1 Jan 0000 00:00:00 +9999",
        b"99 Foo 99999999999999999999", b"",
    ])  # fmt: skip
    return _mail(seed, b"Date: " + date + b"\r\n")


_KINDS: tuple[tuple[str, Callable[[int, random.Random], bytes], frozenset[str]], ...] = (
    ("nested 100 deep", _nested, _ASIDE),
    ("10,000 parts", _parts, _ASIDE),
    ("no Message-ID", lambda seed, _: _mail(seed, id_=b""), _ISSUE),
    ("an empty Message-ID", lambda seed, _: _mail(seed, id_=b"Message-ID: <>\r\n"), _ISSUE),
    ("one Message-ID for all", lambda seed, _: _mail(seed, id_=b"Message-ID: <same@hostile.example.cn>\r\n"), _ISSUE),
    ("a wrong charset", _charset, _ISSUE),
    ("GBK called gb2312", _gbk, _ISSUE),
    ("cut ISO-2022-JP", _iso_2022, _ISSUE),
    ("a head of 1 MB", _megabyte, _ASIDE),
    ("NUL", _nul, _ISSUE),
    ("bare CR", _bare_cr, _ISSUE),
    ("winmail.dat", _winmail, _ISSUE),
    ("a boundary that never closes", _unclosed, _ISSUE),
    ("a forged sender", _forged, _ISSUE),
    ("huge addresses", _addresses, _ISSUE | _ASIDE),
    ("encoded words with line breaks", _broken_words, _ISSUE),
    ("invalid base64", _broken_base64, _ISSUE),
    ("dates of other ages", _dated, _ISSUE),
    ("no sender", lambda seed, _: _mail(seed, b"From:\r\n"), _ASIDE),
    ("empty", lambda seed, _: b"\r\n" * (seed + 1), _ASIDE),
    *[("pieces", lambda seed, _: scrambled(seed), _ANY)] * 5,
)
