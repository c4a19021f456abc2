"""No word of the vocabulary lacks its text in either language."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from activities.files.refusal import FileRefusal
from activities.rendering.labels import label, labels
from workflows.domain.event import EventKind, Message
from workflows.domain.form_fields import REQUIRED, SUPPLIED
from workflows.domain.review.rules import ALL_DONE
from workflows.domain.review.view import ReviewReason, ReviewStatus
from workflows.domain.vocabulary import (
    ONE_TIME_CODE,
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
        "language": Locale,
    }
    known = labels(locale)
    own = {
        "field",
        "detail",
        "review_end",
        "reason",
        "reason_form",
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
