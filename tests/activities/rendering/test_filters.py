"""Times and durations read as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from activities.rendering.filters import duration, local_time
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Locale


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
