"""What people wrote stays what they wrote, also where it looks like a time; times are known by their keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from activities.rendering.event_text import event_text
from worker.installation.company_time import CompanyTime
from workflows.domain.case.view import CaseView
from workflows.domain.review.view import ReviewView
from workflows.domain.time.time_keys import TIME_KEYS
from workflows.domain.vocabulary import Locale

COMPANY = CompanyTime()
FAR, NEAR = "9999-12-31T23:59:59Z", "2026-05-11T01:00:00Z"


@pytest.mark.parametrize("written", [FAR, NEAR, "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("key", ["text", "why", "solution", "name", "comment", "result"])
def test_a_text_that_looks_like_a_time_stays_as_it_was_written(key: str, written: str) -> None:
    entry = {"at": NEAR, "kind": "noted", "detail": {key: written}}
    assert COMPANY.localized([entry]) == [entry | {"at": "2026-05-11T09:00:00+08:00"}]


@pytest.mark.parametrize("free", ["form", "open", "with", "fields"])
def test_a_form_stays_as_it_was_filled_in_whatever_its_keys(free: str) -> None:
    line = {free: {"customer": {"name": NEAR}, "due": NEAR, "at": FAR}}
    assert COMPANY.localized(line) == line


@pytest.mark.parametrize("stored", [FAR, "0001-01-01T00:00:00+14:00", "soon", ""])
def test_a_time_that_no_calendar_has_is_shown_as_it_is_stored(stored: str) -> None:
    shown = COMPANY.localized({"due": stored, "until": NEAR})
    assert shown == {"due": stored, "until": "2026-05-11T09:00:00+08:00"}
    assert COMPANY.localized(datetime.max.replace(tzinfo=UTC)) == "9999-12-31T23:59:59.999999+00:00"


def test_deadlines_before_and_after_a_change_of_policy_are_times() -> None:
    shown = COMPANY.localized({"detail": {"moved": {"response": {"before": NEAR, "after": None}}}})
    assert shown == {"detail": {"moved": {"response": {"before": "2026-05-11T09:00:00+08:00", "after": None}}}}


def test_the_history_shows_texts_as_written_and_times_by_the_companys_clock() -> None:
    entry = {"kind": "lapsed", "detail": {"text": FAR, "why": NEAR, "due": NEAR, "until": FAR}}
    assert event_text(entry, COMPANY.local, Locale.EN) == f"{FAR}  {NEAR}  due 05-11 09:00  until {FAR}"


def test_every_time_of_the_views_is_known_by_its_key() -> None:
    assert {*_times(CaseView), *_times(ReviewView)} <= TIME_KEYS


def _times(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        for kind in _kinds(field.annotation):
            if kind is datetime:
                yield name
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _times(kind)


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)
