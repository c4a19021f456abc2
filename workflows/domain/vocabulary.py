"""The enumerations of the domain, as they are stored, sent and queried (R1, R8, R22-R24)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

CUSTOMER: Final = "customer"
"""The sender of a command that comes from the customer."""
SYSTEM: Final = "system"
"""The sender where a rule, a timer or an activity acts."""
OPERATOR: Final = "operator"
"""The sender where whoever runs the system acts, and nobody of the organisation."""

ONE_TIME_CODE: Final = "one_time_code"
"""The message with a code that the portal asked for. It is none of the case's own: no person tells it instead (R40)."""
WEBHOOK: Final = "webhook"
"""The channel, and the message, by which the company's own systems are told what happened in a case (R47)."""


class Priority(StrEnum):
    """Impact and urgency, most urgent first (R8)."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    def raised(self) -> Priority:
        """One step more urgent; P0 stays (R25)."""
        order = list(Priority)
        return order[max(order.index(self) - 1, 0)]


class Status(StrEnum):
    """Where a case stands; an escalation has its own level beside it."""

    AWAITING_INFORMATION = "awaiting_information"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_RATING = "awaiting_rating"
    CLOSED = "closed"


class TaskStatus(StrEnum):
    """Where a department's task stands; `ENDED` without an answer (R18)."""

    OPEN = "open"
    DONE = "done"
    CANNOT = "cannot"
    ENDED = "ended"


class Resolution(StrEnum):
    """How a case ended (R22, R24, R26)."""

    SATISFIED = "satisfied"
    ACCEPTED = "accepted"
    NEUTRAL = "neutral"
    WITHDRAWN = "withdrawn"


class Satisfaction(StrEnum):
    """The five answers of the follow-up (R23), best first."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very_dissatisfied"


class ClockName(StrEnum):
    """The clocks of cases, departments' tasks and reviews: everything there is a deadline for."""

    CLAIM = "claim"
    RESPONSE = "response"
    NEXT_RESPONSE = "next_response"
    """Since the customer wrote again after the first reply (R34)."""
    PROGRESS = "progress"
    RESOLUTION = "resolution"
    SUPPLEMENT = "supplement"
    FEEDBACK = "feedback"
    FOLLOW_UP = "follow_up"
    CONFIRMATION = "confirmation"
    RATING = "rating"
    ESCALATION = "escalation"
    COLLABORATION = "collaboration"
    REVIEW = "review"
    MEASURE = "measure"


class CalendarKind(StrEnum):
    """How the time of a clock is counted (R9)."""

    ROUND_THE_CLOCK = "round_the_clock"
    WORKING_DAYS = "working_days"
    BUSINESS_HOURS = "business_hours"


class Channel(StrEnum):
    """How the issue came in (R1)."""

    HOTLINE = "hotline"
    CHAT = "chat"
    EMAIL = "email"
    PORTAL = "portal"
    SOCIAL = "social"
    APP = "app"
    FORM = "form"
    ACCOUNT_MANAGER = "account_manager"


class Via(StrEnum):
    """By which way a command came (R39). Only processes of ours set anything but `CONSOLE`."""

    CONSOLE = "console"
    """The admin script, or a signal by hand."""
    LINK = "link"
    """The portal, by a link in a message."""
    CODE = "code"
    """The portal, by number and one-time code."""
    MAIL = "mail"
    API = "api"
    DESK = "desk"
    """The pages of the staff."""
    SYSTEM = "system"
    """A workflow or an activity of ours, or the time."""


class Heard(StrEnum):
    """How somebody of the staff heard what they take down for a customer (R39)."""

    TELEPHONE = "telephone"
    WECHAT = "wechat"
    IN_PERSON = "in_person"
    MAIL = "mail"
    OTHER = "other"


class ScanState(StrEnum):
    """What a scanner of malware has said of a file (R41)."""

    UNSCANNED = "unscanned"
    CLEAN = "clean"
    INFECTED = "infected"


class CustomerKind(StrEnum):
    """R3: 个人 / 企业."""

    INDIVIDUAL = "individual"
    COMPANY = "company"


class Contact(StrEnum):
    """How the customer wants to be reached (R21); only a phone call needs a person."""

    PHONE = "phone"
    SMS = "sms"
    WECHAT = "wechat"
    EMAIL = "email"
    PORTAL = "portal"


class Reachable(StrEnum):
    """How messages come to the customer of a case (R43)."""

    CHANNEL = "channel"
    BY_PERSON = "by_person"
    """No channel leads to them: a person has to tell them."""


class LinkPurpose(StrEnum):
    """What the link in a message to a customer is for (R40)."""

    SEE = "see"
    SUPPLY = "supply"
    CONFIRM = "confirm"
    """Accept the solution, or refuse it."""
    RATE = "rate"


class TokenRight(StrEnum):
    """What the bearer of a token may do by it (R45); what its person may not do stays refused."""

    HAND_IN = "hand_in"
    """Register issues."""
    READ = "read"
    """See cases: a person those of theirs, a system all."""
    ACT = "act"
    """Send commands as the token's own person."""
    CUSTOMER = "customer"
    """Say what customers say; for systems that customers use."""
    KNOWLEDGE = "knowledge"
    """Search the knowledge base."""


class AuditKind(StrEnum):
    """What the audit log tells of (R45)."""

    MADE = "token_made"
    REVOKED = "token_revoked"
    REFUSED = "token_refused"
    ACTED_FOR = "acted_for"
    """Somebody acted in another's name: on the server's console, or by a system's token."""
    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    SESSION_REVOKED = "session_revoked"
    LINK_MADE = "sign_in_link_made"
    """An operator made a one-time link for somebody to sign in by."""


class SignInWay(StrEnum):
    """How somebody of the staff signs in to the pages (R45)."""

    MAIL = "mail"
    OIDC = "oidc"
    OPERATOR = "operator"
    """By a link that an operator made on the server."""


class Locale(StrEnum):
    """Languages of what people read."""

    ZH_CN = "zh_CN"
    EN = "en"


class Audience(StrEnum):
    """Whom a notification is written for."""

    CUSTOMER = "customer"
    STAFF = "staff"


class Role(StrEnum):
    """What a person of the organisation may be, beside their place in it."""

    AGENT = "agent"
    HEAD = "head"
    DUTY_MANAGER = "duty_manager"
    FOLLOW_UP = "follow_up"
    FOLLOW_UP_SUPERVISOR = "follow_up_supervisor"
    EDITOR = "editor"
    """Of the knowledge base; heads are editors by their place (R28)."""


class Verification(StrEnum):
    """Whether a solution was tried in a test environment first (R19)."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


class NeutralRule(StrEnum):
    """What a neutral rating does to an accepted case (R26)."""

    CLOSE = "close"
    REOPEN = "reopen"


class EventKind(StrEnum):
    """Every kind of entry a timeline can have."""

    CREATED = "created"
    CLASSIFIED = "classified"
    INFORMATION_REQUESTED = "information_requested"
    SUPPLIED = "supplied"
    ATTACHED = "attached"
    CUSTOMER_WROTE = "customer_wrote"
    DISPATCHED = "dispatched"
    HANDED_OVER = "handed_over"
    CLAIMED = "claimed"
    REPLIED = "replied"
    PROGRESSED = "progressed"
    WARNED = "warned"
    LAPSED = "lapsed"
    ESCALATED = "escalated"
    DEPARTMENT_INVOLVED = "department_involved"
    COLLABORATION_STARTED = "collaboration_started"
    COLLABORATION_ASSIGNED = "collaboration_assigned"
    COLLABORATION_CLAIMED = "collaboration_claimed"
    COLLABORATION_LATE = "collaboration_late"
    COLLABORATION_ESCALATED = "collaboration_escalated"
    CONTRIBUTED = "contributed"
    COLLABORATION_ENDED = "collaboration_ended"
    LINKED = "linked"
    UNLINKED = "unlinked"
    FOLLOWER_ADDED = "follower_added"
    FOLLOWER_REMOVED = "follower_removed"
    FORWARDED = "forwarded"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    UNTOLD = "untold"
    FEEDBACK_GIVEN = "feedback_given"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    RATED = "rated"
    REOPENED = "reopened"
    NOTED = "noted"
    RETIMED = "retimed"
    UNDELIVERABLE = "undeliverable"
    REJECTED = "rejected"
    CLOSED = "closed"
    # Of a review, in a timeline of its own.
    REVIEW_OPENED = "review_opened"
    REVIEW_AUTHOR_NAMED = "review_author_named"
    REVIEW_CASE_ADDED = "review_case_added"
    REVIEW_SUBMITTED = "review_submitted"
    REVIEW_RETURNED = "review_returned"
    REVIEW_APPROVED = "review_approved"
    REVIEW_LATE = "review_late"
    REVIEW_ESCALATED = "review_escalated"
    MEASURE_DONE = "measure_done"
    MEASURE_MOVED = "measure_moved"
    MEASURE_LATE = "measure_late"
    MEASURE_ESCALATED = "measure_escalated"
    REVIEW_ENDED = "review_ended"


class Message(StrEnum):
    """Every notification there is; each has a template of this name for its audience."""

    # To the customer.
    CREATED = "created"
    INFORMATION_REQUESTED = "information_requested"
    INFORMATION_REMINDER = "information_reminder"
    MESSAGE_RECEIVED = "message_received"
    REPLIED = "replied"
    PROGRESSED = "progressed"
    ESCALATED_CUSTOMER = "escalated_customer"
    RESULT = "result"
    CONFIRMATION_REMINDER = "confirmation_reminder"
    QUESTIONNAIRE = "questionnaire"
    RATING_REMINDER = "rating_reminder"
    REOPENED_CUSTOMER = "reopened_customer"
    CLOSED = "closed"
    # To staff.
    DISPATCHED = "dispatched"
    ASSISTING = "assisting"
    COLLABORATION_ASKED = "collaboration_asked"
    COLLABORATION_REMINDER = "collaboration_reminder"
    COLLABORATION_WARNING = "collaboration_warning"
    COLLABORATION_LATE = "collaboration_late"
    COLLABORATION_ESCALATED = "collaboration_escalated"
    COLLABORATION_ANSWERED = "collaboration_answered"
    COLLABORATION_ENDED = "collaboration_ended"
    LINKED = "linked"
    UNLINKED = "unlinked"
    DUTY_ALERT = "duty_alert"
    HANDED_OVER = "handed_over"
    CLAIM_REMINDER = "claim_reminder"
    CLAIM_LAPSED = "claim_lapsed"
    RESPONSE_WARNING = "response_warning"
    RESPONSE_BREACHED = "response_breached"
    NEXT_RESPONSE_WARNING = "next_response_warning"
    NEXT_RESPONSE_BREACHED = "next_response_breached"
    PROGRESS_DUE = "progress_due"
    PROGRESS_MISSED = "progress_missed"
    RESOLUTION_WARNING = "resolution_warning"
    RESOLUTION_BREACHED = "resolution_breached"
    ESCALATED = "escalated"
    SUPPLIED = "supplied"
    ATTACHED = "attached"
    CUSTOMER_WROTE = "customer_wrote"
    SUPPLEMENT_OVERDUE = "supplement_overdue"
    FEEDBACK_DUE = "feedback_due"
    FEEDBACK_OVERDUE = "feedback_overdue"
    FOLLOW_UP_DUE = "follow_up_due"
    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    SILENT_CUSTOMER = "silent_customer"
    REOPENED = "reopened"
    CLOSED_STAFF = "closed_staff"
    UNDELIVERABLE = "undeliverable"
    REVIEW_ASKED = "review_asked"
    REVIEW_ASSIGNED = "review_assigned"
    REVIEW_SUBMITTED = "review_submitted"
    REVIEW_RETURNED = "review_returned"
    REVIEW_APPROVED = "review_approved"
    REVIEW_WARNING = "review_warning"
    REVIEW_LATE = "review_late"
    REVIEW_ESCALATED = "review_escalated"
    REVIEW_ENDED = "review_ended"
    MEASURE_ASKED = "measure_asked"
    MEASURE_WARNING = "measure_warning"
    MEASURE_LATE = "measure_late"
    MEASURE_ESCALATED = "measure_escalated"
