"""Words, times and durations read as people say them, and no message or word lacks its text in either language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from activities.files.refusal import FileRefusal
from activities.messages.renderer import Renderer
from activities.messages.samples import CUSTOMER_FACTS, STAFF_FACTS
from activities.messages.template_check import check_templates
from activities.rendering.filters import duration, local_time
from activities.rendering.labels import TEMPLATES, label, labels
from workflows.domain.event import EventKind, Message
from workflows.domain.form_fields import REQUIRED, SUPPLIED
from workflows.domain.review.rules import ALL_DONE
from workflows.domain.review.view import ReviewReason, ReviewStatus
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import (
    ONE_TIME_CODE,
    Audience,
    CalendarKind,
    Channel,
    ClockName,
    Contact,
    CustomerKind,
    Heard,
    Locale,
    Priority,
    Resolution,
    Satisfaction,
    ScanState,
    Status,
    Verification,
    Via,
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def test_no_message_lacks_a_template_in_either_language() -> None:
    for locale in Locale:
        found = {
            audience: {path.stem for path in (TEMPLATES / locale / audience).glob("*.j2")} for audience in Audience
        }
        assert found[Audience.CUSTOMER] == {message.value for message in CUSTOMER_FACTS}
        assert found[Audience.STAFF] == {message.value for message in STAFF_FACTS}
    assert set(CUSTOMER_FACTS) | set(STAFF_FACTS) == set(Message)
    assert not set(CUSTOMER_FACTS) & set(STAFF_FACTS)


@pytest.mark.parametrize("locale", Locale)
def test_no_word_of_the_vocabulary_is_shown_as_its_code(locale: Locale) -> None:
    vocabulary: dict[str, Iterable[str]] = {
        "priority": Priority,
        "status": Status,
        "channel": [*Channel, *Contact],
        "clock": ClockName,
        "event": EventKind,
        "satisfaction": Satisfaction,
        "resolution": Resolution,
        "calendar": CalendarKind,
        "verification": Verification,
        "via": Via,
        "file_scan": ScanState,
        "file_refusal": FileRefusal,
        "heard": Heard,
        "message": (*map(str, Message), ONE_TIME_CODE),
        "review_status": ReviewStatus,
        "review_reason": ReviewReason,
        "customer_kind": CustomerKind,
    }
    known = labels(locale)
    own = {
        "field",
        "detail",
        "review_end",
        "customer_status",
        "customer_action",
        "customer_view",
        "way",
        "whose",
        "channel_test",
        "hope",
        "ask",
    }
    assert set(known) == {*vocabulary, *own}
    assert set(known["review_end"]) == {ALL_DONE}
    for kind, values in vocabulary.items():
        assert set(known[kind]) == {str(value) for value in values}
        assert all(text.strip() for text in known[kind].values())
    assert {*REQUIRED, *SUPPLIED} <= set(known["field"])
    for kind in own:
        assert set(labels(Locale.ZH_CN)[kind]) == set(labels(Locale.EN)[kind])
    assert {*Status, *Resolution, "registered", "reopened"} - {"closed"} == set(known["customer_status"])


def test_a_word_of_the_company_without_a_label_is_shown_as_it_is() -> None:
    assert label("status", "closed", Locale.ZH_CN) == "已关闭"
    assert label("status", "unheard_of", Locale.EN) == "unheard_of"
    with pytest.raises(ValueError, match=r"unknown kind of label 'colour'; allowed: priority, status"):
        label("colour", "red", Locale.EN)


def test_shipped_templates_pass_their_own_check() -> None:
    assert check_templates(None) == []


def test_times_are_those_of_the_company_and_name_a_strange_year() -> None:
    at = datetime(2024, 5, 1, 6, 30, tzinfo=UTC)
    assert local_time("2024-05-01T06:30:00Z", Calendar(), at, Locale.ZH_CN) == "5月1日 14:30"
    assert local_time(at, Calendar(zone="Europe/London"), at, Locale.EN) == "1 May 07:30"
    assert local_time("2024-12-31T16:00:00+00:00", Calendar(), at, Locale.ZH_CN) == "2025年1月1日 00:00"
    assert local_time("2024-12-31T16:00:00+00:00", Calendar(), at, Locale.EN) == "1 Jan 2025 00:00"
    with pytest.raises(ValueError, match="has no offset"):
        local_time("2024-05-01T06:30:00", Calendar(), at, Locale.EN)


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "不到1分钟", "under 1 min"),
        (-5, "不到1分钟", "under 1 min"),
        (59.9, "不到1分钟", "under 1 min"),
        (900, "15分", "15 min"),
        (3600, "1小时", "1 h"),
        (8100.4, "2小时15分", "2 h 15 min"),
        (86400, "1天", "1 d"),
        (86400 + 300, "1天", "1 d"),
        (3 * 86400 + 7200, "3天2小时", "3 d 2 h"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, chinese: str, english: str) -> None:
    assert duration(seconds, Locale.ZH_CN) == chinese
    assert duration(seconds, Locale.EN) == english
