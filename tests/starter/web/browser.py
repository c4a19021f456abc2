"""The browser of the demonstration's customers, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from starter.demo.browser import Browser, WebForm, forms_of

__all__ = ["Browser", "WebForm", "forms_of", "links_of"]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")


def links_of(html: str) -> list[str]:
    """The addresses of the links of a page."""
    parser = _Links()
    parser.feed(html)
    return parser.links
