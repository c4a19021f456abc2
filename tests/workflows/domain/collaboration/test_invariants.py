"""What holds for every department's part and for its case, whatever people do and whenever time passes (hypothesis)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import MONDAY, PEOPLE, SALES
from tests.workflows.domain.collaboration.test_aggregate import asked, report, sent
from workflows.domain.collaboration.aggregate import Collaboration
from workflows.domain.department_task import TaskReport, TaskReportKind
from workflows.domain.event import EventKind
from workflows.domain.vocabulary import Priority, TaskStatus

_FIELDS: dict[str, list[dict[str, Any]]] = {
    "claim": [{}, {"department": "product"}],
    "contribute": [{"result": "好了"}, {"cannot": "不归我们"}],
    "end": [{"reason": "不需要了"}],
}


@st.composite
def moves(draw: st.DrawFn) -> tuple[str | None, str, dict[str, Any], float, float]:
    """A command (or only time), who sends it, what it says, minutes that pass, and how late it is read."""
    pause = draw(st.sampled_from([0.0, 7.0, 61.0, 600.0, 1500.0]))
    name = draw(st.sampled_from([None, "claim", "claim", "contribute", "end"]))
    if name is None:
        return None, "", {}, pause, 0.0
    by = draw(st.sampled_from([*SALES, *SALES, *PEOPLE, "system", "agent-999"]))
    return name, by, draw(st.sampled_from(_FIELDS[name])), pause, draw(st.sampled_from([0.0, 30.0, 4000.0]))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Priority)), st.sampled_from([None, 95, 300]), st.lists(moves(), max_size=12))
def test_no_part_breaks_a_promise_of_the_rule_book(priority: Priority, due: int | None, script: list[Any]) -> None:
    case, task, reports = asked(priority, due=MONDAY + timedelta(minutes=due) if due and priority != "P0" else None)
    now = MONDAY
    for index, (name, by, fields, pause, late) in enumerate(script):
        task = Collaboration.model_validate_json(task.model_dump_json())
        now += timedelta(minutes=pause)
        while task.next_deadline is not None and task.next_deadline <= now:
            reports += task.expire(task.next_deadline)
        if name is not None:
            wish = sent(name, by, **fields, at=now - timedelta(minutes=late))
            happened = task.handle(wish, now)
            accepted = task.outcomes[wish.command_id].accepted
            assert happened or (name == "end" and accepted), "whatever was sent leaves a trace"
            assert accepted is not any(entry.kind is TaskReportKind.REJECTED for entry in happened)
            reports += happened
            if index % 3 == 0:
                assert task.handle(wish, now) == []
        assert task.is_open or (not task.clocks and task.ended_at is not None)

    assert [entry.sequence for entry in reports] == list(range(1, len(reports) + 1)), "no report is missing"
    assert [entry.at for entry in reports] == sorted(entry.at for entry in reports)
    counts = Counter(entry.kind for entry in reports)
    assert counts[TaskReportKind.LATE] <= 1, "the due time is missed once"
    assert counts[TaskReportKind.CONTRIBUTED] == (task.status in {TaskStatus.DONE, TaskStatus.CANNOT})
    climbed = [entry.detail["to"] for entry in reports if entry.kind is TaskReportKind.ESCALATED]
    assert len(climbed) == len(set(climbed)), "nobody is told of the same lateness twice"
    assert not climbed or counts[TaskReportKind.LATE] == 1

    _check_the_case(case, reports)


def _check_the_case(case: Any, reports: list[TaskReport]) -> None:
    """The case says the same, however the reports were cut into signals."""
    half = len(reports) // 2
    events = []
    for batch in (reports[:half], reports[half:]):
        if batch:
            events += [event for event in report(case, batch, batch[-1].at) if event.kind is not EventKind.LAPSED]
    keys = [(notice.message, notice.key, notice.recipient) for event in events for notice in event.notices]
    assert len(keys) == len(set(keys)), "nobody is told the same thing twice"
    late = [event for event in events if event.kind is EventKind.COLLABORATION_LATE]
    assert len(late) == sum(entry.kind is TaskReportKind.LATE for entry in reports)
    assert case.tasks[0].reported == len(reports)
