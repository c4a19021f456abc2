"""Whatever a value in a company's file is, it is refused in short lines with its place, or can be used (hypothesis).

What can be used is stored, read again, and opens a case.
"""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

import activities.organisation.loading
import activities.policy.loading
from activities.opening.decision import Decision
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from activities.policy.triage.word_lists import rules_written_out
from activities.validation import fault_lines
from tests.activities.intake.test_form import parsed
from workflows.domain.case.aggregate import Case
from workflows.domain.commands.review import SubmitReview
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem

NOW = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
LONGEST_LINE = 700
ODD: tuple[Any, ...] = (
    0, -1, 10**17, -(10**17), 1e308, -1e308, 0.1, True, "", " ", "x", "长" * 5_000, "x" * 100_000, "\u202e\u200b", "0s",
    "1s", "3650d", "9999999d", "24:00", "9999-12-31", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", date(1, 1, 1),
    date(9999, 12, 31), time(23, 59), datetime(1, 1, 1, tzinfo=UTC), [], {}, [[]], ["x"], [0], {"x": 1}, ["x"] * 2_000,
)  # fmt: skip


def table(path: Path) -> dict[str, Any]:
    """Without the shipped rules: they are no part of the file."""
    data = tomllib.loads(path.read_text("utf-8"))
    data.pop("triage", None)
    return data


POLICY = table(Path(activities.policy.loading.__file__).with_name("standard.toml"))
ORGANISATION = table(Path(activities.organisation.loading.__file__).with_name("sample.toml"))
STANDARD, SAMPLE = load_policy("standard"), sample_organisation()
REPORT: dict[str, Any] = {
    "by": "tech-001", "command_id": "r1", "root_cause": "缓存满了", "what_happened": "收银停了",
    "measures": [{"what": "加监控", "owner": "tech-001", "due": "2026-06-01T00:00:00Z"}],
}  # fmt: skip


def places(value: Any, to: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a table, and to every table."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*to, key)
        yield from places(one, (*to, key))


def mutated(original: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """One or two values are others, or gone."""
    change = st.tuples(st.sampled_from(sorted(places(original), key=str)), st.sampled_from((*ODD, KeyError)))

    def carry_out(changes: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
        data = copy.deepcopy(original)
        for (*way, last), value in changes:
            holder: Any = data
            try:
                for key in way:
                    holder = holder[key]
                if value is KeyError:
                    del holder[last]
                else:
                    holder[last] = copy.deepcopy(value)
            except (KeyError, IndexError, TypeError):
                continue  # the other change has taken it away
        return data

    return st.lists(change, min_size=1, max_size=2).map(carry_out)


def read(model: type[BaseModel], data: dict[str, Any], prepared: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """What a file comes to; None where it is refused, in lines that can be read."""
    try:
        return model.model_validate(prepared(data))
    except Problem as problem:
        lines = str(problem).splitlines()
    except ValidationError as error:
        lines = fault_lines(error, model, data)
    assert lines
    for line in lines:
        assert len(line) <= LONGEST_LINE, line[:200]
        assert line.isprintable()
    return None


def kept(model: type[BaseModel], value: BaseModel) -> None:
    written = value.model_dump_json()
    assert model.model_validate_json(written) == value
    assert json.loads(written)


@settings(max_examples=150, deadline=None)
@given(mutated(POLICY))
def test_a_policy_file_is_refused_in_one_line_or_opens_cases(data: dict[str, Any]) -> None:
    policy = read(Policy, data, rules_written_out)
    if policy is None:
        return
    kept(Policy, policy)
    with suppress(Problem):  # said when it is checked: a country that is not known, a time that never comes
        settled = Decision(policy, SAMPLE).settlement(parsed(type="technical"), NOW, NOW)
        Case.open("FB202605110001", settled, NOW)


@settings(max_examples=150, deadline=None)
@given(mutated(ORGANISATION))
def test_an_organisation_file_is_refused_in_one_line_or_has_somebody_for_a_case(data: dict[str, Any]) -> None:
    organisation = read(Organisation, data, dict)
    if organisation is None:
        return
    kept(Organisation, organisation)
    decision = Decision(STANDARD, organisation)
    with suppress(Problem):  # said when it is loaded: it does not fit the policy
        settled = decision.settlement(parsed(type="technical"), NOW, NOW)
        Case.open("FB202605110001", decision.dispatched(settled, "云POS", {}, NOW), NOW)


@settings(max_examples=100, deadline=None)
@given(mutated(REPORT))
def test_a_report_is_refused_in_one_line_or_can_be_written_down(data: dict[str, Any]) -> None:
    report = read(SubmitReview, data, dict)
    if report is not None:
        kept(SubmitReview, report)
