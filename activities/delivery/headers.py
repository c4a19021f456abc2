"""Headers of a mail, written so that no text of a customer is ever read as syntax of a header (RFC 5322, RFC 2047).

The header classes of Python's `email` take a text for a header that came in: they decode encoded words in it, and the
line breaks that come out begin headers of somebody else's. So texts are encoded here, and the finished mail is read
once more: it has to have the headers that were meant, each once, and no other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from email import message_from_bytes
from email.header import Header, decode_header, make_header
from email.policy import compat32
from email.utils import getaddresses

_LINE = 76
_PLAIN = re.compile(r"[ -~]*")


def plain_text(text: str) -> str:
    """One line without any character that breaks lines, controls, or cannot be written."""
    kept = ("\N{SPACE}" if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text)
    return " ".join("".join(kept).split())


def unstructured(name: str, text: str) -> bytes:
    """The header `name` with a text as its value, such as a subject."""
    return _line(name, _encoded(name, plain_text(text)))


def mailbox(name: str, display_name: str, address: str) -> bytes:
    """The header `name` with one mailbox; `address` is ASCII and well-formed already."""
    shown = plain_text(display_name)
    if _PLAIN.fullmatch(shown) and "=?" not in shown:
        phrase = '"{}"'.format(re.sub(r'(["\\])', r"\\\1", shown)) if shown else ""
    else:
        phrase = _encoded(name, shown)
    return _line(name, f"{phrase}\r\n <{address}>" if phrase else f"<{address}>")


def token(name: str, value: str) -> bytes:
    """The header `name` with a value of this program's own, such as a date."""
    return _line(name, value)


def verify(mail: bytes, texts: Mapping[str, str], mailboxes: Mapping[str, tuple[str, str]]) -> None:
    """Read a finished mail as its receiver will.

    Args:
        mail: the mail as it goes to the server.
        texts: each header with a text that was set -> that text.
        mailboxes: each header with a mailbox that was set -> its display name and address.

    Raises:
        ValueError: it has other headers, one of them twice, or one that reads differently.
    """
    read = message_from_bytes(mail, policy=compat32)
    wanted = {name.lower() for name in (*texts, *mailboxes, "MIME-Version", "Content-Type")}
    if sorted(name.lower() for name in read) != sorted(wanted):
        raise ValueError("its headers are not the ones that were set")
    for name, text in texts.items():
        if _decoded(read[name]) != plain_text(text):
            raise ValueError(f"its header {name} reads differently from what was set")
    for name, (display_name, address) in mailboxes.items():
        found = [(_decoded(phrase), where) for phrase, where in getaddresses([read[name]])]
        if found != [(plain_text(display_name), address)]:
            raise ValueError(f"its header {name} reads differently from what was set")


def _decoded(value: str) -> str:
    return plain_text(str(make_header(decode_header(value))))


def _encoded(name: str, text: str) -> str:
    if _PLAIN.fullmatch(text) and "=?" not in text:
        return Header(text, "us-ascii", maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")
    return Header(text, "utf-8", maxlinelen=_LINE, header_name=name).encode(linesep="\r\n")


def _line(name: str, value: str) -> bytes:
    return f"{name}: {value}\r\n".encode("ascii")
