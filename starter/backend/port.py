"""What commands on cases, reviews, knowledge and reports ask for, whatever way it is answered (R46).

Cases, messages, files, articles and reviews are as their commands' `--json` shows them: times in the company's zone.
Every method raises `Problem` where what was asked for is refused, or nobody answers; it says no more of that below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from activities.queries.case_filter import Filter
    from activities.queries.people import People
    from starter.services.results import Accepted, CommandResult
    from worker.installation.company_time import CompanyTime
    from workflows.domain.vocabulary import Locale

Shown = dict[str, Any]
"""One thing as `--json` shows it."""


@dataclass(frozen=True)
class ReviewReportTexts:
    """The report of a review; `files`: name -> text of the whole report, by format (`html`, `md`)."""

    number: str
    review: str
    is_draft: bool
    content: Shown
    files: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class ReviewDraftText:
    """A report to fill in as TOML."""

    number: str
    author: str
    text: str
    content: Shown


@dataclass(frozen=True)
class AnalysisAsked:
    """The days of which a report is wanted: `first` and `last`, or the `ended` week or month."""

    first: str | None
    last: str | None
    ended: str | None
    by: Sequence[str] | None
    locale: Locale | None
    mail: bool = False
    files: bool = True
    """Whether anybody wants them: their charts take longer to draw than all else."""


@dataclass(frozen=True)
class AnalysisMade:
    """A report that is made: `files` name -> text, perhaps none where nobody wants them; `folder` is where they are
    written if nobody says where.
    """

    title: str
    columns: Sequence[str]
    headlines: Sequence[Sequence[str]]
    paragraph: str
    content: Shown
    files: Mapping[str, str]
    folder: Path
    mailed: Sequence[Shown] | None = field(default=None)
    """Who was mailed it, where that was asked for."""


class FormCheck(Protocol):
    """Forms validated without being registered."""

    def form_fault(self, form: dict[str, Any]) -> str | None:
        """What would be refused of a whole form, in one line; None where it would be taken."""

    def section_fault(self, part: dict[str, Any]) -> str | None:
        """What would be refused of a few fields."""

    def type_names(self, locale: Locale) -> Sequence[tuple[str, str]]:
        """The types of the policy: id, and what it is called."""


class Intake(Protocol):
    """Takes submissions in. `outage`: why cases are not started now."""

    outage: str | None

    async def accept(self, raw: str | dict[str, Any]) -> Accepted:
        """Check and register one; one line a fault."""

    async def accept_with_files(self, raw: str | dict[str, Any], paths: Sequence[Path]) -> Accepted:
        """Check and register one with files of this machine, all of them or nothing."""

    def is_outage(self, error: BaseException) -> bool:
        """Whether an error says that nobody answers, which may be over soon."""


class Reading(Protocol):
    """Reading cases, messages, work and files."""

    async def company(self) -> CompanyTime:
        """The cases' time, and the company's zone."""

    async def people(self) -> People:
        """People by their ids; nobody where that cannot be read."""

    async def locale(self) -> Locale:
        """In which language labels are shown."""

    async def number_ending(self, digits: str) -> str:
        """The number of the case that ends so."""

    async def suggested_numbers(self, person: str | None) -> Sequence[str]:
        """Numbers to offer to somebody who types."""

    async def case(self, number: str) -> Shown:
        """One case with everything."""

    async def cases(self, wanted: Filter) -> list[Shown]:
        """Cases that fit."""

    async def names(self) -> Mapping[str, Sequence[str]]:
        """What a filter may name: `department`, `group`, `owner`, `type`, `subtype`."""

    async def stuck(self) -> tuple[list[Shown], str | None]:
        """What needs a person, and what is to be known of that list."""

    async def messages(self, number: str | None, *, status: str | None, limit: int) -> list[Shown]:
        """Messages, with `text`, `short` and `html`."""

    async def work(self, person: str) -> Shown:
        """What waits for that person; for whoever asks where it is empty."""

    async def customer_view(self, number: str, contact: str, locale: Locale | None) -> Shown | None:
        """What the customer may know; None where number and contact do not belong together."""

    async def files(self, number: str) -> list[Shown]:
        """The files of a case."""

    async def write_file(self, file: Shown, folder: Path) -> Path:
        """Write one of them into a folder; answers where."""

    def export(self, since: datetime | None, until: datetime | None) -> AsyncIterator[list[Shown] | str]:
        """Recorded cases as a log: the lines of one case after the other, or why one cannot be read."""

    async def export_count(self, since: datetime | None, until: datetime | None) -> int:
        """How many cases that will be."""


class Acting(Protocol):
    """Commands to cases and reviews, files and intake."""

    def check_sender(self, by: str, relayed_by: str | None = None) -> None:
        """Refuse who cannot be the sender here."""

    async def send(
        self, command: str, number: str, fields: dict[str, Any], *, by: str, command_id: str | None, review: bool
    ) -> CommandResult:
        """Give a case, or the review that covers it, a command."""

    def send_to_many(
        self, command: str, numbers: Sequence[str], fields: dict[str, Any], *, by: str, command_id: str, again: bool
    ) -> AsyncIterator[CommandResult]:
        """The same command to many cases; each outcome as it comes."""

    async def open_numbers(self, wanted: Filter, query: str | None) -> list[str]:
        """Numbers of open cases that fit, and that a list filter of the Web UI finds."""

    async def attach(self, number: str, paths: Sequence[Path], *, by: str, command_id: str | None) -> CommandResult:
        """Give a case files of this machine."""

    async def note_acted_for(self, by: str, command: str, number: str, **detail: Any) -> None:
        """Note in the audit log that whoever sits here spoke as `by`, where no server does."""

    def intake(self) -> AbstractAsyncContextManager[Intake]:
        """Takes submissions in."""

    async def form_check(self) -> FormCheck:
        """Validates forms."""


class Knowledge(Protocol):
    """The knowledge base."""

    async def search_articles(self, text: str, *, limit: int) -> list[Shown]:
        """Articles that fit some words, the best first."""

    async def list_articles(self, *, status: str | None, product: str | None, limit: int) -> list[Shown]:
        """Articles in a state."""

    async def article(self, key: str) -> Shown:
        """One article, with who changed it."""

    async def publish_article(self, key: str, *, by: str) -> Shown:
        """Put an article in force."""

    async def retire_article(self, key: str, *, by: str, why: str) -> Shown:
        """Take an article out of every search."""

    async def edit_article(self, key: str, *, by: str, fields: dict[str, str]) -> Shown:
        """Change an article."""


class Reviews(Protocol):
    """Reviews of closed cases, and reports."""

    async def reviews(self, *, statuses: Sequence[str], department: str | None) -> list[Shown]:
        """Reviews in one of these states, or all."""

    async def review(self, number: str) -> Shown:
        """The review that covers a case."""

    async def review_report(self, number: str, locale: Locale | None) -> ReviewReportTexts:
        """The report of the review that covers a case."""

    async def review_draft(self, number: str, name: str) -> ReviewDraftText:
        """The draft of that report; `name` is what the file will be called."""

    async def analysis(self, asked: AnalysisAsked, progress: Callable[[int], None], out: Path | None) -> AnalysisMade:
        """The report of a period. To be mailed it is written first: into `out`, or its folder."""


class Backend(Reading, Acting, Knowledge, Reviews, Protocol):
    """The whole port."""
