"""Closed cases and their reviews as the rules have them, every step recorded: for tests of what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from activities.database.database import Database
from activities.intake.register import Register
from activities.organisation.directory import Directory
from activities.recording.activity import RecordingActivities
from activities.recording.review_activity import ReviewRecordingActivities
from tests.activities.recording.test_activity import recording_of
from tests.activities.samples import form, organisation
from tests.builders import DAY, HOUR, MINUTE, MONDAY, RESOLUTION, case_step, settlement
from tests.builders import terms as case_terms
from workflows.domain.case.aggregate import Case
from workflows.domain.commands.case import COMMANDS
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.event import Event
from workflows.domain.policy.service_levels import ReviewRules
from workflows.domain.review.aggregate import Review
from workflows.domain.review.view import ReviewRequest, ReviewSubject
from workflows.domain.terms import Consultation
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import Priority
from workflows.ports import ReviewRecord, StepMarker

TERMS = ReviewRules().terms()
HEAD, AUTHOR, COLLEAGUE = "tech-head", "tech-001", "tech-002"
FINDINGS: dict[str, Any] = {
    "root_cause": "连接池没有上限告警\n扩容后没有压测",
    "what_happened": "凌晨的批量任务占满了连接。",
    "measures": [
        {"what": "给连接池加上用量告警", "owner": COLLEAGUE, "due": MONDAY + 20 * DAY},
        {"what": "批量任务改到低峰", "owner": AUTHOR, "due": MONDAY + 40 * DAY},
    ],
}


@dataclass
class Reviewed:
    """A review that is called for; `send` it commands, let time `pass_`, and everything is recorded."""

    recording: RecordingActivities
    number: str
    subject: ReviewSubject
    review: Review | None = None
    now: datetime = MONDAY + DAY

    async def begin(self) -> Reviewed:
        """What its workflow does first."""
        request = ReviewRequest(
            number=self.number, subject=self.subject, department="technical_support", type="technical",
            subtype="数据同步失败", priority=Priority.P1, terms=TERMS, calendar=Calendar(official_years=(2024,)),
            opened_at=self.now,
        )  # fmt: skip
        self.review, events = Review.open(request, self.now)
        await self._record(events)
        return self

    async def send(self, name: str, by: str, *, after: timedelta = HOUR, **fields: Any) -> None:
        """One command, which has to be accepted."""
        assert self.review is not None
        self.now += after
        command_id = f"{name}-{self.review.sequence}"
        command = REVIEW_COMMANDS[name].model_validate({"command_id": command_id, "by": by, **fields})
        people = organisation().members_with_superiors([HEAD, AUTHOR, COLLEAGUE])
        await self._record(self.review.handle(command, self.now, Consultation(people=people)))
        assert self.review.outcomes[command_id].accepted, self.review.outcomes[command_id]

    async def pass_(self, span: timedelta) -> None:
        """Nobody does anything."""
        assert self.review is not None
        self.now += span
        await self._record(self.review.expire(self.now))

    async def _record(self, events: list[Event]) -> None:
        assert self.review is not None
        marker = StepMarker(signals=len(self.review.outcomes), at=self.now)
        step = ReviewRecord(view=self.review.view(), events=tuple(events), marker=marker)
        recorded = await ReviewRecordingActivities(self.recording).record_review(step)
        assert recorded.marker == marker, "replays judge by it"


async def approved(database: Database, **changes: Any) -> Reviewed:
    """Written by somebody else than the head, returned once, approved; the first of two measures is done."""
    review = await (await called_for(database, **changes)).begin()
    await review.send("name_author", HEAD, author=AUTHOR, why="最了解同步服务")
    await review.send("review", AUTHOR, **FINDINGS)
    await review.send("return_report", HEAD, why="没有说明告警为什么没有触发")
    await review.send("review", AUTHOR, **FINDINGS)
    await review.send("approve", HEAD, text="按期完成")
    await review.send("measure_done", COLLEAGUE, measure=1, result="告警已上线")
    return review


async def called_for(
    database: Database, *, cases: int = 1, priority: Priority = Priority.P1, **changes: Any
) -> Reviewed:
    """As many cases of one problem, each handled and closed; the last closing calls for the review."""
    await Directory(database).load(organisation(name="智办公"))
    recording = recording_of(database)
    subject, number = None, ""
    for index in range(cases):
        number, subject = await closed(recording, MONDAY + index * HOUR, priority, **changes)
    assert subject is not None
    return Reviewed(recording, number, subject)


async def closed(
    recording: RecordingActivities, at: datetime, priority: Priority, **changes: Any
) -> tuple[str, ReviewSubject | None]:
    """A case that nobody answers in time, that is refused once and then solved; its number, and what that calls for."""
    given = form(**{"impact": {"blocks_normal_use": True, "effect": "门店无法收银"}, "product": "云POS", **changes})
    number = (await Register(recording.database).register(given, received_at=at, day=at.date())).number
    case, events = Case.open(number, settlement(priority, terms_=case_terms(review=TERMS)), at)
    events += case.expire(at + 3 * HOUR)
    now = at + 3 * HOUR
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("reply", AUTHOR, {"text": "王芳您好，正在排查，请拨打13800138000"}),
        ("resolve", AUTHOR, RESOLUTION),
        ("refuse", "customer", {"why": "还是不行 <b>急</b>"}),
        ("resolve", case.owner or AUTHOR, {**RESOLUTION, "solution": "已扩容\n并补同步"}),
        ("confirm", "customer", {}),
        ("rate", "customer", {"score": "satisfied", "comment": "好 | 了"}),
    ]
    for index, (name, by, fields) in enumerate(steps):
        now += 5 * MINUTE
        who = by if by == "customer" else (case.owner or by)
        command = COMMANDS[name].model_validate({"command_id": f"{name}{index}", "by": who, **fields})
        events += case.handle(command, now)
        assert case.outcomes[command.command_id].accepted, case.outcomes[command.command_id]
    terms = case.terms.review
    answer = await recording.record(case_step(case.view(), events, review=terms))
    return number, answer.review
