"""Service levels as a policy file writes them: clocks, reminders, closing after silence, reviews (R9, R22-R28)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from workflows.domain.formats import Duration, Labels, TimeOfDay, written_duration
from workflows.domain.model import Fact
from workflows.domain.terms import ClockTerms, Reminders, ReviewTerms, ServiceLevel
from workflows.domain.vocabulary import CalendarKind, ClockName, NeutralRule, Priority


class ClockRule(Fact):
    """How long one clock runs, counted on which calendar, and at which shares of it people are warned."""

    within: Duration
    calendar: CalendarKind
    warnings: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _hours_on_business_hours(cls, data: Any) -> Any:
        """A `1d` of 24 counted hours would be three days of eight: nobody means that."""
        if isinstance(data, Mapping) and data.get("calendar") == CalendarKind.BUSINESS_HOURS:
            within = data.get("within")
            if isinstance(within, str) and "d" in within:
                raise ValueError(f"within {within!r} on business_hours; allowed: hours there, such as 8h")
        return data

    def terms(self) -> ClockTerms:
        """The same in seconds."""
        return ClockTerms(within=self.within, calendar=self.calendar, warnings=tuple(sorted(set(self.warnings))))


class LevelClocks(Fact):
    """The clocks that differ by priority (R9, R12, R16, R17)."""

    claim: ClockRule
    response: ClockRule
    progress: ClockRule
    resolution: ClockRule
    escalation: ClockRule
    next_response: ClockRule | None = None
    """For the answer to what the customer writes after the first reply (R34); left out, as for the first one."""


class SharedClocks(Fact):
    """The clocks that are the same for every priority (R5, R18, R21, R23)."""

    supplement: ClockRule
    feedback: ClockRule
    follow_up: ClockRule
    collaboration: ClockRule = ClockRule.model_validate(
        {"within": "1d", "calendar": "working_days", "warnings": (0.5, 0.8)}
    )


class PriorityLevel(Fact):
    """One priority: what it means and what it promises (R8, R9, R13)."""

    labels: Labels
    description: Labels
    dispatch_incomplete: StrictBool = False
    alert_duty_manager: StrictBool = False
    clocks: LevelClocks

    def terms(self, shared: SharedClocks) -> ServiceLevel:
        """The same in seconds, with the clocks that every priority has."""
        rules: list[tuple[str, ClockRule | None]] = [*self.clocks, *shared]
        return ServiceLevel(
            clocks={ClockName(name): rule.terms() for name, rule in rules if rule is not None},
            dispatch_incomplete=self.dispatch_incomplete,
            alert_duty_manager=self.alert_duty_manager,
        )


class ReminderRule(Fact):
    """Intervals between one reminder and the next; they may not shrink."""

    every: tuple[Duration, ...] = Field(min_length=1)
    calendar: CalendarKind

    @model_validator(mode="after")
    def _growing(self) -> Self:
        if list(self.every) != sorted(self.every):
            raise ValueError("every: intervals shrink; allowed: each at least as long as the one before")
        return self

    def terms(self) -> Reminders:
        """The same in seconds."""
        return Reminders(intervals=self.every, calendar=self.calendar)


class ReminderRules(Fact):
    """Reminders for missing information (R5), a result without an answer (R22), a rating that is owed (R24)."""

    supplement: ReminderRule
    confirmation: ReminderRule
    rating: ReminderRule


class SilenceRules(Fact):
    """R22: `close_after` is counted on the calendar of the confirmation reminders; left out, silence closes nothing."""

    close_after: Duration | None = None


class RatingRules(Fact):
    """R24, R26: `close_after` is counted on the calendar of the rating reminders."""

    close_after: Duration | None = None
    neutral: NeutralRule = NeutralRule.CLOSE


class LinkRules(Fact):
    """R40: for how long the link in a message is good, round the clock from the last message that carries it."""

    valid: Duration = 30 * 86_400.0

    @field_validator("valid")
    @classmethod
    def _bounded(cls, value: float) -> float:
        if not 3_600 <= value <= 366 * 86_400:
            raise ValueError(f"{written_duration(value)} is out of range; allowed: 1h to 366d")
        return value


class ClosingRules(Fact):
    """R39: whose verdict closes a case, and how long the customer may correct it."""

    owner_may_take_down: StrictBool = False
    """Whether owners may take down acceptances and ratings of their own cases."""
    correct_within_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 7
    """Days round the clock; 0: an answer stands."""


class EscalationRules(Fact):
    """R17."""

    tell_customer_of_every_escalation: StrictBool = True


class RepeatedRule(Fact):
    """R27: so many cases of one product and subtype within so long are one problem; `within` counts every hour."""

    times: Annotated[int, Field(ge=0, le=1000)]
    """0: repetition calls for no review."""
    within: Duration

    @model_validator(mode="after")
    def _more_than_once(self) -> Self:
        if self.times == 1:
            raise ValueError("times: 1 is no repetition; allowed: 0 (never) or 2 to 1000")
        return self


class ReviewRules(Fact):
    """R27: which closed cases are reviewed, and how long a review's steps may take."""

    priorities: tuple[Priority, ...] = (Priority.P0, Priority.P1)
    repeated: RepeatedRule = RepeatedRule.model_validate({"times": 5, "within": "30d"})
    report: ClockRule = ClockRule.model_validate({"within": "5d", "calendar": "working_days", "warnings": (0.5, 0.8)})
    approval: ClockRule = ClockRule.model_validate({"within": "2d", "calendar": "working_days", "warnings": (0.5,)})
    escalation: ClockRule = ClockRule.model_validate({"within": "1d", "calendar": "working_days"})
    measure_warnings: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.8,)

    def terms(self) -> ReviewTerms:
        """The same in seconds."""
        return ReviewTerms(
            priorities=self.priorities,
            repeated=self.repeated.times or None,
            period=self.repeated.within,
            report=self.report.terms(),
            approval=self.approval.terms(),
            escalation=self.escalation.terms(),
            measure_warnings=tuple(sorted(set(self.measure_warnings))),
        )


class ArchiveRules(Fact):
    """R28: when closed cases are archived, and when their customer's data is masked in the database.

    Both are counted round the clock from the closing; left out, it does not happen. `at` is the time of day, on the
    company's wall clock, at which that is seen to.
    """

    after: Duration | None = None
    mask_after: Duration | None = None
    at: TimeOfDay = time(2, 30)

    @model_validator(mode="after")
    def _archived_first(self) -> Self:
        if self.mask_after is None:
            return self
        if self.after is None:
            raise ValueError("mask_after without after; allowed: only what is archived is masked, so both or none")
        if self.mask_after < self.after:
            shorter, longer = written_duration(self.mask_after), written_duration(self.after)
            raise ValueError(f"mask_after {shorter} is less than after {longer}; allowed: at least as much")
        return self
