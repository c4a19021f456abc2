"""Mails that try to take all of a reader's time or memory, made here because they are large."""

from __future__ import annotations

import random
from collections.abc import Callable

_HEAD = b"From: =?utf-8?B?5p2O5aic?= <li.na@example.com>\r\nTo: support@example.com\r\nMessage-ID: <m@example.com>\r\n"
_TEXT = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'


def of_lines(content: str, *, head: bytes = b"", kind: bytes = b"plain") -> bytes:
    return _HEAD + head + _TEXT.replace(b"plain", kind) + content.encode()


LARGE: dict[str, Callable[[], bytes]] = {
    "h-header-300k.eml": lambda: of_lines(
        "References 有三十万字节。",
        head=b"References: " + b"\r\n ".join(b"<r%05d.%s@example.com>" % (n, b"x" * 40) for n in range(5000)) + b"\r\n",
    ),
    "h-subject-300k.eml": lambda: of_lines("超长主题。", head=b"Subject: " + b"A" * 300_000 + b"\r\n"),
    "h-encoded-words-5000.eml": lambda: of_lines(
        "五千个编码词。", head=b"Subject: " + b"\r\n ".join([b"=?utf-8?B?5rWL?="] * 5000) + b"\r\n"
    ),
    "h-quote-lines-50000.eml": lambda: of_lines("开头。\r\n" + "> x\r\n" * 30_000 + "发件人：" * 3000),
    "h-redos-wrote.eml": lambda: of_lines("On " + "a " * 20_000 + "\r\n" + " " * 50_000 + "写道\r\n结束。"),
    "h-html-entities.eml": lambda: of_lines("<p>" + "&lt;" * 30_000 + "尾巴</p>", kind=b"html"),
}

_PIECES: tuple[bytes, ...] = (
    b"--p\r\n",
    b"--p--\r\n",
    b"--q\r\n",
    b"\r\n\r\n",
    b"\r",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\x1b$B",
    b"~{",
    b"+AGE-",
    b"Content-Type: multipart/mixed; boundary=p\r\n\r\n",
    b"Content-Type: multipart/alternative; boundary=\r\n\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: text/html; charset=gb2312\r\n\r\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=p\r\n\r\n",
    b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\nFinal-Recipient: rfc822; \xe4@\r\n",
    b"Content-Type: text/plain; charset=\"no such\"; format=flowed; name*0*=x''%; name*=\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"=\r\n=ZZ=4",
    b"QQ=QQ==Q",
    b'Content-Disposition: attachment; filename="../../\xe5\\"\r\n',
    b"Content-Disposition: inline; filename*=x'\r\n\r\n",
    b"Subject: =?utf-8?B?5rWL=?= =?gb2312?Q?=B2=E2_?= =?x?b?===?=\r\n",
    b"Subject : FB202611260001\r\n",
    b"Message-ID: <>\r\n",
    b'From: "a" <a@b.cn>, ((((\r\n',
    b"From: =?utf-8?Q?=0D=0ABcc:_x@y.z?= <c@d.cn>\r\n",
    b'To: "\r\n',
    b"Date: 99 Foo\r\n",
    b"In-Reply-To: <[a@b]>\r\nReferences: <<>><a@b> <c\r\n",
    b"Return-Path: <>\r\n",
    b"X: y\r\n z\r\n\t\r\n",
    b":\r\n",
    b" \r\n",
    b"<blockquote><p>&#99999999999;&#xD800;&lt;<!-- <script>",
    "在 2026 写道：\r\n> 发件人：\r\n---原始邮件---\r\n".encode(),
    "—— 请在此线以上回复 ——\r\n".encode("gb18030"),
    b"On x\r\n wrote:\r\n>>> \xa1\xa1",
    b"begin 644 x\r\nM\r\nend\r\n",
    b"A" * 3000,
)


def scrambled(seed: int) -> bytes:
    """A mail of pieces that each have hurt somebody, in an order that the seed says."""
    chance = random.Random(seed)
    start = _HEAD if chance.random() < 0.7 else b""
    pieces = chance.choices(_PIECES, k=chance.randint(1, 60))
    if chance.random() < 0.2:
        pieces *= chance.randint(2, 40)
    raw = start + b"".join(pieces)
    return raw[: chance.randint(0, len(raw))] if chance.random() < 0.3 else raw


def growing() -> dict[str, Callable[[int], bytes]]:
    """Mails by what grows in them; the work on twice as much may be twice as much."""
    mixed = _HEAD + b"Content-Type: multipart/mixed; boundary=p\r\n\r\n"
    return {
        "blank lines in front": lambda n: b"\r\n" * n + of_lines("x"),
        "references": lambda n: of_lines("x", head=b"References: " + b"<a@b.cn> " * n + b"\r\n"),
        "recipients": lambda n: of_lines("x", head=b"Cc: " + b"a@b.cn, " * n + b"\r\n"),
        "fields": lambda n: b"X: y\r\n" * n + of_lines("x"),
        "encoded words": lambda n: of_lines("x", head=b"Subject: " + b"=?utf-8?B?5rWL?= " * n + b"\r\n"),
        "parameters": lambda n: _HEAD + b"Content-Type: text/plain" + b'; a="\\"' * n + b"\r\n\r\nx",
        "brackets": lambda n: b"From: " + b"(" * n + b"<a@b.cn>\r\n\r\nx",
        "parts": lambda n: mixed + b"--p\r\n\r\nx\r\n" * n,
        "near boundaries": lambda n: mixed + b"--p x\r\n" * n,
        "levels": lambda n: (
            _HEAD
            + b"".join(
                b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (level, level) for level in range(n)
            )
        ),
        "mails in mails": lambda n: _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * n,
        "quoted lines": lambda n: of_lines("x\r\n" + "> y\r\n" * n, head=_OURS),
        "quotation heads": lambda n: of_lines("On a\r\nwrote\r\nFrom: x\r\n<a@b>\r\n" * n, head=_OURS),
        "tags": lambda n: of_lines('<div><a "><blockquote><script' * n, kind=b"html"),
        "comments": lambda n: of_lines("<!--<" * n, kind=b"html"),
        "entities": lambda n: of_lines("&#65;&" * n, kind=b"html"),
        "soft lines": lambda n: _HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * n,
        "reports": lambda n: (
            _HEAD + b"Content-Type: multipart/report; boundary=p\r\n\r\n--p\r\n"
            b"Content-Type: message/delivery-status\r\n\r\n"
            + b"\r\nAction: failed\r\nFinal-Recipient: rfc822;a@b.cn\r\n"
            * n
        ),
    }


_OURS = b"References: <3f1c9a70aa@support.example.com>\r\n"
