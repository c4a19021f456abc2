"""Bytes of a mail read as text, whatever charset they claim to be in (R42).

Labels lie in known ways: gb2312 means GB 18030, Latin-1 means Windows, many mean UTF-8, some are no charset at all. So
what the bytes themselves show goes before the label, and nothing here fails: what cannot be read becomes U+FFFD.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re

from workflows.domain.text import without_invisible

_ALIASES = {
    "gb2312": "gb18030", "gb_2312-80": "gb18030", "gb231280": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "cp936": "gb18030", "cp-936": "gb18030", "windows-936": "gb18030", "ms936": "gb18030", "euc-cn": "gb18030",
    "x-euc-cn": "gb18030", "936": "gb18030", "gb-18030": "gb18030", "chinese": "gb18030",
    "hz-gb-2312": "hz", "big5": "big5hkscs", "big-5": "big5hkscs", "x-big5": "big5hkscs", "cn-big5": "big5hkscs",
    "big5-hkscs": "big5hkscs", "windows-950": "cp950", "ms950": "cp950",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext", "iso-2022-jp-ms": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "euc-kr": "cp949",
    "x-windows-949": "cp949",
    "windows-874": "cp874", "tis-620": "cp874", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "us-ascii": "cp1252", "ascii": "cp1252", "utf8": "utf-8", "utf8mb4": "utf-8", "utf-8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "unicode": "utf-16", "iso-8859-8-i": "iso-8859-8",
}  # fmt: skip
_SEVEN_BIT = frozenset({"hz", "utf-7", "iso2022_jp_ext", "iso2022_kr"})
_WIDE = re.compile(r"utf[-_]?(16|32)")
_EAST_ASIAN = frozenset({"gb18030", "big5hkscs", "cp950", "cp932", "cp949"})
_NO_CHARSETS = frozenset({"undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"})
"""Python has codecs by these names, too; some fail on whatever they are given."""
_OFTEN_WRONG = frozenset({"utf-8", "cp1252"})
"""Labels that programs write for whatever they hold."""
_ESCAPES = re.compile(rb"\x1b\$[@AB]|\x1b\(I")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
WORD = re.compile(rb"=\?([^?\s]{1,80})\?([BbQq])\?([^?]*)\?=")
"""An encoded word: charset, encoding, content (RFC 2047)."""
_CHINESE = re.compile("[\u4e00-\u9fa5\u3000-\u303f\uff01-\uff5e\u2014\u2018-\u201d\u2026]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_MOSTLY, _FEW = 0.9, 0.2
_BREAKS = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_PROSE = re.compile(rb"(?m)^[^\r\n]*[^\s\r\n][ \t\-_][^\s\r\n][^\r\n]*|^-+[ \t\r]*$")
"""A line of words, such as a list's footer behind the content."""
_PADDED = re.compile(rb"([A-Za-z0-9+/]+)=*")


def decode(raw: bytes, label: str | None = None) -> str:
    """The text of some bytes; `label` is the charset that they are said to be in."""
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            return raw.decode(marked, "replace")
    codec = _codec(label)
    if raw.isascii() and _ESCAPES.search(raw):
        return raw.decode("iso2022_jp_ext", "replace")
    if codec in _SEVEN_BIT:
        return raw.decode(codec, "replace")
    if codec and (found := _WIDE.match(codec)) and (wide := _wide(raw, codec, found[1])) is not None:
        return wide
    if raw.isascii():
        return raw.decode("ascii")
    unicode = _strictly(raw, "utf-8")
    if unicode is not None and (codec not in _EAST_ASIAN or max(unicode) > "\u07ff"):
        return unicode
    labelled = _strictly(raw, codec) if codec and codec not in _OFTEN_WRONG else None
    if labelled is not None:
        return labelled
    chinese = _strictly(raw, "gb18030")
    return chinese if chinese is not None and _is_chinese(chinese, raw) else _least_garbled(raw, codec)


def decode_words(raw: bytes) -> str:
    """The text of a header's value, its encoded words decoded (RFC 2047).

    Neighbours in one charset are joined before they are decoded, since senders cut characters in two.
    """
    parts: list[tuple[str | None, bytes]] = []
    end = 0
    for found in WORD.finditer(raw):
        between = raw[end : found.start()]
        end = found.end()
        charset = found[1].partition(b"*")[0].decode("ascii", "replace").lower()
        content = from_base64(found[3]) if found[2] in b"Bb" else quopri.decodestring(found[3], header=True)
        if between.strip() or not parts:
            parts.append((None, between))
        parts.append((charset, content))
    parts.append((None, raw[end:]))
    return "".join(decode(b"".join(pieces), charset) for charset, pieces in _runs(parts))


def clean(text: str) -> str:
    """Text that can be stored and shown: one kind of line end, no control characters, nothing that cannot be seen."""
    text = _CONTROLS.sub("", _BREAKS.sub("\n", text))
    return without_invisible(text.encode("utf-8", "replace").decode("utf-8"))


def clean_line(text: str, limit: int) -> str:
    """The same as one line of at most `limit` characters."""
    return " ".join(clean(text).split())[:limit]


def from_base64(raw: bytes) -> bytes:
    """What base64 says, as far as it can be read; several pieces with padding of their own are read one by one."""
    pieces = []
    for found in _PADDED.finditer(_NOT_BASE64.sub(b"", _PROSE.sub(b"", raw))):
        digits = found[1][: len(found[1]) - 1] if len(found[1]) % 4 == 1 else found[1]
        try:
            pieces.append(base64.b64decode(digits + b"=" * (-len(digits) % 4)))
        except binascii.Error:
            continue
    return b"".join(pieces)


def _runs(parts: list[tuple[str | None, bytes]]) -> list[tuple[str | None, list[bytes]]]:
    runs: list[tuple[str | None, list[bytes]]] = []
    for charset, content in parts:
        if runs and runs[-1][0] == charset:
            runs[-1][1].append(content)
        else:
            runs.append((charset, [content]))
    return runs


def _codec(label: str | None) -> str | None:
    name = (label or "").strip().strip("\"'").strip().lower()
    name = _ALIASES.get(name, name).replace(" ", "_")
    try:
        return name if name and name not in _NO_CHARSETS and codecs.lookup(name)._is_text_encoding else None
    except (LookupError, ValueError, UnicodeError):
        return None


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _wide(raw: bytes, codec: str, bits: str) -> str | None:
    """UTF-16 or UTF-32, whichever end comes first; None where the label is wrong."""
    if b"\0" not in raw and _strictly(raw, "utf-8") is not None:
        return None
    readings = [raw.decode(name, "replace") for name in (codec, f"utf-{bits}-be", f"utf-{bits}-le")]
    return max(readings, key=lambda text: len(_CHINESE.findall(text)) + sum(map(str.isascii, text)))


def _is_chinese(text: str, raw: bytes) -> bool:
    """Whether it reads as Chinese, and has no bytes that stand alone, as letters with accents do."""
    foreign = sum(1 for char in text if char > "\x7f")
    runs = [found.end() - found.start() for found in _HIGH.finditer(raw)]
    return len(_CHINESE.findall(text)) >= _MOSTLY * foreign and runs.count(1) <= _FEW * sum(runs)


def _least_garbled(raw: bytes, codec: str | None) -> str:
    """The reading with the fewest characters that cannot be read, the label's first where there is one to believe."""
    unicode = raw.decode("utf-8", "replace")
    if sum(1 for char in unicode if char > "\u07ff" and char != "\ufffd") >= unicode.count("\ufffd"):
        return unicode
    if codec and codec not in _OFTEN_WRONG:
        return raw.decode(codec, "replace")
    chinese = raw.decode("gb18030", "replace")
    return chinese if _is_chinese(chinese, raw) else raw.decode("cp1252", "replace")
