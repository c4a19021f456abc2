"""What mail scanners, link previews and link rewriters do with every address they see in a message."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.starter.web.browser import WebForm, forms_of, links_of
from tests.timeouts import TIMEOUT

_AGENTS = (
    "Mozilla/5.0 (compatible; MSIE 9.0) SafeLinks", "WeChat/8 Preview", "WeCom", "DingTalkBot-LinkService/1.0",
    "Lark-Preview",
)  # fmt: skip
_MOST = 18
"""Requests of one walk."""


async def look(address: str, links: list[str], times: int) -> None:
    """Open every link by GET and HEAD again and again, as scanners do, and what it leads to; every other time as one
    who keeps no cookies.
    """
    for agent in _AGENTS:
        async with httpx2.AsyncClient(base_url=address, headers={"User-Agent": agent}, timeout=TIMEOUT) as client:
            for link in links:
                for time in range(times if agent == _AGENTS[0] else 1):
                    if time % 2:
                        client.cookies.clear()
                    await client.head(link)
                    await client.get(link, follow_redirects=True)


async def rewrite(address: str, start: str, *, cookies: bool) -> list[int]:
    """Open a link, follow what is on its pages, and send each form with its defaults, those about the case with each of
    their buttons as well; answers the answers' status.
    """
    statuses: list[int] = []
    async with httpx2.AsyncClient(base_url=address, timeout=TIMEOUT) as client:
        todo, seen = [start], set[str]()
        while todo and len(statuses) < _MOST:
            path = todo.pop()
            if path in seen:
                continue
            seen.add(path)
            page = await client.get(path, follow_redirects=True)
            statuses.append(page.status_code)
            for form in forms_of(page.text):
                if form.action == "/case/leave":
                    continue
                for data in _sent(form):
                    if not cookies:
                        client.cookies.clear()
                    sent: dict[str, Any] = {"data": data}
                    if form.is_multipart:
                        sent["files"] = [("files", ("", b""))]
                    answer = await client.post(form.action, **sent, follow_redirects=True)
                    statuses.append(answer.status_code)
                    todo += [link for link in links_of(answer.text) if link.startswith("/")]
                    # The page of the second step, whose own form is sent as it stands.
                    todo.append(answer.url.path)
                    if not cookies:
                        await client.get(start, follow_redirects=True)
            todo += [link for link in links_of(page.text) if link.startswith("/") and "lang=" not in link]
    return statuses


def _sent(form: WebForm) -> list[dict[str, str]]:
    """What a program makes of a form. A code that it asks for would only cost the customer a mail."""
    buttons = form.buttons if form.action in {"/case/act", "/case/supply"} else []
    return [form.fields, *({**form.fields, name: value} for name, value, _ in buttons)]
