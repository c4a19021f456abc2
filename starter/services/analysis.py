"""Analysis reports of a period: made, written as files, mailed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from activities.analysis.files import headline_rows, report_files, report_json, write_files
from activities.analysis.period import Period, parse_day
from activities.analysis.report import Report, analyse
from activities.analysis.wording import ReportWording, company_name, report_wording
from activities.delivery.transport import TemporaryDeliveryError
from worker.installation.installation import Installation
from workflows.domain.formats import Days
from workflows.domain.policy.reports import ReportKind, days_ended, days_name
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale
from workflows.ports import ReportMailed


@dataclass(frozen=True)
class AnalysisReport:
    """A report that is made: the figures, and the words they are told in."""

    days: Days
    report: Report
    speech: ReportWording
    company: str

    @property
    def title(self) -> str:
        """What it is called, with its days."""
        return f"{self.speech.words['title']} {self.days.first} – {self.days.last}"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `headlines`."""
        words = self.speech.words["columns"]
        return tuple(words[name] for name in ("figure", "now", "before", "change"))

    def headlines(self) -> list[tuple[str, ...]]:
        """The main figures: what, now, before, by how much it changed."""
        rows = headline_rows(self.report.as_json(), self.speech)
        return [(row["name"], row["now"], row["before"], row["change"]) for row in rows]

    def paragraph(self) -> str:
        """What stands out, in sentences."""
        return self.speech.paragraph(self.report)

    def as_json(self) -> dict[str, Any]:
        """All figures, and the paragraph in both languages."""
        return report_json(self.report, self.speech)

    @cached_property
    def files(self) -> dict[str, str]:
        """Name -> text of HTML, JSON and CSV tables."""
        return report_files(self.report, self.speech, company=self.company)

    def write(self, folder: Path) -> Path:
        """Write HTML, JSON and CSV tables into the folder; answers the HTML file.

        Raises:
            Problem: the folder cannot be written to.
        """
        return write_files(folder, self.files)


class Analyses:
    """Reports about an installation that is open."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    @property
    def today(self) -> date:
        """The company's day."""
        return self._installation.local(self._installation.now()).date()

    def days_asked(self, first: str, last: str) -> Days:
        """Days as a person names them.

        Raises:
            Problem: they are no days, or no period.
        """
        zone = self._installation.policy.calendar.zone
        period = Period.asked(parse_day("--from", first), parse_day("--to", last), zone)
        return Days(first=period.first, last=period.last)

    def days_wanted(self, first: str | None, last: str | None, ended: str | None, *, mail: bool = False) -> Days:
        """The days from `first` to `last` as a person names them, or the last week or month that is over. `mail`: they
        have to be over.

        Raises:
            Problem: they are no days, no period, have not begun, or are not over.
        """
        if first is None or last is None:
            days = self.last_days(ReportKind.WEEKLY if ended == "week" else ReportKind.MONTHLY)
        else:
            days = self.days_asked(first, last)
        if mail and not self.is_over(days):
            raise Problem(f"--mail: {days.last} is not over; allowed: days that are, or leave --mail out")
        if days.first > self.today:
            raise Problem(f"--from {days.first} has not begun; allowed: up to {self.today}")
        return days

    def last_days(self, kind: ReportKind) -> Days:
        """The last week or month that is over."""
        return days_ended(kind, self.today)

    def is_over(self, days: Days) -> bool:
        """Whether nothing more can happen in these days."""
        return self._installation.now() >= self._period(days).ends

    def folder(self, days: Days) -> Path:
        """The folder for the files of a report about these days."""
        return self._installation.settings.report_folder / days_name(days)

    async def make(
        self, days: Days, *, by: Sequence[str] | None, locale: Locale, progress: Callable[[int], None]
    ) -> AnalysisReport:
        """Read every case of the days and of as many before. `by` breaks the main figures down (None: as the policy
        has it); `progress` is called with the number of cases read so far.

        Raises:
            Problem: `by` names no dimension.
        """
        installation = self._installation
        rules, organisation = installation.policy.report, await installation.directory.current()
        report = await analyse(
            installation.database, self._period(days), now=installation.now(), by=by or rules.by, progress=progress
        )
        speech = report_wording(installation.policy, organisation, locale)
        return AnalysisReport(days, report, speech, company_name(organisation))

    async def mail(self, report: AnalysisReport, page: Path) -> list[ReportMailed]:
        """Mail the report to the policy's recipients who did not get it yet, one after the other. Who cannot be reached
        now is `unsent`, and may be tried again.
        """
        from worker.composition_root import build_reporting, build_transports  # takes longer to load than all the rest

        installation = self._installation
        activities = build_reporting(installation, build_transports(installation.settings))
        mailed = []
        for recipient in installation.policy.report.recipients:
            try:
                mailed.append(await activities.send(report.days, page, recipient, report.speech.locale))
            except TemporaryDeliveryError as error:
                mailed.append(ReportMailed(recipient=recipient, status="unsent", reason=str(error)))
        return mailed

    def _period(self, days: Days) -> Period:
        return Period.asked(days.first, days.last, self._installation.policy.calendar.zone)
