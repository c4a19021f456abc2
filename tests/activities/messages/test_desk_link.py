"""Every message to staff leads to the page where they do what it asks, and none to a customer does (R48)."""

from __future__ import annotations

import pytest

from activities.channels.sms_template import PAGE
from activities.messages.facts import message_facts
from activities.messages.renderer import Renderer
from activities.messages.samples import context, notice
from workflows.domain.event import Message
from workflows.domain.vocabulary import Audience, Locale

_PORTAL = "https://service.example.com"


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("message", list(Message))
def test_a_message_to_staff_has_one_link_to_its_case_where_links_are_made(message: Message, locale: Locale) -> None:
    told = notice(message)
    for portal in (_PORTAL, ""):
        about = context(told.audience, locale).model_copy(update={"portal": portal})
        rendered, facts = Renderer().render(told, about), message_facts(about, told.audience)
        page = f"{_PORTAL}/desk/cases/{about.number}"
        wanted = int(told.audience is Audience.STAFF and bool(portal))
        assert rendered.text.split("\n").count(page) == wanted
        assert rendered.html.count(f'href="{page}"') == wanted
        assert facts.get(PAGE) == (page if wanted else None)
        assert page not in rendered.subject + rendered.short
