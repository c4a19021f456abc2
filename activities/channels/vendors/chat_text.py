"""Texts for chat groups, in which nothing that a customer wrote is a mention, a link or a heading (R44)."""

from __future__ import annotations

import re

from activities.channels.sms_template import PAGE
from activities.delivery.transport import Envelope

_HARMLESS = str.maketrans({
    "@": "＠", "<": "＜", ">": "＞", "[": "［", "]": "］", "#": "＃", "*": "＊", "_": "＿", "`": "｀", "~": "～",
    "\\": "＼", "!": "！", "|": "｜", "&": "＆", "{": "｛", "}": "｝",
})  # fmt: skip
"""Characters by which the chat platforms mark things, by others that look like them: each platform reads Markdown in
its own way, so none of them is trusted to take a backslash for what it is.
"""


_HOST = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
"""The point in a bare name such as `www.example.com`, which programs for chat make a link of."""


def plain(text: str) -> str:
    """The text as one line that marks nothing."""
    return " ".join(_HOST.sub("．", text.translate(_HARMLESS).replace("://", "：//")).split())


def cut(text: str, limit: int) -> str:
    """The text cut to at most so many bytes of UTF-8."""
    encoded = text.encode()
    return text if len(encoded) <= limit else f"{encoded[: limit - 3].decode('utf-8', 'ignore')}…"


def page_of(envelope: Envelope) -> str:
    """The page where to do what a message asks, on a line of its own; empty where there is none. It has our own address
    and a case's number in it, and nothing of a customer's.
    """
    page = (envelope.facts or {}).get(PAGE, "")
    return f"\n\n{page}" if page else ""


def with_page(text: str, envelope: Envelope, limit: int) -> str:
    """The text, cut so that the page stands whole under it."""
    page = page_of(envelope)
    return cut(text, limit - len(page.encode())) + page


def mobile_of(address: str) -> str | None:
    """The number without its country code where the address is a mobile (`+86…`); None where it is an id."""
    return address.removeprefix("+86") if address.startswith("+") else None


def called(envelope: Envelope) -> str:
    """The person's name, to be read."""
    return plain(envelope.name) or "?"
