"""The 《问题复盘报告》 of a review, laid out as HTML and as Markdown (R27).

Nothing is read here: a `StoredReview` goes in, texts or files come out. Customers are left out, and their personal data
is masked in every text, in what the author wrote, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from activities.ordinary_file import write_inside
from activities.rendering.pages import environment
from activities.review.draft import account_of
from activities.review.reading import StoredReview
from activities.review.tables import ReviewTables
from activities.review.wording import ReviewWording
from workflows.domain.event import EventKind
from workflows.domain.model import Json
from workflows.domain.problem import Problem
from workflows.domain.review.view import ReviewStatus
from workflows.domain.vocabulary import Locale

FORMATS: Final = ("html", "md")


class ReviewReport:
    """The report as of `now`; a draft until it is approved. `company` may be empty."""

    def __init__(self, file: StoredReview, wording: ReviewWording, *, now: datetime, company: str = "") -> None:
        self.file, self.wording, self.company = file, wording, company
        self.tables = ReviewTables(file, wording, now)
        self.made = str(wording.words["made"]).format(at=wording.time(now))
        self.zone = str(wording.words["zone"]).format(zone=wording.zone)
        self.title = f"{wording.words['title']} {file.number}"
        self._review = file.as_json()

    def write(self, folder: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
        """Write the files into the folder, which is made where there is none; answers their paths.

        Raises:
            Problem: the folder cannot be made or written to.
        """
        made = self.files()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return [write_inside(folder, *made[one]) for one in formats]
        except OSError as error:
            raise Problem(f"--out {folder}: {error.strerror}; name a folder that can be written to") from None

    def files(self) -> dict[str, tuple[str, str]]:
        """Format -> name of the file, and its text."""
        name = f"{self.file.number}-{self.wording.words['file']}"
        return {"html": (f"{name}.html", self.html()), "md": (f"{name}.md", self.markdown())}

    @property
    def is_draft(self) -> bool:
        """Nobody has approved it."""
        return self._review["approved_at"] is None

    @property
    def warning(self) -> str | None:
        """The warning that the report is not approved yet; None once it is."""
        if not self.is_draft:
            return None
        words = self.wording.words
        if self._review["status"] == ReviewStatus.DONE:
            return str(words["ended"]).format(why=self._why_ended())
        return str(words["draft"])

    def facts(self) -> list[tuple[str, str]]:
        """Label and value of what the review is about."""
        review, wording, names = self._review, self.wording, self.wording.words["facts"]
        reason = wording.words["reasons"][review["reason"]].format(
            priority=review["priority"],
            label=wording.label("priority", review["priority"]),
            count=len(self.file.cases),
        )
        return [
            (names["reason"], reason),
            (names["product"], self.tables.masked(review["product"])),
            (names["type"], wording.kind(review["type"], review["subtype"])),
            (names["department"], wording.named(review["department"])),
            (names["opened"], wording.time(review["opened_at"])),
            (names["status"], wording.label("review_status", review["status"])),
        ]

    def root_cause(self) -> str | None:
        """The root cause as the author wrote it."""
        findings = self._review["findings"]
        return self.tables.masked(findings["root_cause"]) if findings else None

    def addition(self) -> str | None:
        """What the author adds to the timeline; lines of the draft that nobody touched add nothing."""
        findings = self._review["findings"]
        said = (findings or {}).get("what_happened")
        if not said:
            return None
        drafted = {line for locale in Locale for line in account_of(self.file, replace(self.wording, locale=locale))}
        kept = "\n".join(line for line in str(said).splitlines() if line.strip() not in drafted).strip()
        return self.tables.masked(kept) if kept else None

    def people(self) -> list[tuple[str, str]]:
        """Who wrote it, returned it, was late with it and approved it, and when."""
        review, wording, words = self._review, self.wording, self.wording.words["people"]
        findings = review["findings"]
        who = wording.person(findings["by"] if findings else review["author"])
        handed_in = findings and review["status"] != ReviewStatus.WRITING
        author = words["submitted"].format(who=who, at=wording.time(findings["at"])) if handed_in else None
        rows = [(words["author"], author or words["writing"].format(who=wording.person(review["author"])))]
        for entry in self.file.timeline:
            detail, at = entry["detail"], wording.time(entry["at"])
            if entry["kind"] == EventKind.REVIEW_RETURNED:
                returned = words["approved"].format(who=wording.person(entry["by"]), at=at)
                rows.append((words["returned"], f"{returned}{self._colon}{self.tables.masked(detail['why'])}"))
            elif entry["kind"] == EventKind.REVIEW_LATE:
                rows.append((words["late"], words[f"late_{detail['step']}"].format(due=wording.time(detail["due"]))))
            elif entry["kind"] == EventKind.REVIEW_APPROVED:
                approved = words["approved"].format(who=wording.person(entry["by"]), at=at)
                rows.append((words["approved_by"], approved))
                if remark := detail.get("text"):
                    rows.append((words["remark"], self.tables.masked(remark)))
        if review["status"] == ReviewStatus.AWAITING_APPROVAL:
            rows.append((words["approved_by"], words["waiting"].format(who=wording.person(review["approver"]))))
        if review["ended_at"]:
            ended = words["ended_at"].format(at=wording.time(review["ended_at"]), why=self._why_ended())
            rows.append((words["ended"], ended))
        return rows

    def as_json(self) -> Json:
        """The whole report in the words of its language."""
        tables = self.tables
        report: dict[str, Any] = {
            "title": self.title,
            "draft": self.is_draft,
            "warning": self.warning,
            "facts": dict(self.facts()),
            "cases": tables.cases().as_json(),
            "impact": tables.impact().as_json(),
            "steps": tables.steps().as_json(),
            "others": tables.others().as_json(),
            "promises": tables.promises().as_json(),
            "what_happened": self.addition(),
            "root_cause": self.root_cause(),
            "measures": tables.measures().as_json(),
            "people": [[name, text] for name, text in self.people()],
        }
        return report

    def html(self) -> str:
        """One page that opens anywhere and prints."""
        return environment().get_template(f"{self.wording.locale}/report/review.html").render(self._values())

    def markdown(self) -> str:
        """The same as Markdown."""
        text = environment().get_template(f"{self.wording.locale}/report/review.md").render(self._values())
        return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"

    @property
    def _colon(self) -> str:
        return str(self.wording.words["colon"])

    def _why_ended(self) -> str:
        why: str = self._review["ended_because"]
        said = self.wording.label("review_end", why)
        return said if said != why else self.tables.masked(why)

    def _values(self) -> dict[str, Any]:
        words = self.wording.words
        return {"report": self, "tables": self.tables, "words": words, "sections": words["sections"]}
