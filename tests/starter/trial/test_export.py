"""An installation's own cases, exported and simulated under the same policy, come out as they were handled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import le, lt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from activities.database.database import Database
from activities.database.tables import outbox, timeline
from activities.intake.form import parse_form
from activities.intake.register import Register
from activities.messages.renderer import Renderer
from activities.opening.activity import OpeningActivities
from activities.organisation.directory import Directory
from activities.organisation.loading import sample_organisation
from activities.policy.calendars import build_calendar
from activities.policy.loading import load_policy
from activities.queries.history_export import ExportedStep, signals
from activities.recording.activity import RecordingActivities
from starter.admin import run
from starter.trial.figures import Figures
from tests.builders import case_step
from tests.starter.command_line import SHARED_ON_SQLITE, bihuan
from tests.starter.trial.test_trial import SOLUTION, Line, opened, sent
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.case.aggregate import Case
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.command import Command, parse_command
from workflows.domain.event import Event, EventKind
from workflows.domain.formats import moment_of
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Via

pytestmark = pytest.mark.xdist_group("export")

POLICY = load_policy("standard")
END = datetime(2026, 6, 30, tzinfo=UTC)
BY_PHONE = {"name": "刘洋", "phone": "13912345678", "preferred_contact": "phone"}

LIFE: list[Line] = [
    opened("late", priority="P1"),
    sent("late", "11T09:05", "claim"),
    sent("late", "11T10:20", "reply", text="在查"),
    sent("late", "11T10:30", "acknowledge", by="escalated", text="收到"),
    sent("late", "11T11:00", "escalate", why="需要数据库权限"),
    sent("late", "11T11:10", "escalate", department="product", why="需求不清"),
    sent("late", "11T15:00", "resolve", **SOLUTION),
    sent("late", "11T16:00", "refuse", by="customer", why="仍然报错"),
    sent("late", "11T16:20", "reply", text="再查"),
    sent("late", "11T18:00", "resolve", **SOLUTION),
    sent("late", "12T09:00", "confirm", by="customer"),
    sent("late", "12T09:30", "rate", by="customer", score="dissatisfied", comment="太慢"),
    sent("late", "12T10:00", "resolve", **SOLUTION),
    sent("late", "12T11:00", "rate", by="customer", score="satisfied"),
    opened("incomplete", at="2026-05-11T09:30", description={"symptom": "点击保存后提示网络错误"}),
    sent("incomplete", "11T14:00", "supply", by="customer", fields={"description.steps": "新建客户,点击保存"}),
    sent("incomplete", "11T15:00", "request_info", text="请补充截图", fields=["description.actual"]),
    sent("incomplete", "13T09:00", "supply", by="customer", text="没有截图"),
    sent("incomplete", "13T10:00", "classify", priority="P3", why="不影响使用"),
    sent("incomplete", "13T10:30", "resolve", **SOLUTION),
    opened("moved", at="2026-05-11T10:00"),
    sent("moved", "11T10:30", "claim", by="tech-001"),
    sent("moved", "11T11:00", "assign", by="tech-lead", to="tech-002", why="换班"),
    sent("moved", "13T12:00", "progress", text="在查", why="等待日志"),
    sent("moved", "13T12:10", "note", by="agent-001", text="客户下午在线"),
    sent("moved", "13T13:00", "classify", by="tech-lead", type="transaction", why="其实是订单问题"),
    sent("moved", "13T14:00", "reply", text="在查"),
    sent("moved", "14T14:00", "withdraw", by="customer", why="已恢复"),
    opened("called", at="2026-05-11T11:05", customer=BY_PHONE),
    sent("called", "11T11:20", "resolve", **SOLUTION),
    sent("called", "11T15:00", "feedback", text="已电话告知"),
    sent("called", "12T15:00", "rate", by="customer", score="neutral"),
    opened("forgotten", at="2026-05-11T12:00"),
]  # fmt: skip


CALLERS: list[Line] = [
    opened("main"),
    opened("first", at="2026-05-11T09:10"),
    opened("second", at="2026-05-11T09:20"),
    sent("first", "11T09:30", "link", by="main owner", to="main"),
    sent("second", "11T09:31", "link", to="main", why="同一台服务器"),
    sent("main", "11T09:40", "reply", text="在查"),
    sent("second", "11T10:00", "unlink", why="另一个原因"),
    sent("main", "11T11:00", "resolve", **SOLUTION),
    sent("first", "11T12:00", "rate", by="customer", score="dissatisfied"),
    sent("first", "11T13:00", "resolve", **SOLUTION),
    sent("first", "11T14:00", "rate", by="customer", score="satisfied"),
    sent("main", "11T15:00", "rate", by="customer", score="satisfied"),
]  # fmt: skip


@dataclass
class Company:
    """Cases lived on a real database, through the activities that production uses, at the log's own pace."""

    database: Database
    now: datetime = END
    numbers: dict[str, str] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)

    def __post_init__(self) -> None:
        directory = Directory(self.database)
        self.settling = OpeningActivities(self.database, POLICY, directory, now=lambda: self.now)
        self.recording = RecordingActivities(
            database=self.database,
            directory=directory,
            renderer=Renderer(),
            labels=POLICY.labels,
            calendar=lambda: build_calendar(POLICY, (2026,)),
            now=lambda: self.now,
        )

    async def live(self, life: list[Line]) -> None:
        await self.settling.directory.load(sample_organisation())
        for line in sorted(life, key=lambda one: one["at"]):
            await self.pass_to(moment_of(line["at"], "Asia/Shanghai"), lt)
            await (self.open(line) if "open" in line else self.send(line))
        await self.pass_to(END, le)

    async def pass_to(self, moment: datetime, by: Callable[[datetime, datetime], bool]) -> None:
        while due := [case for case in self.cases.values() if case.next_deadline and by(case.next_deadline, moment)]:
            case = min(due, key=lambda one: one.next_deadline or END)
            self.now = case.next_deadline or END
            await self.record(case, case.expire(self.now))
        self.now = moment

    async def open(self, line: Line) -> None:
        form = parse_form(line["open"], now=self.now, policy=POLICY, organisation=sample_organisation())
        day = Calendar().local(self.now).date()
        number = (await Register(self.database).register(form, received_at=self.now, day=day)).number
        self.numbers[line["key"]] = number
        case, events = Case.open(number, await self.settling.settle(number), self.now)
        self.cases[number] = case
        await self.record(case, events)

    async def send(self, line: Line) -> None:
        case = self.cases[self.numbers[line["key"]]]
        given = dict(line["with"])
        main = self.cases.get(self.numbers.get(given.get("to", ""), ""), case)
        parts = {"owner": case.owner or case.responsible(), "escalated": case.escalation.to, "main owner": main.owner}
        by = parts.get(line["by"], line["by"])
        if line["signal"] == "link":
            given["to"] = self.numbers[given["to"]]
        command = parse_command(line["signal"], {**given, "by": by}, f"c{case.sequence}", COMMANDS)
        await self.judge(case, command)
        outcome = case.outcomes[command.command_id]
        assert outcome.accepted, (line, outcome.reason)

    async def judge(self, case: Case, command: Command) -> None:
        lookup = case.needs(command)
        facts = [await self.settling.consult(lookup)] if lookup is not None else []
        await self.record(case, case.handle(command, self.now, *facts))

    async def record(self, case: Case, events: list[Event]) -> None:
        await self.recording.record(case_step(case.view(), events))
        for forward in case.take_forwards():
            await self.judge(self.cases[forward.to], parse_command(forward.name, forward.fields, "none", COMMANDS))


async def lived(database: Database) -> dict[str, Any]:
    """The figures of what the database says happened."""
    figures = Figures(Calendar())
    async with database.read() as connection:
        rows = (await connection.execute(select(timeline).order_by(timeline.c.number, timeline.c.sequence))).all()
        told = Counter(await connection.scalars(select(outbox.c.recipient)))
    for row in rows:
        event = Event(sequence=row.sequence, at=row.at, kind=row.kind, by=row.by, detail=row.detail)
        figures.take(row.number, [event])
    return figures.as_json() | {"told": told}


@dataclass(frozen=True)
class Past:
    """What was lived in the installation of a folder; `numbers` are those of its cases by their keys."""

    folder: Path
    numbers: dict[str, str]
    figures: dict[str, Any]


@pytest.fixture(scope="module")
async def past(shared_record_url: str, shared_folder: Path) -> Past:
    """Lived once for each kind of database; what is asked of it changes nothing."""
    async with open_installation(
        Settings(data=shared_folder / "bihuan-data", database_url=shared_record_url)
    ) as installation:
        company = Company(installation.database)
        await company.live(LIFE + CALLERS)
        return Past(shared_folder, company.numbers, await lived(installation.database))


def test_a_past_tried_on_its_own_policy_comes_out_as_it_was_linked_cases_too(past: Past) -> None:
    exported = bihuan("export", "--out", "past.jsonl", folder=past.folder)
    assert (exported.returncode, exported.stderr) == (
        0, f"bihuan: 8 cases, {len(LIFE) + len(CALLERS)} lines in past.jsonl\n",
    )  # fmt: skip
    tried = bihuan("trial", "past.jsonl", "--until", END.isoformat(), "--json", folder=past.folder)
    assert tried.returncode == 0, tried.stderr
    answer = json.loads(tried.stdout)["trial"]
    assert (answer["refused"], answer["stand_ins"]) == ([], {})
    for what in ("cases", "attainment", "breaches", "escalations", "closed", "reopened"):
        assert answer[what] == past.figures[what], what
    people = {person: one["total"] for person, one in answer["notifications"]["people"].items()}
    assert people | {"customer": answer["notifications"]["customers"]["total"]} == past.figures["told"]
    # Twice the late one, and the caller who stayed with the main case.
    assert answer["reopened"] == 3
    # One silent, one rated neutral and never accepted, one forgotten, and the caller with another cause.
    never_closing = {"awaiting_confirmation": 2, "dispatched": 1, "in_progress": 1}
    assert answer["open"]["never_closing_status"] == never_closing
    assert answer["attainment"]["response"]["P2"]["met"] == 4, "one reply answered all three"


@SHARED_ON_SQLITE
def test_a_caller_exported_without_its_main_case_keeps_what_it_was_answered(past: Past) -> None:
    done = bihuan("export", "--since", "2026-05-11T09:05", "--until", "2026-05-11T09:15", folder=past.folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    said = [(line["signal"], line["by"]) for line in lines if "signal" in line]
    assert said[:2] == [("reply", "owner"), ("resolve", "owner")]


@SHARED_ON_SQLITE
def test_an_export_says_who_acted_by_their_part_and_leaves_out_what_followed(past: Past) -> None:
    moved, incomplete = past.numbers["moved"], past.numbers["incomplete"]
    done = bihuan("export", "--since", "2026-05-11T09:25", "--until", "2026-05-11T10:30", folder=past.folder)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({line["key"] for line in lines}) == 2
    said = [(line["at"], line["signal"], line["by"]) for line in lines if line["key"] == moved and "signal" in line]
    assert said == [
        ("2026-05-11T10:30:00+08:00", "claim", "tech-001"),
        ("2026-05-11T11:00:00+08:00", "assign", "tech-lead"),
        ("2026-05-13T12:00:00+08:00", "progress", "owner"),
        ("2026-05-13T12:10:00+08:00", "note", "agent-001"),
        ("2026-05-13T13:00:00+08:00", "classify", "tech-lead"),
        ("2026-05-13T14:00:00+08:00", "reply", "owner"),
        ("2026-05-14T14:00:00+08:00", "withdraw", "customer"),
    ]
    first = next(line for line in lines if line["key"] == incomplete)
    assert first["open"]["description"]["steps"] is None
    assert first["at"] == "2026-05-11T09:30:00+08:00"


def test_a_customers_word_keeps_its_way_and_who_took_it_down_and_is_tried_as_theirs() -> None:
    at = datetime(2026, 5, 11, tzinfo=UTC)
    steps = [
        ExportedStep(at, EventKind.REFUSED, "customer", {"why": "x", "relayed_by": "agent-001", "heard": "wechat"}),
        ExportedStep(at, EventKind.RATED, "customer", {"score": "satisfied", "comment": None}, Via.LINK),
        ExportedStep(at, EventKind.REPLIED, "tech-001", {"text": "x", "main_case": "FB202605110001"}, Via.SYSTEM),
    ]
    taken_down, own, passed_on = signals("FB1", steps)
    assert taken_down["with"] == {"why": "x", "relayed_by": "agent-001", "heard": "wechat"}
    assert "via" not in taken_down
    assert (own["via"], own["with"]) == ("link", {"score": "satisfied"})
    assert (passed_on["by"], "via" in passed_on) == ("owner", False)


@SHARED_ON_SQLITE
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "soon"], "--since soon: allowed: a day such as 2026-05-11"),
        (["--out", "nowhere/past.jsonl"], "--out nowhere/past.jsonl: cannot be written: No such file or directory"),
    ],
)
def test_an_export_that_cannot_be_gets_one_line(past: Past, arguments: list[str], said: str) -> None:
    done = bihuan("export", *arguments, folder=past.folder)
    assert done.returncode == 1
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_without_a_database_there_is_no_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BIHUAN_DATABASE_URL", raising=False)
    assert run(["export", "--data", "nowhere"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
