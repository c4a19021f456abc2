"""The words and the files of a mail, gathered from its parts: of the same words in two forms, those that say something.

Reports of mail servers, and signatures of the sender's program, are neither words nor files.
"""

from __future__ import annotations

import re

from activities.mailbox.mime.charsets import clean
from activities.mailbox.mime.file_names import clean_name, told_apart
from activities.mailbox.mime.html_text import html_text
from activities.mailbox.mime.mail import MailFile
from activities.mailbox.mime.parts import Part

LONGEST_TEXT = 200_000
"""Characters of the words that are kept; the raw mail has them all."""
STATUSES = frozenset({"message/delivery-status", "message/global-delivery-status"})
REPORTS = STATUSES | {
    "message/disposition-notification", "message/global-disposition-notification",
    "text/rfc822-headers", "message/global-headers",
}  # fmt: skip
_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_NO_WORDS = frozenset(
    {"text/calendar", "text/csv", "text/vcard", "text/x-vcard", "text/directory", "text/xml", "text/css"}
)
_PACKED = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
"""Outlook's own format, in which nobody else looks."""
_MARKED_UP = frozenset({"text/html", "text/enriched", "text/richtext"})
_EXCUSE = re.compile(
    r"(?:不支持|无法显示|不能显示|查看|not support|(?:cannot|unable to) display|require|enable|view).{0,40}html"
    r"|html.{0,40}(?:格式|邮件|support|capable|enabled|viewer|client|compatible|version)",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_EXCUSE = 300
_FLOWED_QUOTES = re.compile(r"(>*)(.*)", re.DOTALL)


class MailWords:
    """The words and the files of a mail, gathered in the order of its parts."""

    def __init__(self) -> None:
        self.is_html = False
        self.omitted: list[str] = []
        self._texts: list[str] = []
        self._files: list[tuple[str, str, bytes, bool]] = []

    def text(self) -> str:
        """All words, cut where they are too many."""
        text = self._whole()
        if len(text) > LONGEST_TEXT:
            self.omitted.append(f"text after {LONGEST_TEXT:,} characters")
        return text[:LONGEST_TEXT]

    def _whole(self) -> str:
        return "\n\n".join(text for text in self._texts if text)

    def named_files(self) -> tuple[MailFile, ...]:
        """The files in their order, their names told apart."""
        names = told_apart([name for name, *_ in self._files])
        return tuple(
            MailFile(name=name, given=given, kind=kind, content=content, inline=inline)
            for name, (given, kind, content, inline) in zip(names, self._files, strict=True)
        )

    def take(self, part: Part) -> None:
        """Add what is in a part and below it."""
        disposition, about = part.head.parameters("content-disposition")
        name = about.get("filename", "") or part.parameters.get("name", "")
        attached = disposition == "attachment" or bool(name and (about.get("filename") or self._texts))
        if part.kind in _SIGNATURES or part.kind in REPORTS:
            return
        if part.kind == "message/external-body":
            self.omitted.append("a part that is elsewhere")
        elif part.kind == "multipart/alternative":
            self._take_one(part.children)
        elif part.children and part.kind != "message/rfc822":
            for child in part.children:
                self.take(child)
        elif part.kind.startswith("text/") and part.kind not in _NO_WORDS and not attached:
            self._texts.append(_words(part))
            self.is_html = self.is_html or part.kind in _MARKED_UP
        else:
            content = part.body if part.kind == "message/rfc822" and part.children else part.content()
            if part.kind in _PACKED:
                self.omitted.append("what is packed in winmail.dat")
            inline = disposition == "inline" or (not disposition and "content-id" in part.head)
            self._files.append((clean_name(name, part.kind), part.kind, content, inline))

    def _take_one(self, choices: tuple[Part, ...]) -> None:
        """Of the same words in several forms take the plain ones, unless they only say that others cannot be shown."""
        texts = []
        for choice in choices:
            inner = MailWords()
            inner.take(choice)
            self.omitted += inner.omitted
            self._files += inner._files
            texts.append((inner.is_html, inner._whole()))
        plain = next((text for is_html, text in texts if not is_html and text.strip()), "")
        html = next((text for is_html, text in texts if is_html and text.strip()), "")
        if html and (not plain or _is_excuse(plain)):
            self.is_html = True
            self._texts.append(html)
        else:
            self._texts.append(plain)


def _words(part: Part) -> str:
    text = clean(part.text())
    if part.kind in _MARKED_UP:
        return clean(html_text(text)).strip("\n")
    if part.parameters.get("format", "").lower() == "flowed":
        text = _joined(text, part.parameters.get("delsp", "").lower() == "yes")
    return text.strip("\n")


def _is_excuse(text: str) -> bool:
    return len(text) <= _LONGEST_EXCUSE and bool(_EXCUSE.search(text))


def _joined(text: str, without_space: bool) -> str:
    """Lines that the client broke softly, whole again (RFC 3676)."""
    lines: list[tuple[str, list[str]]] = []
    goes_on = False
    for line in text.split("\n"):
        found = _FLOWED_QUOTES.fullmatch(line)
        quotes, rest = (found[1], found[2]) if found else ("", line)
        rest = rest[1:] if rest.startswith(" ") else rest
        soft = rest.endswith(" ") and rest != "-- "
        kept = rest[:-1] if soft and without_space else rest
        if goes_on and lines and lines[-1][0] == quotes and rest != "-- ":
            lines[-1][1].append(kept)
        else:
            lines.append((quotes, [kept]))
        goes_on = soft
    return "\n".join(f"{quotes} {''.join(pieces)}" if quotes else "".join(pieces) for quotes, pieces in lines)
