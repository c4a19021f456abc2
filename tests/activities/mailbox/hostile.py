"""Mails that try to take all of a reader's time or memory, made here because they are large."""

from __future__ import annotations

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
