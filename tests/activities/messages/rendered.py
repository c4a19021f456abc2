"""Messages with the sample facts, changed as a test wants them, and their HTML taken apart."""

from __future__ import annotations

from html.parser import HTMLParser

from activities.messages.renderer import Rendered, Renderer
from activities.messages.samples import context, notice
from workflows.domain.event import Message
from workflows.domain.vocabulary import Audience, Locale


def rendered(
    renderer: Renderer, message: Message, locale: Locale = Locale.ZH_CN, /, *, name: str | None = None, **facts: object
) -> Rendered:
    told = notice(message)
    about = context(told.audience, locale)
    if name is not None:
        about = about.model_copy(
            update={
                "form": about.form | {"customer": {"name": name, "phone": "+8613800138000"}},
                "recipient": about.recipient.model_copy(update={"name": name})
                if told.audience is Audience.CUSTOMER
                else about.recipient,
            }
        )
    return renderer.render(told.model_copy(update={"facts": told.facts | facts}), about)


class Balance(HTMLParser):
    """Whether every element that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Balance:
    page = Balance()
    page.feed(html)
    page.close()
    return page
