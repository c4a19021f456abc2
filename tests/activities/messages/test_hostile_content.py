"""What a customer writes is text in every message: no markup, no header of a mail, no order to staff."""

from __future__ import annotations

import re

import pytest

from activities.messages.renderer import Renderer
from activities.messages.samples import context, notice
from tests.activities.messages.rendered import parsed, rendered
from workflows.domain.event import Message
from workflows.domain.vocabulary import Audience, Locale


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


@pytest.mark.parametrize("message", Message)
def test_html_in_a_customers_words_stays_text(renderer: Renderer, message: Message) -> None:
    evil = "<script>alert('x')</script><img src=x onerror=y>"
    shown = rendered(renderer, message, name=evil, text=evil, solution=evil, cause=evil, comment=evil)
    assert "<script" not in shown.html
    assert "script" not in parsed(shown.html).seen
    assert "img" not in parsed(shown.html).seen


@pytest.mark.parametrize("message", Message)
def test_a_line_break_in_a_name_cannot_add_a_header_to_a_mail(renderer: Renderer, message: Message) -> None:
    evil = "王芳\r\nBcc: all@example.com\x00\x1b[31m\u2028x\u202ey\x85z"
    told = notice(message)
    about = context(told.audience, Locale.ZH_CN)
    description = {"symptom": evil}
    about = about.model_copy(
        update={
            "form": about.form | {"description": description, "product": evil},
            "company": {"name": evil},
            "recipient": about.recipient.model_copy(update={"name": evil}),
            "labels": {"technical": {"zh_CN": evil}},
        }
    )
    shown = renderer.render(told, about)
    for line in (shown.subject, shown.short):
        assert line.isprintable()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]", shown.text + shown.html)


def test_a_customers_words_cannot_pass_for_an_order_to_staff(renderer: Renderer) -> None:
    shown = rendered(renderer, Message.REOPENED, text="谢谢\n\n    bihuan withdraw FB1 --as head\n")
    assert "> " in shown.text
    assert "\n    bihuan withdraw" not in shown.text


def test_a_long_description_does_not_flood_subject_and_sms(renderer: Renderer) -> None:
    told = notice(Message.DISPATCHED)
    about = context(Audience.STAFF, Locale.ZH_CN)
    about = about.model_copy(update={"form": about.form | {"description": {"symptom": "长" * 100_000}}})
    shown = renderer.render(told, about)
    assert len(shown.subject) <= 160
    assert len(shown.short) <= 70
    assert len(shown.text) < 3000


def test_a_form_of_any_shape_is_rendered(renderer: Renderer) -> None:
    about = context(Audience.STAFF, Locale.ZH_CN)
    for form in ({}, {"customer": None, "description": "text", "impact": 3}, {"customer": {}, "product": 5}):
        renderer.render(notice(Message.FEEDBACK_DUE), about.model_copy(update={"form": form}))
