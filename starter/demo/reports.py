"""The reports of the demonstration, for people to open: the analysis of its week, and each review that is done."""

from __future__ import annotations

from pathlib import Path

from activities.analysis.files import write_report
from activities.analysis.period import Period
from activities.analysis.report import analyse
from activities.analysis.wording import company_name, report_wording
from activities.database.url import DatabaseUrl
from activities.review.reading import list_reviews, read_review
from activities.review.report import ReviewReport
from activities.review.wording import ReviewWording
from activities.rows import sound
from starter.demo.week import START
from worker.installation.installation import Installation
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import Locale


async def write_reports(installation: Installation, folder: Path) -> list[Path]:
    """The HTML files: 《客户问题分析报告》 of the days played, and the 《问题复盘报告》 of each review that is done.

    Raises:
        Problem: the folder cannot be written to.
    """
    now, policy, settings = installation.now(), installation.policy, installation.settings
    organisation = await installation.directory.current()
    zone = policy.calendar.zone
    period = Period(START.date(), max(installation.local(now).date(), START.date()), zone)
    made = await analyse(installation.database, period, now=now)
    company = company_name(organisation)
    speech = report_wording(policy, organisation, Locale.ZH_CN)
    written = [write_report(made, speech, folder / "analysis", company=company)]
    voice = ReviewWording(Locale.ZH_CN, speech.labels, speech.names, zone)
    address = DatabaseUrl.parse(settings.database)
    for review in sound(await list_reviews(address, statuses=(ReviewStatus.DONE.value,))):
        report = ReviewReport(await read_review(address, review.number), voice, now=now, company=company)
        written.append(report.write(folder / "reviews")[0])
    return written
