"""Reviews and reports, by the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starter.backend.http import RefusedError
from starter.backend.port import AnalysisMade, ReviewDraftText, ReviewReportTexts
from starter.backend.remote.server import RemoteServer
from workflows.domain.problem import Problem

if TYPE_CHECKING:
    from starter.backend.port import AnalysisAsked, Shown
    from workflows.domain.vocabulary import Locale


class RemoteReviews(RemoteServer):
    """See `Reviews`."""

    async def reviews(self, *, statuses: Sequence[str], department: str | None) -> list[Shown]:
        """Reviews of cases that are ours to see, and those that wait for us."""
        query = {"status": ",".join(statuses) or None, "department": department}
        found: list[Shown] = self._api.get("/reviews", **query)["reviews"]
        return found

    async def review(self, number: str) -> Shown:
        """Whole."""
        found: Shown = self._of_review(number)
        return found

    async def review_report(self, number: str, locale: Locale | None) -> ReviewReportTexts:
        """The report in both formats."""
        made = self._of_review(number, "/report", locale=locale.value if locale else None)
        files = {name: (one["name"], one["text"]) for name, one in made["files"].items()}
        return ReviewReportTexts(made["number"], made["review"], made["draft"], made["report"], files)

    async def review_draft(self, number: str, name: str) -> ReviewDraftText:
        """The draft as TOML."""
        made = self._of_review(number, "/draft", name=name)
        return ReviewDraftText(made["number"], made["author"], made["text"], made["content"])

    async def analysis(self, asked: AnalysisAsked, progress: Callable[[int], None], out: Path | None) -> AnalysisMade:
        """The report, which is mailed by the server's Schedule and never from here."""
        del progress, out
        if asked.mail:
            raise Problem(f"--mail: reports are mailed by the server {self._api.url}; allowed: without --mail")
        made = self._api.get(
            "/reports",
            **{"from": asked.first, "to": asked.last, "last": asked.ended},
            by=",".join(asked.by) if asked.by else None,
            locale=asked.locale.value if asked.locale else None,
        )
        return AnalysisMade(
            made["title"], made["columns"], made["headlines"], made["paragraph"], made["report"], made["files"],
            Path("reports") / made["days"],
        )  # fmt: skip

    def _of_review(self, number: str, path: str = "", **query: Any) -> Any:
        try:
            return self._api.get(f"/reviews/{number}{path}", **query)
        except RefusedError as refused:
            raise self._explained(refused, number) from None
