"""The parts of a mail, cut apart within bounds: the work grows with the size of a mail, never faster (RFC 2046, R42).

The parser of Python's standard library builds every part before anybody can count them, and goes one call deeper for
each level. Here parts are counted while they are found, and too many or too deep ends the reading.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from activities.mailbox.mime.charsets import decode, from_base64
from activities.mailbox.mime.heads import Head, split_head
from activities.mailbox.mime.mail import UnreadableMailError

MOST_PARTS = 100
DEEPEST = 10
_LONGEST_BOUNDARY = 200
_META = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]{1,40})", re.IGNORECASE)
_META_WITHIN = 2000
"""Bytes of a page in which it says its charset, if it does."""


@dataclass
class Work:
    """What reading has taken so far: parts that were found, and bytes that were searched for the next one."""

    parts: int = 0
    searched: int = 0


@dataclass(frozen=True)
class Part:
    """A part with its head, its media type in lower case, and the parts in it; `body` is as it came."""

    head: Head
    kind: str
    parameters: dict[str, str]
    body: bytes = field(repr=False)
    children: tuple[Part, ...] = ()

    def content(self) -> bytes:
        """The body without its transfer encoding; one that nobody knows is taken as none."""
        encoding = self.head.token("content-transfer-encoding")
        if encoding == "base64":
            return from_base64(self.body)
        if encoding == "quoted-printable":
            return quopri.decodestring(self.body)
        return self.body

    def text(self) -> str:
        """The content as text."""
        content = self.content()
        charset = self.parameters.get("charset")
        if charset is None and self.kind == "text/html" and (found := _META.search(content, 0, _META_WITHIN)):
            charset = found[1].decode("ascii")
        return decode(content, charset)

    def walk(self) -> Iterator[Part]:
        """The part and all in it, but not what is in mails that came as files."""
        yield self
        if self.kind != "message/rfc822":
            for child in self.children:
                yield from child.walk()


def read_parts(raw: bytes, work: Work) -> Part:
    """The mail as a tree of its parts.

    Raises:
        UnreadableMailError: a head is too long, or there are too many parts, or too deep.
    """
    return _part(raw, work, depth=0, implied="text/plain")


def _part(raw: bytes, work: Work, *, depth: int, implied: str) -> Part:
    work.parts += 1
    if work.parts > MOST_PARTS:
        raise UnreadableMailError(f"it has more than {MOST_PARTS} parts")
    if depth > DEEPEST:
        raise UnreadableMailError(f"its parts are nested more than {DEEPEST} deep")
    head, body = split_head(raw)
    kind, parameters = head.parameters("content-type")
    if kind.count("/") != 1 or not all(kind.split("/")):
        kind = implied
    children: tuple[Part, ...] = ()
    if kind.startswith("multipart/"):
        below = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        pieces = _pieces(body, parameters.get("boundary", ""), work)
        children = tuple(_part(piece, work, depth=depth + 1, implied=below) for piece in pieces)
        if not children:
            kind = "text/plain"
    elif kind == "message/rfc822" and head.token("content-transfer-encoding") not in ("base64", "quoted-printable"):
        children = (_part(body.lstrip(b"\r\n"), work, depth=depth + 1, implied="text/plain"),)
    return Part(head, kind, parameters, body, children)


def _pieces(body: bytes, boundary: str, work: Work) -> Iterator[bytes]:
    """What stands between the boundaries, without the line end in front of one; the last may lack the closing one."""
    work.searched += len(body)
    mark = boundary.encode("utf-8", "replace")[:_LONGEST_BOUNDARY].rstrip()
    if not mark:
        guessed = re.search(rb"^--([^\r\n]{0,%d}?)[ \t]*\r?$" % _LONGEST_BOUNDARY, body, re.MULTILINE)
        if guessed is None:
            return
        mark = guessed[1]
    start = None
    for found in re.finditer(rb"^--" + re.escape(mark) + rb"(--)?[ \t]*\r?$\n?", body, re.MULTILINE):
        if start is not None:
            yield body[start : found.start()].removesuffix(b"\n").removesuffix(b"\r")
        start = found.end()
        if found[1]:
            return
    if start is not None:
        yield body[start:]
