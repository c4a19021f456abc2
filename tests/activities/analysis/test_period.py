"""The days a report is about are the company's, and mistakes are explained."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from activities.analysis.period import Period, parse_day
from tests.activities.analysis.records import APRIL, ZONE
from workflows.domain.problem import Problem


def test_days_are_the_companys_and_mistakes_get_one_line() -> None:
    assert (APRIL.begins, APRIL.ends) == (datetime(2026, 3, 31, 16, tzinfo=UTC), datetime(2026, 4, 30, 16, tzinfo=UTC))
    assert (APRIL.before.first, APRIL.before.last) == (date(2026, 3, 2), date(2026, 3, 31))
    for days in (1, 14, 15, 120, 121, 800):
        cut = Period(date(2026, 1, 7), date(2026, 1, 7) + timedelta(days=days - 1), ZONE).stretches()
        assert sum(stretch.days for stretch in cut) == days
        assert all(one.ends == other.begins for one, other in pairwise(cut))
    with pytest.raises(Problem, match="--from yesterday: allowed: a day such as 2026-05-01"):
        parse_day("--from", "yesterday")
    with pytest.raises(Problem, match="--to 2026-04-01 is before --from 2026-05-01"):
        Period.asked(date(2026, 5, 1), date(2026, 4, 1), ZONE)
