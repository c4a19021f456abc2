"""The activities as workflows call them: name, input and output. What carries them out is in `activities`."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Literal

from pydantic import Field
from temporalio import activity

from workflows.domain.case.view import CaseView
from workflows.domain.event import Event
from workflows.domain.formats import Days
from workflows.domain.model import Fact, Instant, Json
from workflows.domain.policy.reports import ReportKind, days_name
from workflows.domain.review.view import ReviewSubject, ReviewView
from workflows.domain.terms import Arrival, Consultation, Lookup, ReviewTerms, Settlement

DELIVERY_HEARTBEAT = timedelta(seconds=10)
"""How often a delivery has to show that it goes on; one that does not is a killed worker's, and is begun again."""
MAILBOX_HEARTBEAT = timedelta(seconds=30)
"""A worker that dies while it watches a mailbox is noticed after so long."""
MAILBOX_WATCH = timedelta(hours=1)
"""How long one call watches: each is three events of the history."""


class StepMarker(Fact):
    """What a step judged, and when. It goes to the database activity with the step, and comes back with its answer, for
    replays to judge by (see `workflows.entity.recorded`).
    """

    signals: int = Field(ge=0)
    """How many of all that ever came are judged, those of this step included."""
    at: Instant
    """The object's time at which they were judged; deadlines up to then have passed."""
    lookup: bool = False
    """The next signal can only be judged when something has been looked up; deadlines wait for it."""
    more: bool = False
    """Signals are left that came before; deadlines wait for them."""
    idle: bool = True
    """No delivery was under way."""
    judged: bool = True
    """False: sent by a replay, which has not judged yet; with this in the answer no step was written."""


class SignalsSought(Fact):
    """Signals of the workflow that asks, from its `first` one on, counted from 1 within the run."""

    run: str | None = None
    """None: its present run."""
    first: int = Field(ge=1)


class Arrivals(Fact):
    """Of the signals asked for, in their order, what the server knows; its times are on the wall clock. Empty: the run
    is forgotten.
    """

    signals: tuple[Arrival, ...] = ()


class Record(Fact):
    """Everything that changed in one step of a case, written in one transaction; without events nothing is."""

    view: CaseView
    events: tuple[Event, ...]
    marker: StepMarker
    lookup: Lookup | None = None
    """Of the people by whom the step was judged: where they have changed since, nothing is written (R35)."""
    review: ReviewTerms | None = None
    """Given with the closing of a case, where that may call for a review (R27)."""
    intake: str | None = None
    """The fingerprint of the submission that the case began with; nothing is written to another one's row."""
    kept: Json | None = None
    """Of a closed case that its customer may correct: the input of the run that takes the correction."""


class Recorded(Fact):
    """`undelivered`: outbox keys that nobody else delivers, so the workflow has to."""

    undelivered: tuple[str, ...] = ()
    review: ReviewSubject | None = None
    """What the closing calls for; the review's row is written, its workflow still has to be started."""
    joined: str | None = None
    """The review that runs already and covers the case from now on; it still has to hear of it."""
    marker: StepMarker
    """As it was given; from the history, where this is a replay."""
    people: Consultation | None = None
    """What has changed among the people by whom the step was judged: nothing was written, and it is judged again."""


class ReviewRecord(Fact):
    """Everything that changed in one step of a review, written in one transaction; without events nothing is."""

    view: ReviewView
    events: tuple[Event, ...]
    marker: StepMarker
    lookup: Lookup | None = None
    """As of a case (`Record`)."""


class Delivery(Fact):
    """Outbox rows to deliver."""

    keys: tuple[str, ...] = Field(min_length=1)
    number: str | None = None
    """The case that they belong to; None: to several, all of them over."""


class ArchiveFailure(Fact):
    """A case that could not be archived or masked, and why, in one line."""

    number: str
    reason: str


class ArchiveRun(Fact):
    """How far a run of archiving has come. `last` is the number that was looked at last in this step.

    `failed` counts every failure, `failures` names the first ones: this travels in history.
    """

    step: Literal["archive", "mask", "done"] = "archive"
    last: str = ""
    archived: int = 0
    masked: int = 0
    failed: int = 0
    failures: tuple[ArchiveFailure, ...] = ()
    portions: int = Field(default=500, ge=1)
    """After so many the workflow goes on in a new run."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.step == "done"

    def summary(self) -> str:
        """The run in one line, for people."""
        return f"归档 archived {self.archived}, 遮盖 masked {self.masked}, 失败 failed {self.failed}"


class ReportOrder(Fact):
    """A report that is due: of the week or month that ended, on the wall clock of `zone`."""

    kind: ReportKind
    zone: str


class WrittenReport(Fact):
    """A report in its folder, and whom it is for: people's ids or mail addresses, as the policy names them."""

    days: Days
    folder: str
    recipients: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`2026-W47`."""
        return days_name(self.days)


class ReportMail(Fact):
    """A report for one recipient."""

    days: Days
    recipient: str


class ReportMailed(Fact):
    """What became of it. `known`: it was sent before; `unsent`: no mail server is configured; `reason` is one line."""

    recipient: str
    status: Literal["sent", "known", "refused", "unsent"]
    reason: str = ""


class ReportRun(Fact):
    """What a run has come to."""

    report: WrittenReport
    mailed: tuple[ReportMailed, ...] = ()

    def summary(self) -> str:
        """The run in one line, for people; who did not get it is named."""
        counts = Counter(mail.status for mail in self.mailed)
        facts = [f"{self.report.name}: {self.report.folder}"]
        facts += [f"{status} {count}" for status, count in counts.items()]
        facts += [f"{mail.recipient}: {mail.reason}" for mail in self.mailed if mail.reason]
        return ", ".join(facts)


class SweepOrder(Fact):
    """A sweep that is due; another one is after `every` seconds."""

    every: float = Field(gt=0)


class SweepRun(Fact):
    """What a sweep came to; the wall clock's times, `every` as in the order."""

    began: Instant
    ended: Instant
    every: float
    workflows: int = 0
    """Workflows that were running, as Temporal lists them."""
    started: int = 0
    """Cases that were registered, and reviews that were called for, and had no workflow."""
    left: int = 0
    """Cases that are registered and could not be started yet for want of time; another sweep goes on with them."""
    redelivered: int = 0
    """Messages that nobody held."""
    disagreements: int = 0
    skew: float = 0.0
    """Seconds that Temporal's clock is ahead of the worker's."""
    policy: str = ""
    """A mark of the policy that the worker went by (`activities.policy.in_force.digest`)."""
    faults: tuple[str, ...] = ()
    """What could not be looked at or mended, and why, a line each."""

    @property
    def overdue_after(self) -> timedelta:
        """So long after its end, there should have been another one."""
        return timedelta(seconds=3 * self.every + 60)

    def summary(self) -> str:
        """The sweep in one line, for people."""
        left = f" (待启动 left {self.left})" if self.left else ""
        counts = f"启动 started {self.started}{left}, 重新投递 redelivered {self.redelivered}"
        return f"{counts}, 不一致 disagreements {self.disagreements}"


@activity.defn
async def settle(number: str) -> Settlement:
    """Triage, terms and dispatch of a registered submission; asked again it answers the same (R8-R13)."""
    raise NotImplementedError


@activity.defn
async def consult(lookup: Lookup) -> Consultation:
    """Look up people, departments, types, an owner or the present terms."""
    raise NotImplementedError


@activity.defn
async def find_arrivals(sought: SignalsSought) -> Arrivals:
    """When the server took signals, and which workflows sent them: its own word, not the senders'."""
    raise NotImplementedError


@activity.defn
async def record(step: Record) -> Recorded:
    """Write case row, timeline and outbox in one transaction; the same step again changes nothing (R14)."""
    raise NotImplementedError


@activity.defn
async def record_review(step: ReviewRecord) -> Recorded:
    """Write a review's row, timeline and outbox in one transaction; the same step again changes nothing (R27)."""
    raise NotImplementedError


@activity.defn
async def deliver(delivery: Delivery) -> None:
    """Send outbox rows; each that was known to be sent is skipped. Raises while any may still succeed later."""
    raise NotImplementedError


@activity.defn
async def archive(progress: ArchiveRun) -> ArchiveRun:
    """Archive, or mask, the next portion of cases that are due; a case that fails does not stop the others (R28)."""
    raise NotImplementedError


@activity.defn
async def write_report(days: Days) -> WrittenReport:
    """Make the report of those days and put it in its folder; made again it says the same (R29)."""
    raise NotImplementedError


@activity.defn
async def mail_report(mail: ReportMail) -> ReportMailed:
    """Send a written report to one recipient, once. Raises while it may still succeed later."""
    raise NotImplementedError


@activity.defn
async def sweep(order: SweepOrder) -> SweepRun:
    """Start and deliver what was left lying, and look where record and Temporal disagree; again, it does no harm."""
    raise NotImplementedError


class MailboxWatch(Fact):
    """A mailbox to watch, by its name in the settings."""

    name: str


class MailboxWatched(Fact):
    """What came of it. `configured` is False where the worker's settings do not have it."""

    taken: int = 0
    configured: bool = True


@activity.defn
async def watch_mailbox(watch: MailboxWatch) -> MailboxWatched:
    """Take in what is in a mailbox, and what comes, for up to `MAILBOX_WATCH`."""
    raise NotImplementedError
