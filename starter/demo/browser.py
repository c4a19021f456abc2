"""A customer's browser without a window: it keeps cookies, and fills in and sends the forms of the page it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx2

from activities.channels.http import trusted
from starter.demo.failure import StoryFailedError


@dataclass
class WebForm:
    """A form: where it leads, what it would send by itself, and its buttons as (name, value, where it leads)."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    is_multipart: bool = False


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[WebForm] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            if given.get("method") != "post" and given.get("role") != "search":
                raise StoryFailedError(f"a form to {given.get('action')} is sent by GET, and would change something")
            self.forms.append(WebForm(given["action"], is_multipart="enctype" in given))
        if not self.forms:
            return
        form, name = self.forms[-1], given.get("name", "")
        if tag == "input" and given.get("type") in {"radio", "checkbox"}:
            form.fields.setdefault(name, "")
            if "checked" in given:
                form.fields[name] = given.get("value", "on")
        elif tag == "input" and given.get("type") != "file":
            form.fields[name] = given.get("value", "")
        elif tag == "textarea":
            form.fields[name], self._area = "", name
        elif tag == "button":
            form.buttons.append((name, given.get("value", ""), given.get("formaction", form.action)))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None


def forms_of(html: str) -> list[WebForm]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


class Browser:
    """`page` is what it shows now."""

    def __init__(self, address: str, transport: httpx2.AsyncBaseTransport | None = None, /, **headers: str) -> None:
        self.client = httpx2.AsyncClient(
            base_url=address,
            headers={"Accept-Language": "zh-CN", **headers},
            timeout=30,
            verify=trusted(),
            transport=transport,
            trust_env=False,  # a proxy of the company's has no way to this machine
        )
        self.page: httpx2.Response = httpx2.Response(204)

    async def open(self, path: str, **options: Any) -> str:
        """Answers what the page says."""
        return await self._shown(await self.client.get(path, **options))

    def form(self, action: str) -> WebForm:
        """The form on the page that leads there.

        Raises:
            StoryFailedError: there is none.
        """
        found = [form for form in forms_of(self.page.text) if form.action == action]
        if not found:
            raise StoryFailedError(f"no form to {action} on {self.path} ({self.status}): {self.page.text}")
        return found[0]

    def offers(self, action: str, value: str) -> bool:
        """Whether the page has a button with this value in a form that leads there."""
        forms = [form for form in forms_of(self.page.text) if form.action == action]
        return any(button[1] == value for form in forms for button in form.buttons)

    async def send(
        self,
        action: str,
        answers: Mapping[str, str] | None = None,
        *,
        press: str = "",
        files: Mapping[str, bytes] | None = None,
        **fields: str,
    ) -> str:
        """Fill in the form that leads to `action`, and press the button with this value (or the first one).

        Raises:
            StoryFailedError: there is no such form, field or button.
        """
        form = self.form(action)
        given = {**(answers or {}), **fields}
        buttons = [button for button in form.buttons if not press or button[1] == press]
        if not buttons and press:
            # A page may have several forms that lead to one place.
            form = next(
                (
                    one
                    for one in forms_of(self.page.text)
                    if one.action == action and any(button[1] == press for button in one.buttons)
                ),
                form,
            )
            buttons = [button for button in form.buttons if button[1] == press]
        unknown = {name for name in given if name not in form.fields}
        if unknown:
            raise StoryFailedError(f"{unknown} are no fields of {form.fields}")
        if not buttons:
            raise StoryFailedError(f"no button {press} in {form.buttons}")
        name, value, where = buttons[0]
        sent = {**form.fields, **given} | ({name: value} if name else {})
        return await self.post(where, sent, files=files if form.is_multipart else None, multipart=form.is_multipart)

    async def post(
        self, path: str, fields: Mapping[str, str], *, files: Mapping[str, bytes] | None = None, multipart: bool = False
    ) -> str:
        """Send these fields there, whatever the page has; answers what the page says that comes of it."""
        if not multipart:
            return await self._shown(await self.client.post(path, data=dict(fields)))
        parts = [("files", (name, content)) for name, content in (files or {}).items()]
        empty = [("files", ("", b""))]
        return await self._shown(await self.client.post(path, data=dict(fields), files=parts or empty))

    async def _shown(self, answer: httpx2.Response) -> str:
        """Show an answer; as browsers do, a redirect is opened by GET."""
        while answer.status_code == 303:
            answer = await self.client.get(answer.headers["location"])
        self.page = answer
        return answer.text

    @property
    def status(self) -> int:
        """The status of the page."""
        return self.page.status_code

    @property
    def path(self) -> str:
        """The path of the page's address."""
        return self.page.request.url.path

    async def close(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()
