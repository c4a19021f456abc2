"""Heads of mails and of their parts: fields as bytes, and what addresses, ids and parameters stand in them (R42).

Python's own readers of structured fields fail on some that are in use, or take time with the square of the length; so
fields are cut to a length first, and `email` is given one field at a time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from activities.mailbox.mime.charsets import WORD, clean_line, decode, decode_words
from activities.mailbox.mime.mail import UnreadableMailError

LARGEST_HEAD = 1_000_000
"""Bytes of the head of a mail, or of a part."""
_LONGEST_STRUCTURED = 8_000
"""Bytes of a field with parameters or one address, and of a text that is shown."""
_LONGEST_LIST = 300_000
"""Bytes of addresses or ids in one field."""
_MOST_LISTED = 400
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_FOLDED = re.compile(rb"\n[ \t]+")
_ID = re.compile(rb"<([^<>]{1,995})>")
_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"@]{1,200}@[^\s<>()\\,;:\"@]{1,250}")
_PERCENT = re.compile(r"%[89A-F][0-9A-F]%[89AB][0-9A-F]", re.IGNORECASE)
"""A name in UTF-8 that was written for an address instead of a mail."""
_BLANK_LINE = re.compile(rb"\n\r?\n|\A\r?\n")
_NAME_LENGTH = 200


class Head:
    """The fields of a head, their names in lower case, their values unfolded and otherwise as they came."""

    def __init__(self, raw: bytes) -> None:
        self._fields: dict[str, list[bytes]] = {}
        for line in _FOLDED.sub(b" ", raw.replace(b"\r\n", b"\n").replace(b"\r", b" ").replace(b"\0", b"")).split(
            b"\n"
        ):
            if found := _FIELD.match(line):
                name = found[1].decode("ascii").lower()
                self._fields.setdefault(name, []).append(line[found.end() :].strip())

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def raw(self, name: str) -> bytes:
        """The first value of a field; empty where there is none."""
        return self._fields.get(name, [b""])[0]

    def text(self, name: str, limit: int = _NAME_LENGTH) -> str:
        """The value as one line to be shown."""
        return clean_line(decode_words(self.raw(name)[:_LONGEST_STRUCTURED]), limit)

    def token(self, name: str) -> str:
        """The value as something to compare: in lower case, without comments."""
        return self.text(name).partition("(")[0].partition(";")[0].strip().lower()

    def ids(self, name: str) -> tuple[str, ...]:
        """Message-IDs, each once; the middle of very many is left out."""
        raw = self.raw(name)
        value = decode_words(raw).encode() if WORD.search(raw) else raw  # Python's own email encodes long ones
        found = [id_ for match in _ID.finditer(value) if (id_ := normal_id(match[1]))]
        unique = tuple(dict.fromkeys(found))
        return unique if len(unique) <= _MOST_LISTED else unique[: _MOST_LISTED // 2] + unique[-_MOST_LISTED // 2 :]

    def addresses(self, *names: str) -> tuple[str, ...]:
        """Every address in the fields of these names, each once; names that look like addresses may be among them."""
        found: dict[str, None] = {}
        for name in names:
            for value in self._fields.get(name, ()):
                for match in _ADDRESS.finditer(value[:_LONGEST_LIST].decode("ascii", "replace")):
                    if len(found) < _MOST_LISTED:
                        found.setdefault(normal_address(match[0]))
        return tuple(found)

    def mailboxes(self, name: str) -> list[tuple[str, str]]:
        """Names and addresses of a field. Encoded words are put aside while its syntax is read: none is in them."""
        words: list[bytes] = []
        value = WORD.sub(lambda found: _kept(words, found[0]), self.raw(name)[:_LONGEST_STRUCTURED]).decode("latin-1")
        try:
            pairs = getaddresses([value])
        except (RecursionError, IndexError, ValueError):
            pairs = [("", match[0]) for match in _ADDRESS.finditer(value)][-1:]
        return [
            (clean_line(decode_words(_restored(words, shown)), _NAME_LENGTH), normal_address(match[0]))
            for shown, address in pairs
            if (match := _ADDRESS.fullmatch(address.strip()))
        ]

    def time(self, name: str) -> datetime | None:
        """The time in UTC, if it is a time at all."""
        try:
            read = parsedate_to_datetime(self.raw(name)[:100].decode("ascii", "replace"))
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """The value of a field such as Content-Type in lower case, and its parameters decoded (RFC 2231, RFC 2047)."""
        holder = Message(policy=compat32)
        holder["Content-Type"] = self.raw(name)[:_LONGEST_STRUCTURED].decode("latin-1")
        try:
            found = holder.get_params(unquote=True) or []
        except (IndexError, ValueError, TypeError, KeyError):
            found = []
        if not found:
            return "", {}
        values: dict[str, str] = {}
        for key, value in sorted(found[1:], key=lambda pair: not isinstance(pair[1], tuple)):
            values.setdefault(key.lower(), _parameter(value))
        return clean_line(str(found[0][0]), _NAME_LENGTH).lower(), values


def split_head(raw: bytes) -> tuple[Head, bytes]:
    """A head, and the body that follows.

    Raises:
        UnreadableMailError: the head is too long.
    """
    found = _BLANK_LINE.search(raw, 0, LARGEST_HEAD + 4)
    if found is None and len(raw) > LARGEST_HEAD:
        raise UnreadableMailError(f"its head is longer than {LARGEST_HEAD:,} bytes")
    if found is None:
        return Head(raw), b""
    return Head(raw[: found.start()]), raw[found.end() :]


def normal_id(raw: bytes) -> str | None:
    """A Message-ID as ids are compared: without blanks, the domain in lower case; None for one that says nothing."""
    local, at, domain = "".join(decode(raw).split()).rpartition("@")
    text = clean_line(f"{local}{at}{domain.lower()}", 995)
    return text if len(text) > 1 else None


def normal_address(address: str) -> str:
    """An address as addresses are compared: the domain in lower case, the local part left alone."""
    local, at, domain = address.strip().rpartition("@")
    return f"{local}{at}{domain.lower().rstrip('.')}"


def _kept(words: list[bytes], word: bytes) -> bytes:
    words.append(word)
    return b"\x1d%d\x1d" % (len(words) - 1)


def _restored(words: list[bytes], shown: str) -> bytes:
    raw = shown.encode("latin-1", "replace")
    return re.sub(rb"\x1d(\d{1,4})\x1d", lambda found: words[int(found[1])] if int(found[1]) < len(words) else b"", raw)


def _parameter(value: object) -> str:
    if isinstance(value, tuple):
        charset, _, text = value
        return decode(str(text).encode("latin-1", "replace"), str(charset or "") or None)
    plain = decode_words(str(value).encode("latin-1", "replace"))
    try:
        return unquote_to_bytes(plain).decode("utf-8") if _PERCENT.search(plain) else plain
    except UnicodeDecodeError:
        return plain
