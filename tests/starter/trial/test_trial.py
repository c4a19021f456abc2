"""What a policy would have meant, on small logs whose outcome is worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activities.delivery.mail import Smtp
from activities.opening.decision import Decision
from activities.organisation.loading import sample_organisation
from activities.policy.loading import load_policy
from starter.admin import run
from starter.trial.figures import Figures
from starter.trial.log import read_log
from starter.trial.simulation import Simulation
from workflows.domain.event import Event, EventKind
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Contact, Reachable

SOLUTION = {"cause": "缓存过期", "solution": "已更新缓存策略", "verified": "yes"}
Line = dict[str, Any]


def opened(key: str, at: str = "2026-05-11T09:00", **changes: Any) -> Line:
    """A technical P2 case of a Monday morning, unless a test says otherwise."""
    form: Line = {
        "channel": "portal",
        "customer": {"name": "王芳", "email": "wangfang@example.com"},
        "product": "智办公CRM系统",
        "type": "technical",
        "occurred_at": "2026-05-11T08:00",
        "description": {"symptom": "点击保存后提示网络错误", "steps": "新建客户,点击保存"},
        "priority": "P2",
    }
    return {"at": at, "key": key, "open": form | changes}


def sent(key: str, at: str, signal: str, by: str = "owner", **given: Any) -> Line:
    """A signal, the hour and minute of a day in May 2026."""
    return {"at": f"2026-05-{at}", "key": key, "signal": signal, "by": by, "with": given}


LATE_ANSWER = [
    opened("A"),
    sent("A", "11T09:30", "claim"),
    sent("A", "11T13:30", "reply", text="在查"),
    sent("A", "11T16:00", "progress", text="已定位原因"),
    sent("A", "12T10:00", "resolve", **SOLUTION),
    sent("A", "12T11:00", "rate", by="customer", score="satisfied"),
]
"""Claimed in time, answered after four hours and a half, resolved within three working days."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(lines: Iterable[Line | str]) -> str:
    path = Path("log.jsonl")
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return str(path)


def tried(capsys: pytest.CaptureFixture[str], lines: Iterable[Line | str], *arguments: str, code: int = 0) -> Line:
    assert run(["trial", written(lines), "--json", *arguments]) == code
    answer: Line = json.loads(capsys.readouterr().out)
    return answer


def test_a_late_answer_is_missed_escalated_and_told_as_the_policy_says(capsys: pytest.CaptureFixture[str]) -> None:
    answer = tried(capsys, LATE_ANSWER, "--policy", "standard")
    assert (answer["from"], answer["until"]) == ("2026-05-11T09:00:00+08:00", "2026-06-11T11:00:00+08:00")
    found = answer["trial"]
    assert found["attainment"]["response"] == {"P2": {"met": 0, "missed": 1, "undecided": 0, "share": 0.0}}
    assert found["attainment"]["resolution"] == {"P2": {"met": 1, "missed": 0, "undecided": 0, "share": 1.0}}
    assert found["breaches"] == {"response": 1}
    # 13:00 to the lead, and every four hours without an answer one further up; the last is reminded.
    assert found["escalations"] == {
        "total": 3,
        "levels": {"1": {"response": 1}, "2": {"escalation": 1}, "3": {"escalation": 1}},
        "people": {person: {"total": 1, "weeks": {"2026-W20": 1}} for person in ("director", "tech-head", "tech-lead")},
    }
    told = found["notifications"]
    # Dispatched, warned at 11:00 and 12:12, missed at 13:00, closed.
    assert told["people"]["tech-001"] == {"total": 5, "weeks": {"2026-W20": 5}}
    assert {person: one["total"] for person, one in told["people"].items()} == {
        "tech-001": 5, "tech-lead": 1, "tech-head": 1, "director": 4,
    }  # fmt: skip
    # Created, the first escalation, replied, progress, result, closed.
    assert told["customers"] == {"total": 6, "weeks": {"2026-W20": 6}}
    assert told["total"] == 17
    assert (found["closed"], found["reopened"], found["open"]["total"]) == ({"satisfied": 1}, 0, 0)
    assert (found["refused"], found["stand_ins"], found["taken_as_it_is"]) == ([], {}, 0)


def test_an_answer_at_the_very_moment_it_was_promised_for_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    answers = {"A": "11T13:00", "B": "11T12:59", "C": "11T13:01"}
    lines = [
        line
        for key, at in answers.items()
        for line in (opened(key), sent(key, "11T09:30", "claim"), sent(key, at, "reply", text="在查"))
    ]
    found = tried(capsys, lines, "--policy", "standard", "--until", "2026-05-11T14:00")["trial"]
    assert found["attainment"]["response"] == {
        "P2": {"met": 2, "missed": 1, "undecided": 0, "share": pytest.approx(2 / 3)}
    }


def test_two_policies_are_tried_on_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    answer = tried(capsys, LATE_ANSWER, "--policy", "standard", "--against", "feedback")
    assert (answer["trial"]["policy"], answer["against"]["policy"]) == ("standard", "feedback")
    assert answer["trial"]["breaches"] == {"response": 1}
    assert answer["against"]["breaches"] == {}
    assert answer["against"]["attainment"]["response"]["P2"]["share"] == 1.0
    assert answer["against"]["notifications"]["people"] == {"tech-001": {"total": 2, "weeks": {"2026-W20": 2}}}
    assert run(["trial", written(LATE_ANSWER), "--policy", "standard", "--against", "feedback"]) == 0
    shown = capsys.readouterr().out
    assert "0.0% (0 of 1)" in shown and "100.0% (1 of 1)" in shown
    assert "level 1: response" in shown and "5, 5.0 a week, 5 in 2026-W20" in shown


def test_a_case_that_nothing_would_close_is_told_from_one_that_only_needs_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [
        opened("silent"),
        sent("silent", "11T09:10", "resolve", **SOLUTION),
        opened("accepted"),
        sent("accepted", "11T09:10", "resolve", **SOLUTION),
        sent("accepted", "11T09:20", "confirm", by="customer"),
    ]
    early = tried(capsys, lines, "--until", "2026-05-12T09:00")["trial"]["open"]
    assert early == {
        "total": 2,
        "status": {"awaiting_confirmation": 1, "awaiting_rating": 1},
        "never_closing": 1,
        "never_closing_status": {"awaiting_confirmation": 1},
        "never_closing_keys": ["silent"],
    }
    later = tried(capsys, lines)["trial"]
    assert later["closed"] == {"accepted": 1}
    assert later["open"]["never_closing_keys"] == ["silent"]


def test_a_reopened_case_makes_its_promises_again_one_priority_higher(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        opened("A"),
        sent("A", "11T09:10", "resolve", **SOLUTION),
        sent("A", "11T10:00", "refuse", by="customer", why="仍然报错"),
        sent("A", "11T11:30", "reply", text="在查"),
        sent("A", "11T12:00", "resolve", **SOLUTION),
        sent("A", "11T12:30", "rate", by="customer", score="very_satisfied"),
    ]
    found = tried(capsys, lines)["trial"]
    assert found["reopened"] == 1
    assert found["attainment"]["response"]["P2"]["met"] == 1
    assert found["attainment"]["response"]["P1"] == {"met": 0, "missed": 1, "undecided": 0, "share": 0.0}
    assert found["attainment"]["resolution"]["P1"]["met"] == 1


def test_a_log_with_people_nobody_knows_is_still_the_work_that_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        opened("A", received_by="Opened by 8"),
        sent("A", "11T09:20", "reply", by="Resolved by 149", text="在查"),
        sent("A", "11T09:30", "progress", by="sales-001", text="在查"),
        sent("A", "11T10:00", "resolve", by="tech-001", **SOLUTION),
        sent("A", "11T11:00", "rate", by="customer", score="satisfied"),
    ]
    found = tried(capsys, lines)["trial"]
    assert found["stand_ins"] == {"Resolved by 149": 1, "sales-001": 1}
    assert found["closed"] == {"satisfied": 1}
    assert found["refused"] == []


def test_what_only_this_policy_asks_for_does_not_stop_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    bare = {"symptom": "点击保存后提示网络错误"}
    untested = {"cause": "缓存过期", "solution": "已更新缓存策略"}
    lines = [
        opened("A", description=bare),
        sent("A", "11T09:20", "reply", text="在查"),
        sent("A", "13T09:30", "progress", text="在查"),
        sent("A", "13T10:00", "resolve", **untested),
        sent("A", "13T11:00", "rate", by="customer", score="satisfied"),
        sent("A", "13T12:00", "note", text="已归档"),
    ]
    found = tried(capsys, lines)["trial"]
    assert found["taken_as_it_is"] == 1
    assert found["closed"] == {"satisfied": 1}
    assert [(one["signal"], one["count"]) for one in found["refused"]] == [("note", 1)]


def test_bad_lines_are_named_and_the_others_are_played(capsys: pytest.CaptureFixture[str]) -> None:
    bad: list[Line | str] = [
        "{",
        {"at": "2026-05-11T09:00", "key": "B"},
        {"at": "yesterday", "key": "B", "open": {}},
        sent("A", "11T09:40", "shout"),
        sent("A", "11T09:40", "reply"),
        sent("nobody", "11T09:40", "claim"),
        sent("A", "11T08:00", "claim"),
        opened("A"),
        opened("B", channel="pigeon"),
        sent("B", "11T09:40", "claim"),
        {**sent("A", "11T09:40", "claim"), "who": "me"},
        {**sent("A", "11T09:40", "claim"), "by": None},
    ]
    answer = tried(capsys, [*LATE_ANSWER, "", *bad], code=1)
    assert answer["trial"]["closed"] == {"satisfied": 1}
    said = {one["line"]: one["error"] for one in answer["faulty_lines"]}
    assert list(said) == [8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19]
    assert said[8].startswith("is no JSON: ")
    assert said[9] == "has to have either open (an intake form) or signal (its name)"
    assert said[10].startswith("at: 'yesterday' is no time; allowed: ")
    assert said[11].startswith("unknown signal 'shout'; allowed: claim, ")
    assert said[12] == "reply: text: is missing"
    assert said[13] == "key 'nobody' is opened by no line"
    assert said[14] == "key 'A' is opened later, by line 1"
    assert said[15] == "key 'A' is opened already by line 1; allowed: once"
    assert said[16].startswith("form: channel: ")
    assert said[18] == "who: unknown key; allowed: at, by, key, signal, via, with"
    assert said[19].startswith("by: is missing")
    assert all("\n" not in error for error in said.values())


@pytest.mark.parametrize(
    ("lines", "arguments", "said"),
    [
        ([], [], "the log opens no case"),
        (["{"], [], "the log opens no case\nline 1: is no JSON: "),
        (LATE_ANSWER, ["--until", "2026-05-01T09:00"], "--until 2026-05-01T09:00: is before the first line"),
        (LATE_ANSWER, ["--until", "soon"], "--until 'soon' is no time"),
        (LATE_ANSWER, ["--against", "x.toml"], "x.toml: there is no such policy"),
    ],
)
def test_a_trial_of_nothing_says_why(
    capsys: pytest.CaptureFixture[str], lines: list[Line | str], arguments: list[str], said: str
) -> None:
    assert run(["trial", written(lines), *arguments]) == 1
    assert said in capsys.readouterr().err


def test_a_log_that_is_not_there_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trial", "nowhere.jsonl"]) == 1
    assert capsys.readouterr().err == "bihuan: nowhere.jsonl: cannot be read: No such file or directory\n"


@dataclass
class _Remembering(Figures):
    """Keeps the events as well."""

    happened: list[tuple[str, Event]] = field(default_factory=list)

    def take(self, key: str, events: Iterable[Event]) -> None:
        seen = list(events)
        self.happened += [(key, event) for event in seen]
        super().take(key, seen)


def _simulated(lines: Iterable[Line], until: datetime) -> list[tuple[str, Event]]:
    policy, people = load_policy("standard"), sample_organisation()
    log = read_log(map(json.dumps, lines), policy, people)
    assert log.faults == {}
    figures = _Remembering(Calendar())
    for _ in Simulation(Decision(policy, people), figures).play(log.entries, until):
        pass
    return figures.happened


def test_deadlines_of_all_cases_pass_in_order_each_when_it_is_due() -> None:
    lines = [opened("A"), opened("B", at="2026-05-11T09:30"), opened("C", at="2026-05-15T09:00")]
    happened = _simulated(lines, datetime(2026, 5, 20, tzinfo=UTC))
    times = [event.at for _, event in happened]
    assert times == sorted(times)
    lapsed = [event for _, event in happened if event.kind is EventKind.LAPSED]
    assert len(lapsed) > 20
    assert all(datetime.fromisoformat(str(event.detail["due"])) == event.at for event in lapsed)
    assert max(times) <= datetime(2026, 5, 20, tzinfo=UTC)


def test_what_cannot_be_linked_in_a_log_is_counted_and_the_rest_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        opened("A"),
        opened("B", at="2026-05-11T09:10", product="收银台"),
        sent("A", "11T09:20", "link", to="nowhere"),
        sent("B", "11T09:30", "link", to="A"),
        sent("A", "11T10:00", "resolve", **SOLUTION),
        sent("A", "11T11:00", "rate", by="customer", score="satisfied"),
    ]
    found = tried(capsys, lines, "--policy", "standard")["trial"]
    refused = {(one["signal"], one["reason"].split(":")[0]) for one in found["refused"]}
    assert refused == {("link", "nowhere"), ("link", "the products differ (收银台, 智办公CRM系统)")}
    assert found["closed"] == {"satisfied": 1}


def test_a_new_case_goes_to_whoever_has_the_fewest_open_ones_then() -> None:
    lines = [
        opened("A"),
        opened("B", at="2026-05-11T09:01"),
        sent("A", "11T09:02", "withdraw", by="customer", why="已恢复"),
        opened("C", at="2026-05-11T09:03"),
        opened("D", at="2026-05-11T09:04"),
    ]
    happened = _simulated(lines, datetime(2026, 5, 11, 2, tzinfo=UTC))
    owners = {key: event.detail["owner"] for key, event in happened if event.kind is EventKind.DISPATCHED}
    assert owners == {"A": "tech-001", "B": "tech-002", "C": "tech-001", "D": "tech-003"}


def test_who_can_only_be_called_is_told_by_a_person_in_a_trial_as_well() -> None:
    lines = [opened("A", customer={"name": "王芳", "phone": "13800138000"}), opened("B", at="2026-05-11T09:10")]
    policy, people = load_policy("standard"), sample_organisation()
    log = read_log(map(json.dumps, lines), policy, people)
    assert log.faults == {}
    transports: Any = {Contact.EMAIL: Smtp.from_url("smtp://localhost", "support@example.com")}
    simulation = Simulation(Decision(policy, people), Figures(Calendar()), transports)
    for _ in simulation.play(log.entries, datetime(2026, 5, 11, 2, tzinfo=UTC)):
        pass
    ways = {key: case.reachable for key, case in simulation._cases.items()}
    assert ways == {"A": Reachable.BY_PERSON, "B": Reachable.CHANNEL}
