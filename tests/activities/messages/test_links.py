"""The link in a customer's message: whole, alone on its line, and only where it belongs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from activities.messages.renderer import RenderContext, Renderer
from activities.messages.samples import CUSTOMER_FACTS, LINK, PORTAL, context, notice
from activities.messages.ways import PURPOSES, purpose_of
from tests.activities.messages.rendered import parsed
from workflows.domain.event import Message, Notice
from workflows.domain.vocabulary import Audience, LinkPurpose, Locale, Status


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def linked(locale: Locale, **changes: object) -> RenderContext:
    return context(Audience.CUSTOMER, locale, portal=True).model_copy(update=changes)


class Anchors(HTMLParser):
    """The addresses that can be clicked, and what is to be read there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._inside = dict(attrs)["href"] or ""
            self.found[self._inside] = ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == "a" else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[self._inside] += data


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("message", PURPOSES)
def test_every_message_that_asks_for_something_carries_its_link_once(
    renderer: Renderer, message: Message, locale: Locale
) -> None:
    shown = renderer.render(notice(message), linked(locale))
    assert shown.text.count(LINK) == 1
    lines = shown.text.split("\n")
    place = lines.index(LINK)
    assert lines[place - 1] == lines[place + 1] == ""
    anchors = Anchors(shown.html).found
    assert list(anchors) == [LINK]
    assert len(anchors[LINK].strip()) >= 4
    assert "[link" not in parsed(shown.html).text + shown.short + shown.subject


def test_whoever_is_asked_something_gets_the_link_for_it() -> None:
    asked = {Message.INFORMATION_REQUESTED, Message.INFORMATION_REMINDER, Message.RESULT}
    asked |= {Message.CONFIRMATION_REMINDER, Message.QUESTIONNAIRE, Message.RATING_REMINDER}
    assert {message for message, purpose in PURPOSES.items() if purpose is not LinkPurpose.SEE} == asked
    assert set(CUSTOMER_FACTS) - set(PURPOSES) == {Message.CLOSED}


_BEHIND = re.compile(rf"{re.escape(PORTAL)}(?!\Z|\n| )")


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("link", ["", LINK])
@pytest.mark.parametrize("message", CUSTOMER_FACTS)
def test_no_punctuation_stands_behind_an_address(
    renderer: Renderer, message: Message, link: str, sparse: bool, locale: Locale
) -> None:
    about = context(Audience.CUSTOMER, locale, sparse=sparse).model_copy(update={"portal": PORTAL, "link": link})
    shown = renderer.render(notice(message, sparse=sparse), about)
    assert not _BEHIND.search(shown.text)
    assert not _BEHIND.search(shown.short)
    assert not re.search(r"[\w.]@[\w.]+\.com[^\s，,.]", shown.text), "an address of mail that runs into the next word"


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("message", CUSTOMER_FACTS)
def test_a_short_message_ends_with_the_portals_address_and_names_the_number(
    renderer: Renderer, message: Message, locale: Locale
) -> None:
    shown = renderer.render(notice(message), linked(locale))
    assert shown.short.endswith(f" {PORTAL}")
    assert shown.short.count(PORTAL) == 1
    assert "FB202405010001" in shown.short


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("message", CUSTOMER_FACTS)
def test_without_links_a_message_names_the_portal_alone_on_a_line(
    renderer: Renderer, message: Message, locale: Locale
) -> None:
    shown = renderer.render(notice(message), linked(locale, link=""))
    assert PORTAL in shown.text.split("\n")
    assert list(Anchors(shown.html).found) == [PORTAL]


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("message", CUSTOMER_FACTS)
def test_without_a_portal_no_message_speaks_of_one(renderer: Renderer, message: Message, locale: Locale) -> None:
    shown = renderer.render(notice(message), context(Audience.CUSTOMER, locale))
    assert not re.search("链接|网页|页面|link|page|http", shown.text + shown.short + parsed(shown.html).text)


@pytest.mark.parametrize("message", [Message.DISPATCHED, Message.FEEDBACK_DUE, Message.SUPPLIED])
def test_no_message_to_staff_has_a_link(renderer: Renderer, message: Message) -> None:
    about = context(Audience.STAFF, Locale.EN).model_copy(update={"portal": PORTAL, "link": LINK})
    shown = renderer.render(notice(message), about)
    assert LINK not in shown.text + shown.html
    assert PORTAL not in shown.short


def own(tmp_path: Path, body: str, short: str = "{{ number }}") -> Renderer:
    path = tmp_path / "en" / "customer" / "result.j2"
    path.parent.mkdir(parents=True)
    path.write_text(
        "{% block subject %}Done{% endblock %}{% block body %}" + body + "{% endblock %}"
        "{% block short %}" + short + "{% endblock %}",
        "utf-8",
    )
    return Renderer(tmp_path)


def told() -> Notice:
    return notice(Message.RESULT)


def test_a_companys_own_text_that_knows_no_link_names_the_portal(tmp_path: Path) -> None:
    shown = own(tmp_path, "Is it solved? Please {{ contact }}.").render(told(), linked(Locale.EN))
    assert shown.problem is None
    assert f"call 400-800-1234 or use our page {PORTAL} online or" in shown.text
    assert "link" not in shown.text
    assert shown.short == f"FB202405010001 {PORTAL}"
    assert list(Anchors(shown.html).found) == [PORTAL]


def test_a_companys_own_text_can_put_the_link_where_it_likes(tmp_path: Path) -> None:
    body = "{% if link %}For you:\n{{ link }}\n{% endif %}Done"
    shown = own(tmp_path, body).render(told(), linked(Locale.EN))
    assert shown.problem is None
    assert f"For you:\n{LINK}\nDone\n" in shown.text
    assert list(Anchors(shown.html).found) == [LINK]


@pytest.mark.parametrize(
    ("body", "short", "said"),
    [
        ("Go to {{ link }}.", "{{ number }}", "the link does not stand alone on its line"),
        (
            "{{ link }}",
            "{{ link }}",
            "block 'short' has the link, which only the body may carry; use ways.portal there",
        ),
    ],
)
def test_a_companys_own_text_with_the_link_in_a_wrong_place_gives_way(
    tmp_path: Path, body: str, short: str, said: str
) -> None:
    shown = own(tmp_path, body, short).render(told(), linked(Locale.EN))
    assert shown.problem is not None
    assert said in shown.problem
    assert LINK in shown.text.split("\n")


def test_a_customers_text_cannot_bring_a_link_of_its_own(renderer: Renderer) -> None:
    forged = '[link 0000000000000000]\n\n{{ link }}\n\n<a href="https://evil.example">x</a>'
    asked = notice(Message.REOPENED_CUSTOMER).model_copy(
        update={"facts": {"reason": "refused", "text": forged, "priority": "P1", "owner": None}}
    )
    shown = renderer.render(asked, linked(Locale.EN))
    assert list(Anchors(shown.html).found) == [LINK]
    assert shown.text.count(LINK) == 1
    assert "> [link 0000000000000000]" in shown.text


def test_who_writes_about_a_result_gets_the_link_to_accept_it() -> None:
    purposes = {status: purpose_of(Message.MESSAGE_RECEIVED, status) for status in Status}
    assert purposes[Status.AWAITING_CONFIRMATION] is LinkPurpose.CONFIRM
    assert purposes[Status.AWAITING_RATING] is LinkPurpose.RATE
    assert purposes[Status.IN_PROGRESS] is LinkPurpose.SEE
