"""The words of an HTML body as plain lines, quotations marked with > (R42).

`html.parser` needs time with the square of the length for some broken pages; here every character is looked at once.
Nothing of the page is kept but its text, so nothing in it can be run.
"""

from __future__ import annotations

import re
from html import unescape

_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]{0,30})")
_SILENT = frozenset({"script", "style", "title", "template"})
_BLOCKS = frozenset({
    "address", "article", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "tr", "ul",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_LONG_NUMBER = re.compile(r"&#x?0*[0-9a-fA-F]{8,};?")
"""Python refuses to read a number of thousands of digits, and no character has one."""
_DEEPEST_QUOTATION = 20
_MOST_QUOTES = 6


def html_text(html: str) -> str:
    """The text, one line for each that a reader would see."""
    page = _Page()
    at, closing = 0, -1
    while (start := html.find("<", at)) >= 0:
        page.text(html[at:start])
        if html.startswith("<!--", start):
            end = html.find("-->", start + 4)
            at = end + 3 if end >= 0 else len(html)
            continue
        if closing <= start:
            closing = html.find(">", start)
            if closing < 0:
                page.text(html[start:])
                return page.finished()
        name = _NAME.match(html, start)
        if name is None and html[start + 1 : start + 2] not in ("!", "?", "/"):
            page.text("<")
            at = start + 1
            continue
        end = _end(html, start, closing)
        at = end + 1
        if name is None:
            continue
        tag = name[1].lower()
        closes = html[start + 1] == "/"
        if tag in _SILENT and not closes:
            at = _behind(html, tag, at)
        else:
            page.tag(tag, closes)
    page.text(html[at:])
    return page.finished()


class _Page:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0

    def text(self, raw: str) -> None:
        if raw:
            self._line.append(unescape(_LONG_NUMBER.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", raw))))

    def tag(self, tag: str, closes: bool) -> None:
        if tag in _CELLS and not closes:
            self._line.append("\t")
        if tag not in _BLOCKS:
            return
        self._end_line(keep_blank=tag == "br")
        if tag == "blockquote":
            self._depth = max(0, min(self._depth + (-1 if closes else 1), _DEEPEST_QUOTATION))

    def finished(self) -> str:
        self._end_line(keep_blank=False)
        return "\n".join(self._lines)

    def _end_line(self, *, keep_blank: bool) -> None:
        line = "".join(self._line).replace("\N{NO-BREAK SPACE}", " ").strip(" \t")
        self._line = []
        if line or keep_blank:
            for piece in line.split("\n"):
                self._lines.append(f"{'>' * self._depth} {piece}".strip() if self._depth else piece)


def _end(html: str, start: int, closing: int) -> int:
    """The place where the tag ends; a > within quotation marks ends none."""
    for _ in range(_MOST_QUOTES):
        if html.count('"', start, closing) % 2 == 0:
            break
        further = html.find(">", closing + 1)
        if further < 0:
            break
        closing = further
    return closing


def _behind(html: str, tag: str, at: int) -> int:
    found = re.compile(rf"</{tag}\b", re.IGNORECASE).search(html, at)
    end = html.find(">", found.end()) if found else -1
    return end + 1 if end >= 0 else len(html)
