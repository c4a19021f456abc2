"""The terms of a case: what is settled from policy and organisation when it opens, and travels in its state.

An activity settles them; the case only reads them. A changed policy reaches an open case by `retime`, never by itself.
What a command needs to know of the world later is asked by a `Lookup` and answered by a `Consultation`.
"""

from __future__ import annotations

import json
from typing import Any, Self

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from workflows.domain.model import Fact, Instant
from workflows.domain.time.calendar import Calendar
from workflows.domain.vocabulary import (
    CalendarKind,
    Channel,
    ClockName,
    NeutralRule,
    Priority,
    Reachable,
    Resolution,
    Role,
    Status,
)


class ClockTerms(Fact):
    """How long a clock runs: `within` counts seconds on `calendar`; `warnings` are shares of it (0 < x < 1)."""

    within: float = Field(gt=0)
    calendar: CalendarKind = CalendarKind.ROUND_THE_CLOCK
    warnings: tuple[float, ...] = ()


class ServiceLevel(Fact):
    """What one priority promises."""

    clocks: dict[ClockName, ClockTerms]
    dispatch_incomplete: bool = False
    """Dispatched with what is known, and its clocks run on while the customer is asked (R5)."""
    alert_duty_manager: bool = False
    """R13."""


class Reminders(Fact):
    """Growing intervals, in seconds on `calendar`, each counted from the one before."""

    intervals: tuple[float, ...]
    calendar: CalendarKind = CalendarKind.WORKING_DAYS


class ReviewTerms(Fact):
    """Which cases are reviewed after they closed, and how long each step of a review has (R27)."""

    priorities: tuple[Priority, ...] = ()
    """Every case of these is reviewed."""
    repeated: int | None = None
    """So many cases of one product and subtype within the period are reviewed together."""
    period: float = Field(default=0.0, ge=0)
    """Of repeated cases, in seconds round the clock."""
    report: ClockTerms
    """From the closing to the submitted report."""
    approval: ClockTerms
    """From there to its approval."""
    escalation: ClockTerms
    """How long each level has before the lateness goes up to the next one."""
    measure_warnings: tuple[float, ...] = ()
    """Shares of the time of a corrective action."""


class Member(Fact):
    """A person as a case needs to know them: ids and place, no name and no contact."""

    id: str
    department: str
    group: str = ""
    superior: str | None = None
    roles: frozenset[Role] = frozenset()
    away: bool = False
    """Not at work on the day they were looked up."""
    left: bool = False
    """No longer in the organisation: nobody asks them for anything, and they may do nothing any more."""

    @property
    def at_work(self) -> bool:
        """Whether anybody may be asked of them."""
        return not (self.away or self.left)


class Dispatch(Fact):
    """The owner chosen for a case, and the people concerned with it (R11, R12).

    `people` holds the owner's group, everyone above the owner, and the heads of the assisting departments.
    """

    department: str
    group: str
    owner: str
    assisting: dict[str, str] = Field(default_factory=dict)
    """Assisting department -> the person there who is informed (its head)."""
    people: dict[str, Member]
    reason: str = ""


class Terms(Fact):
    """Everything of policy and organisation a case decides by."""

    policy: str
    """Name of the policy, for the record."""
    calendar: Calendar
    levels: dict[Priority, ServiceLevel]
    supplement: Reminders
    """After the supplement clock ran out for the first time (R5)."""
    confirmation: Reminders
    """Reminders to a customer who is silent about a result (R22)."""
    rating: Reminders
    """Reminders to a customer who accepted and does not rate (R24)."""
    close_silent_after: float | None = None
    """Seconds (confirmation calendar) of silence after which the case closes; None: never (R22)."""
    close_unrated_after: float | None = None
    """Seconds (rating calendar) after acceptance at which the case closes unrated (R24); None: never."""
    neutral: NeutralRule = NeutralRule.CLOSE
    owner_may_take_down: bool = True
    """Whether owners may take down acceptances and ratings of their own cases (R39); what an earlier release settled
    says nothing of it, and goes on as it began.
    """
    correct_within: float = Field(default=0.0, ge=0)
    """Seconds round the clock within which another answer of the customer's own hand corrects the first; 0: never."""
    tell_customer_of_every_escalation: bool = True
    """Customers read of the first escalation of a handling; True: and of somebody higher up who takes charge (R17)."""
    duty_managers: tuple[str, ...] = ()
    follow_up: str | None = None
    """The follow-up specialist (R23)."""
    follow_up_supervisor: str | None = None
    review: ReviewTerms | None = None
    """None: its closing calls for no review."""
    head: str | None = None
    """Head of the group the case belongs to before it is dispatched: decides on a silent supplement (R5)."""

    @model_validator(mode="wrap")
    @classmethod
    def _shared(cls, data: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Cases of one policy have the same terms, and share them: nine tenths of what an idle case holds in memory."""
        if type(data) is not dict:
            return build(data)
        try:
            key = json.dumps(data)
        except TypeError:  # made here, of values that are no JSON
            return build(data)
        known: Self | None = _KNOWN.get(key)
        if known is None:
            if len(_KNOWN) >= _MOST_KNOWN:
                _KNOWN.clear()
            known = _KNOWN[key] = build(data)
        return known


_KNOWN: dict[str, Any] = {}
_MOST_KNOWN = 256
"""Different ones; more than that come of a policy that was changed again and again."""


class Opening(Fact):
    """The facts of a submission that decide anything; the content stays in the database."""

    channel: Channel
    received_at: Instant
    """When the customer turned to the company."""
    accepted_at: Instant | None = None
    """When the submission was registered under its number: the clocks count from here (R9)."""
    received_by: str | None = None
    """First receiver, answerable until the handover (R6)."""
    type: str
    subtype: str | None = None
    priority: Priority
    reasons: tuple[str, ...] = ()
    """Which rules decided type and priority (R8, R10)."""
    missing: tuple[str, ...] = ()
    """Form fields the customer is asked for (R5)."""
    by_phone: bool = False
    """A person has to give the customer the result, by telephone (R21)."""
    reachable: Reachable = Reachable.CHANNEL
    """Whether a channel leads to the customer (R43)."""
    tested: bool = False
    """The type asks whether a solution was verified in a test environment (R19)."""
    playbook: tuple[str, ...] = ()
    """R15."""


class Settlement(Fact):
    """What settling answers: enough to open the case. `dispatch` is None while it waits for information."""

    opening: Opening
    terms: Terms
    people: dict[str, Member] = Field(default_factory=dict)
    """The receiver, duty managers, follow-up, the head, and everyone above them."""
    dispatch: Dispatch | None = None
    proves_messages: bool = False
    """Whether the case asks the outbox before it believes what became of a message; False: opened by a release that
    did not, and its history does not say.
    """


class MessageClaim(Fact):
    """What a signal says became of a message of the case, for the outbox to bear out."""

    message: str
    key: str | None = None
    """Of its row; None: the signal is of an earlier release."""
    recipient: str | None = None
    failed: bool
    """False: it had failed, and was sent after all."""


class DispatchRequest(Fact):
    """Choose an owner: for a type, in a department, or this very person."""

    type: str
    subtype: str | None = None
    priority: Priority
    department: str | None = None
    person: str | None = None
    exclude: tuple[str, ...] = ()


class TypeTerms(Fact):
    """What the policy says of a type a command named; None fields follow the policy's defaults."""

    type: str
    subtype: str | None = None
    department: str
    tested: bool = False
    playbook: tuple[str, ...] = ()


class SuppliedForm(Fact):
    """What was supplied later, to be checked like a form and triaged again (R3, R5, R10)."""

    fields: dict[str, str]
    """Form keys and values."""
    text: str | None = None
    type: str | None = None
    """As a person corrected it; None: the rules may say another one."""
    subtype: str | None = None


class TriagedAgain(Fact):
    """What the rules say since something was supplied; None where that changes nothing."""

    type: TypeTerms | None = None
    priority: Priority | None = None
    reasons: tuple[str, ...] = ()


class Roster(Fact):
    """Who holds the places that a case asks by, on one day (R13, R23)."""

    duty_managers: tuple[str, ...] = ()
    follow_up: str | None = None
    follow_up_supervisor: str | None = None
    head: str | None = None
    """Of the group that the case belongs to."""


class Involved(Fact):
    """The people of a case, task or review as it knows them: a lookup answers what has changed since."""

    people: dict[str, Member]
    heads: dict[str, str] = Field(default_factory=dict)
    """Department -> who was asked for it, as its head."""
    roster: Roster | None = None
    group: str | None = None
    request: DispatchRequest | None = None
    """What the case is, for the group that it belongs to before it is dispatched."""


class Lookup(Fact):
    """What a command needs to know of the world before the case can judge it."""

    number: str
    at: Instant
    people: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    dispatch: DispatchRequest | None = None
    types: tuple[str, ...] = ()
    """`type` or `type/subtype` the command names."""
    terms: bool = False
    main: str | None = None
    """Number of the case to be linked to, or linked to (R28)."""
    supplied: SuppliedForm | None = None
    involved: Involved | None = None
    """Who of them is away or has left by now, and who has their places."""
    command_id: str | None = None
    """Whether a command of this id was judged before, so long ago that only the record knows."""
    review: bool = False
    """The review of that number asks, not the case."""
    message: MessageClaim | None = None


class MainCase(Fact):
    """Another case, as far as being linked to it is concerned (R28)."""

    number: str
    status: Status
    resolution: Resolution | None = None
    linked_to: str | None = None
    leads: tuple[str, ...] = ()
    """Its owner and everyone above."""
    product: str = ""


class Judged(Fact):
    """What the record says became of a command; without a `reason` it was accepted."""

    reason: str | None = None


class Arrival(Fact):
    """What Temporal itself knows of a signal; nothing that its sender says goes into it."""

    at: Instant | None = None
    """When the server took it, by the clock of the object it is for; None: the server does not know any more."""
    earliest: Instant | None = None
    """The earliest time at which it can have been sent: the way to the server before that, and no longer."""
    workflow: str | None = None
    """Id of the workflow that sent it; None: a person or a program did."""


class Consultation(Fact):
    """The answer to a Lookup; what it does not hold does not exist, `problems` says why in one line each."""

    people: dict[str, Member] = Field(default_factory=dict)
    heads: dict[str, str] = Field(default_factory=dict)
    """Department asked for -> its head."""
    types: dict[str, TypeTerms] = Field(default_factory=dict)
    dispatch: Dispatch | None = None
    terms: Terms | None = None
    main: MainCase | None = None
    roster: Roster | None = None
    """None: as it is known."""
    product: str = ""
    """Of the case itself, where it is to be linked."""
    reachable: Reachable | None = None
    """Whether a channel leads to the customer, with the contacts asked for."""
    fields: dict[str, str] | None = None
    """What was supplied, as the form keeps it; None where nothing had to be checked."""
    faults: tuple[str, ...] = ()
    """What is wrong with what was supplied, in one line each."""
    triaged: TriagedAgain | None = None
    problems: tuple[str, ...] = ()
    disproved: str | None = None
    """Why what was said of a message is not so, in one line."""
    judged: Judged | None = None
    """None: no command of that id was judged, as far as the record knows."""
    arrival: Arrival | None = None
    """Of the command's signal; None: it was not needed."""
