"""Reviews and reports, by the services."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starter.backend.local.installed import Installed
from starter.backend.port import AnalysisMade, ReviewDraftText, ReviewReportTexts

if TYPE_CHECKING:
    from pathlib import Path

    from starter.backend.port import AnalysisAsked, Shown
    from workflows.domain.vocabulary import Locale


class LocalReviews(Installed):
    """See `Reviews`."""

    async def reviews(self, *, statuses: Sequence[str], department: str | None) -> list[Shown]:
        """See `list_reviews`."""
        from starter.services.reviews.reading import list_reviews

        return await list_reviews(self.place, await self.company(), statuses=statuses, department=department)

    async def review(self, number: str) -> Shown:
        """See `describe_review`."""
        from starter.services.reviews.reading import describe_review

        return await describe_review(self.place, number, await self.company())

    async def review_report(self, number: str, locale: Locale | None) -> ReviewReportTexts:
        """See `review_report`."""
        from starter.services.reviews.documents import review_report

        made = await review_report(self.settings, number, locale or self.settings.locale)
        return ReviewReportTexts(made.file.number, made.file.review, made.is_draft, made.as_json(), made.files())

    async def review_draft(self, number: str, name: str) -> ReviewDraftText:
        """See `review_draft`."""
        from starter.services.reviews.documents import review_draft

        made = await review_draft(self.settings, number, name)
        return ReviewDraftText(made.number, made.author, made.text, dict(made.content))

    async def analysis(self, asked: AnalysisAsked, progress: Callable[[int], None], out: Path | None) -> AnalysisMade:
        """See `Analyses`."""
        from starter.services.analysis import Analyses
        from worker.installation.installation import open_installation

        async with open_installation(self.settings) as installation:
            analyses = Analyses(installation)
            days = analyses.days_wanted(asked.first, asked.last, asked.ended, mail=asked.mail)
            usual = installation.policy.report.locale if asked.mail else self.settings.locale
            made = await analyses.make(days, by=asked.by, locale=asked.locale or usual, progress=progress)
            folder = analyses.folder(days)
            mailed = None
            if asked.mail:
                mailed = [one.model_dump() for one in await analyses.mail(made, made.write(out or folder))]
        files = made.files if asked.files else {}
        return AnalysisMade(
            made.title, made.columns, made.headlines(), made.paragraph(), made.as_json(), files, folder, mailed
        )
