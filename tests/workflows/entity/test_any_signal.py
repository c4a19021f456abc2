"""No signal makes a workflow task fail, whatever is in it: it is judged, written down, and travels (hypothesis)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter

from tests.builders import DISPATCH, MONDAY, NUMBER, PEOPLE, SALES, consulted, open_case, terms
from tests.workflows.domain.collaboration.test_aggregate import asked
from tests.workflows.domain.review.test_aggregate import opened
from workflows.case.input import CaseInput
from workflows.collaboration.input import CollaborationInput
from workflows.domain.commands.case import COMMANDS, TASK_COMMANDS
from workflows.domain.commands.command import Command
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.department_task import TaskReportKind
from workflows.domain.problem import Problem
from workflows.domain.terms import MainCase, TypeTerms
from workflows.domain.vocabulary import Priority, Satisfaction, Status, Verification
from workflows.entity.inbox import command_of, read_signal
from workflows.entity.input import EntityInput, ReceivedSignal
from workflows.entity.judge import Aggregate
from workflows.review.input import ReviewInput

CONVERTER = pydantic_data_converter.payload_converter
FACTS = consulted(
    people=SALES, heads={"sales": "sales-head"}, dispatch=DISPATCH, terms=terms(), product="云POS",
    types={"transaction": TypeTerms(type="transaction", department="sales")},
    main=MainCase(number="FB2", status=Status.IN_PROGRESS, product="云POS"),
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(["x", "", " ", "\x00", "\u200b", "\u202e", "长" * 4000, "9999-12-31T23:59:59Z", "1e400", "\ud83d"]),
    st.text(max_size=20),
)
times = st.one_of(
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.sampled_from([
        "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2099-12-31T23:59:59.999999Z", "2000-01-01T00:00:00Z",
        "2024-05-06T09:30:00+08:00", 253402300799, -62135596800, 1e308,
    ]),
)  # fmt: skip
people = st.sampled_from([*PEOPLE, *SALES, "customer", "operator", "system", "nobody"])
numbers = st.one_of(st.integers(), st.floats(), st.booleans(), st.sampled_from([1, 2, 10**30]))
WORDS = [
    "sales", "product", "technical", "transaction", "FB1", "FB2", NUMBER, *Priority, *Satisfaction, *Verification,
    "assigned", "claimed", "late", "escalated", "contributed", "rejected", "done",
]  # fmt: skip
leaves = st.one_of(st.none(), numbers, texts, times, people, st.sampled_from(WORDS))
KEYS = sorted({
    *(key for one in {**COMMANDS, **TASK_COMMANDS, **REVIEW_COMMANDS}.values() for key in one.model_fields),
    "what", "owner", "sequence", "kind", "detail", "person", "to", "share", "status", "customer.phone", "product",
})  # fmt: skip
contents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | texts, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def signals(draw: st.DrawFn, table: Mapping[str, type[Command]]) -> tuple[str, bytes]:
    """A signal of a command's name whose keys are nearly right, or of anything."""
    name = draw(st.sampled_from([*table, "nonsense"]))
    if draw(st.integers(0, 9)) == 0:
        return name, draw(st.one_of(st.binary(max_size=40), contents.map(as_json)))
    payload: dict[str, Any] = {"by": draw(people)}
    fields = table[name].model_fields if name in table else {}
    for key, field in fields.items():
        if key == "by" or not (field.is_required() or draw(st.booleans())):
            continue
        payload[key] = draw(value_of(key))
    if draw(st.integers(0, 5)) == 0:
        payload[draw(st.sampled_from(KEYS))] = draw(contents)
    return name, as_json(payload)


def value_of(key: str) -> st.SearchStrategy[Any]:
    report = st.fixed_dictionaries({
        "sequence": st.integers(1, 5), "at": times, "by": people,
        "detail": st.dictionaries(st.sampled_from(KEYS), contents), "kind": st.sampled_from(list(TaskReportKind)),
    })  # fmt: skip
    measure = st.fixed_dictionaries({"what": texts, "owner": people, "due": times})
    special: dict[str, st.SearchStrategy[Any]] = {
        "at": times, "due": times, "reports": st.lists(report, min_size=1, max_size=3),
        "measures": st.lists(measure, min_size=1, max_size=2), "measure": st.integers(1, 3), "round": st.integers(1, 2),
        "department": st.sampled_from(["sales", "product"]), "to": st.one_of(people, st.just("FB2")),
        "priority": st.sampled_from(list(Priority)), "score": st.sampled_from(list(Satisfaction)),
        "fields": st.dictionaries(st.sampled_from(["product", "customer.phone", "occurred_at"]), texts, max_size=3),
        "owner": people, "author": people, "follower": st.just("FB3"), "main": st.just("FB2"),
        "type": st.just("transaction"),
    }  # fmt: skip
    return st.one_of(special.get(key, st.just("x")), special.get(key, texts), contents)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def received(name: str, data: bytes, number: int) -> ReceivedSignal:
    """What the handler makes of a signal as the server delivers it."""
    raw = RawValue(Payload(metadata={"encoding": b"json/plain"}, data=data))
    with patch("workflows.entity.inbox.workflow.payload_converter", lambda: CONVERTER):
        return read_signal(name, [raw], f"signal-{number}")


def judge(
    aggregate: Aggregate[Any],
    table: Mapping[str, type[Command]],
    script: list[tuple[str, bytes, int]],
    start: EntityInput[Any, Any],
) -> None:
    """Judge every signal as a workflow does; what comes of it is written and travels."""
    now = MONDAY
    for number, (name, data, minutes) in enumerate(script):
        signal = received(name, data, number)
        now += timedelta(minutes=minutes)
        entries = aggregate.expire(now)
        try:
            command = command_of(signal, table)
        except Problem as problem:
            entries += aggregate.reject(signal.name, signal.command_id, signal.by, str(problem), now)
        else:
            known = signal.command_id in aggregate.outcomes
            aggregate.needs(command)
            came = aggregate.handle(command, now, FACTS)
            accepted = command.command_id in aggregate.outcomes and aggregate.outcomes[command.command_id].accepted
            assert came or known or not accepted or table is TASK_COMMANDS, "what was accepted is in the timeline"
            entries += came
        aggregate.earliest()
        carried = start.model_copy(
            update={"aggregate": aggregate, "inbox": (signal,), "unwritten": tuple(entries), "signals": number}
        )
        (payload,) = CONVERTER.to_payloads([carried])
        written = "".join(entry.model_dump_json() for entry in entries)
        assert "\\u0000" not in written, "PostgreSQL keeps no NUL"
        assert ":NaN" not in written, "nor NaN"
        again = CONVERTER.from_payloads([payload], [type(start)])[0]
        assert again.aggregate.model_dump() == aggregate.model_dump()  # type: ignore[attr-defined]
    assert not aggregate.take_caught(), "no rule fails"


def scripts(table: Mapping[str, type[Command]]) -> st.SearchStrategy[list[tuple[str, bytes, int]]]:
    one = st.tuples(signals(table), st.sampled_from([0, 0, 1, 90, 5000]))
    return st.lists(one.map(lambda pair: (*pair[0], pair[1])), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(scripts(COMMANDS))
def test_no_signal_to_a_case_makes_a_workflow_task_fail(script: list[tuple[str, bytes, int]]) -> None:
    case, _ = open_case(Priority.P1)
    judge(case, COMMANDS, script, CaseInput(number=NUMBER))


@settings(max_examples=30, deadline=None)
@given(scripts(TASK_COMMANDS))
def test_no_signal_to_a_departments_task_makes_a_workflow_task_fail(script: list[tuple[str, bytes, int]]) -> None:
    _, task, _ = asked()
    judge(task, TASK_COMMANDS, script, CollaborationInput(request=task.request))


@settings(max_examples=30, deadline=None)
@given(scripts(REVIEW_COMMANDS))
def test_no_signal_to_a_review_makes_a_workflow_task_fail(script: list[tuple[str, bytes, int]]) -> None:
    review, _ = opened()
    judge(review, REVIEW_COMMANDS, script, ReviewInput(request=review.request))


def test_a_signal_that_could_not_travel_into_a_new_run_is_refused_when_it_comes() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert "nested too deeply" in str(received("note", as_json({"by": "a", "text": deep}), 1).problem)
    large = received("note", as_json({"by": "a", "text": "x" * 600_000}), 1)
    assert (large.payload, large.size > 500_000) == (None, True)
    assert "allowed: at most 500000" in str(large.problem)
