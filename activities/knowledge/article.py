"""An article of the knowledge base, and how a closed case becomes its draft (R28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from activities.knowledge.bigrams import words_of
from activities.privacy.masking import Mask
from workflows.domain.model import Fact, Json

TITLE_WEIGHT: Final = 3
"""A word of the title counts as often as this many of the text."""
_TITLE_LENGTH: Final = 80
_MOST_WORDS: Final = 4_000
"""Words of one article that are indexed: a pasted log needs no more to be found."""
_PARTS: Final = {
    "zh_CN": {"steps": "操作步骤：", "expected": "期望结果：", "actual": "实际结果："},
    "en": {"steps": "Steps: ", "expected": "Expected: ", "actual": "Actual: "},
}


class Article(Fact):
    """What was learned from one case. Texts hold no personal data of the customer; unknown parts are empty."""

    title: str
    problem: str
    cause: str = ""
    solution: str
    prevention: str = ""
    product: str | None = None
    type: str
    subtype: str | None = None

    def index(self) -> list[str]:
        """The words it is found by: the title's three times, then those of the text."""
        text = "\n".join((self.problem, self.cause, self.solution, self.prevention, self.product or ""))
        return (words_of(self.title) * TITLE_WEIGHT + words_of(text))[:_MOST_WORDS]


def draft_article(form: Json, resolved: Mapping[str, Any], *, type: str, subtype: str | None) -> Article:  # noqa: A002
    """The draft of a case: the form's description and what its last `resolved` entry says, masked.

    Args:
        form: the intake form as it stands now.
        resolved: the entry's detail, with cause, solution, cautions and prevention.
        type: what the case was classified as in the end.
        subtype: likewise.
    """
    mask = Mask(form)
    given = form.get("description")
    description: dict[str, Any] = given if isinstance(given, dict) else {}
    customer = form.get("customer")
    locale = customer.get("locale") if isinstance(customer, dict) else None
    labels = _PARTS["en" if locale == "en" else "zh_CN"]
    symptom = _text(description.get("symptom"))
    parts = [symptom, *(label + text for key, label in labels.items() if (text := _text(description.get(key))))]
    product = mask(_text(form.get("product"))) or None
    return Article(
        title=_title(mask(symptom or _text(resolved.get("cause")) or _text(resolved.get("solution")))),
        problem=mask("\n".join(part for part in parts if part)),
        cause=mask(_text(resolved.get("cause"))),
        solution=mask(_text(resolved.get("solution"))),
        prevention=mask("\n".join(filter(None, (_text(resolved.get(key)) for key in ("prevention", "cautions"))))),
        product=product,
        type=type,
        subtype=subtype,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TITLE_LENGTH else line[: _TITLE_LENGTH - 1].rstrip() + "…"
