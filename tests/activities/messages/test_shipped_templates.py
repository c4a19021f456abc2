"""Every message has its template in both languages, and each of them passes the check."""

from __future__ import annotations

from activities.messages.samples import CUSTOMER_FACTS, STAFF_FACTS
from activities.messages.template_check import check_templates
from activities.rendering.labels import TEMPLATES
from workflows.domain.event import Message
from workflows.domain.vocabulary import Audience, Locale


def test_no_message_lacks_a_template_in_either_language() -> None:
    for locale in Locale:
        found = {
            audience: {path.stem for path in (TEMPLATES / locale / audience).glob("*.j2")} for audience in Audience
        }
        assert found[Audience.CUSTOMER] == {message.value for message in CUSTOMER_FACTS}
        assert found[Audience.STAFF] == {message.value for message in STAFF_FACTS}
    assert set(CUSTOMER_FACTS) | set(STAFF_FACTS) == set(Message)
    assert not set(CUSTOMER_FACTS) & set(STAFF_FACTS)


def test_shipped_templates_pass_their_own_check() -> None:
    assert check_templates(None) == []
