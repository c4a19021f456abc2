"""What the API answers, as models: the OpenAPI document is made of them, and tests hold the answers to them.

Cases and entries have more keys than are named here, as `bihuan show --json` has.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workflows.domain.vocabulary import Locale, Priority, Status, TokenRight

Number = Annotated[str, Field(pattern=r"^FB\d{12}$", examples=["FB202605110001"])]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-05-11T09:00:00+08:00"])]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Me(_Answer):
    """Whose token it is; one of person and system is null."""

    person: str | None
    system: str | None
    rights: list[TokenRight]
    expires_at: Time


class Accepted(_Answer):
    """A registered issue; `created` is false where it was a case already."""

    number: Number
    created: bool


class CaseAnswer(_Open):
    """A case; what no worker has opened yet is null."""

    number: Number
    status: Status | None
    resolution: str | None
    priority: Priority | None
    type: str | None
    subtype: str | None
    department: str | None
    owner: str | None
    escalation_level: int | None
    reopened: int | None
    breaches: list[Any] | None
    deadlines: list[Any] | None
    channel: str
    received_at: Time
    form: dict[str, Any]


class CasesAnswer(_Answer):
    """A page; `next` is the cursor of the following one, null where there is none. A page may be short."""

    cases: list[CaseAnswer]
    next: str | None


class Entry(_Open):
    """A step: `by` whom, `via` which way."""

    sequence: int
    at: Time | None
    kind: str
    by: str
    via: str | None
    detail: dict[str, Any]


class FeedEntry(Entry):
    """A step as `/events` tells it: `position` is its id there, what is said of the case is so now."""

    position: int
    number: Number
    status: Status | None
    priority: Priority | None
    type: str | None
    department: str | None
    owner: str | None
    escalation_level: int | None
    acknowledged: bool | None
    breached: bool | None
    next_due: Time | None


class TimelineAnswer(_Answer):
    """The history of a case."""

    timeline: list[Entry]


class Message(_Open):
    """A message, without its text."""

    key: str
    number: Number
    event: str
    audience: str
    recipient: str
    channel: str
    status: str
    attempts: int
    subject: str | None
    sent_at: Time | None


class OutboxAnswer(_Answer):
    """Messages of a case."""

    messages: list[Message]


class CommandAnswer(_Answer):
    """What became of a command: `queued` where no worker has judged it yet."""

    number: Number
    command: str
    command_id: str
    outcome: Literal["accepted", "queued"]
    reason: str | None


class FileAnswer(_Answer):
    """A file that was taken; `size` in bytes."""

    id: str
    name: str
    size: int
    type: str


class FilesAnswer(CommandAnswer):
    """Files that a case was given."""

    files: list[FileAnswer]


class FieldAnswer(_Answer):
    """A field of a command."""

    name: str
    kind: Literal["text", "line", "choice", "yes_no", "number", "time", "list", "object"]
    required: bool
    allowed: list[str]


class ActionAnswer(_Answer):
    """A command: `open` to the bearer now, or why not; `department` where it is for that one's task."""

    command: str
    department: str | None
    open: bool
    code: str | None
    reason: str | None
    fields: list[FieldAnswer]


class ActionsAnswer(_Answer):
    """What is open first, of that what the case asks of the bearer before everything else."""

    number: Number
    actions: list[ActionAnswer]


class StuckItem(_Answer):
    """Something that needs a person."""

    number: str
    reason: str
    since: Time | None
    what: str | None
    who: str | None
    error: str | None
    link: str | None
    todo: str | None


class StuckAnswer(_Answer):
    """What needs a person, and what is to be known of that list."""

    stuck: list[StuckItem]
    warning: str | None


class Article(_Open):
    """An article that fits."""

    key: str
    title: str
    status: str
    solution: str | None


class ArticlesAnswer(_Answer):
    """The best first."""

    articles: list[Article]


class ContextAnswer(_Answer):
    """What a client needs to show cases: `virtual_time` is null where time is real; `people`: id -> name."""

    zone: str
    virtual_time: dict[str, Any] | None
    locale: Locale
    people: dict[str, str]


class TypeName(_Answer):
    """A type of the policy, and what it is called."""

    id: str
    names: dict[str, str]


class NamesAnswer(_Answer):
    """What filters may name; null where it is not known."""

    department: list[str] | None
    group: list[str] | None
    owner: list[str] | None
    type: list[str] | None
    subtype: list[str] | None
    types: list[TypeName]


class NumbersAnswer(_Answer):
    """Numbers of cases."""

    numbers: list[str]


class MineAnswer(_Answer):
    """What waits for a person."""

    person: str
    cases: list[dict[str, Any]]
    calls: list[dict[str, Any]]
    escalations: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    reviews: list[dict[str, Any]]


class FormFault(_Answer):
    """What would be refused, null where nothing is."""

    fault: str | None


class CaseFiles(_Answer):
    """The files of a case."""

    files: list[dict[str, Any]]


class CustomersView(_Open):
    """What the customer may know."""

    number: str


class WholeArticle(_Open):
    """An article with all its texts."""

    key: str
    title: str | None
    status: str | None


class WholeArticles(_Answer):
    """The latest changed first."""

    articles: list[WholeArticle]


class ReviewAnswer(_Open):
    """A review."""

    number: str
    status: str | None


class ReviewsAnswer(_Answer):
    """Late ones first."""

    reviews: list[ReviewAnswer]


class ReviewFile(_Answer):
    """A text and the name of its file."""

    name: str
    text: str


class ReviewReportAnswer(_Answer):
    """The report of a review, by format."""

    number: str
    review: str
    draft: bool
    report: dict[str, Any]
    files: dict[str, ReviewFile]


class ReviewDraftAnswer(_Answer):
    """A report to fill in, as TOML."""

    number: str
    author: str
    text: str
    content: dict[str, Any]


class AnalysisAnswer(_Answer):
    """The analysis of a period; `files`: name -> text."""

    days: str
    title: str
    columns: list[str]
    headlines: list[list[str]]
    paragraph: str
    report: dict[str, Any]
    files: dict[str, str]


class Count(_Answer):
    """How many cases."""

    count: int


class ProblemDetails(_Open):
    """RFC 9457; `reason` is the service's or the case's own line."""

    type: Annotated[str, Field(examples=["urn:bihuan:problem:rejected"])]
    title: str
    status: int
    detail: str
    reason: str | None = None
    reasons: list[str] | None = None
