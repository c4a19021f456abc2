"""What is written about a review: the report that people read, and the draft its author fills in (R27)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from activities.database.url import DatabaseUrl
from activities.organisation.loading import sample_organisation
from activities.review.draft import draft_json, draft_text
from activities.review.reading import read_review
from activities.review.report import ReviewReport
from activities.review.wording import ReviewWording
from worker.installation.company_time import CompanyTime
from worker.installation.installation import open_installation
from worker.installation.settings import Settings
from workflows.domain.organisation.organisation import Organisation
from workflows.domain.policy.policy import Policy
from workflows.domain.problem import Problem
from workflows.domain.vocabulary import Locale

_UNFINISHED = ("writing", "awaiting_approval")


@dataclass(frozen=True)
class ReviewDraft:
    """A report to fill in as TOML; `content` is the same as `bihuan review draft --json` has it."""

    number: str
    author: str
    text: str
    content: Mapping[str, Any]


async def review_report(settings: Settings, number: str, locale: Locale) -> ReviewReport:
    """The report of the review that covers a case, without its customers.

    Raises:
        Problem: there is no such case, no review covers it, or the database cannot be read.
    """
    review = await read_review(DatabaseUrl.parse(settings.database), number)
    company = await CompanyTime.read(settings)
    organisation, policy = await _rules(settings)
    names = organisation.company.name_en, organisation.company.name
    name = names[0] or names[1] if locale == "en" else names[1] or names[0]
    return ReviewReport(review, _voice(organisation, policy, company, locale), now=company.now(), company=name)


async def review_draft(settings: Settings, number: str, name: str) -> ReviewDraft:
    """The draft for the author of the review that covers a case; `name` is what the file will be called.

    Raises:
        Problem: there is no such review, or its report is approved already.
    """
    review = await read_review(DatabaseUrl.parse(settings.database), number)
    status, author = review.as_json()["status"], review.as_json()["author"]
    if status not in _UNFINISHED:
        raise Problem(f"{review.number}: there is nothing to draft, its review is {status}; see bihuan review report")
    company = await CompanyTime.read(settings)
    organisation, policy = await _rules(settings)
    voice = _voice(organisation, policy, company, policy.locale)
    text = draft_text(review, voice, organisation, now=company.now(), name=name)
    return ReviewDraft(review.number, author, text, draft_json(review, text))


async def _rules(settings: Settings) -> tuple[Organisation, Policy]:
    """Who works here and what things are called, as of now."""
    async with open_installation(settings) as installation:
        return await installation.directory.current() or sample_organisation(), installation.policy


def _voice(organisation: Organisation, policy: Policy, company: CompanyTime, locale: Locale) -> ReviewWording:
    return ReviewWording(locale, policy.labels() | organisation.labels(), organisation.names(), company.zone)
