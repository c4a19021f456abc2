"""Proposals for an issue while it is being typed: type, priority, what is missing, articles (R5, R8, R28)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from activities.database.reader import open_reader
from activities.database.url import DatabaseUrl
from activities.intake.completeness import missing_fields
from activities.intake.form import Form
from activities.knowledge.suggestion import suggest
from activities.queries.case_filter import Filter
from starter.services.intake.form_check import NOBODY
from workflows.domain.policy.triage import triage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from activities.queries.case_record import CaseRecord
    from worker.installation.installation import Installation
    from workflows.domain.vocabulary import Priority

_WORDS: Final = re.compile("「[^」]{1,40}」")


@dataclass(frozen=True)
class Proposal:
    """What would be made of the issue as it is typed now.

    Attributes:
        words: those of the customer's that speak for the type and the priority.
        missing: dotted keys of the form that the customer would be asked for.
        articles: published ones that may answer it: key, title, solution.
        alike: open cases like it that the asker may see, as `suggest` has them.
    """

    type: str
    subtype: str | None
    priority: Priority
    words: tuple[str, ...]
    missing: tuple[str, ...]
    articles: list[dict[str, Any]]
    alike: list[dict[str, Any]]


async def propose(
    installation: Installation, form: Mapping[str, Any], may_read: Callable[[CaseRecord], bool]
) -> Proposal | None:
    """What is proposed for the form; None where nothing was said yet, or nothing that can stand in a form.

    Raises:
        Problem: the database cannot be read.
    """
    customer = {**NOBODY, **{key: value for key, value in (form.get("customer") or {}).items() if key != "name"}}
    try:
        read = Form.model_validate({**form, "customer": customer})
    except ValidationError:
        return None
    if not read.description.symptom:
        return None
    policy = installation.policy
    found = triage(read.submission(), policy)
    async with open_reader(DatabaseUrl.parse(installation.settings.database)) as reader:
        like = await suggest(reader, "", read.model_dump(mode="json"), type=found.type, subtype=found.subtype)
    records = await installation.cases.list(Filter(numbers=tuple(one["number"] for one in like["open"])))
    theirs = {record.number for record in records if may_read(record)}
    words = dict.fromkeys(word for reason in found.reasons for word in _WORDS.findall(reason))
    return Proposal(
        found.type, found.subtype, found.priority, tuple(words), missing_fields(read, found.type, policy),
        like["articles"], [one for one in like["open"] if one["number"] in theirs],
    )  # fmt: skip
