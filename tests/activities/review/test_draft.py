"""The draft of a report: a file that fits what is handed in, whatever the record holds (R27)."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.database.database import Database
from activities.rendering.filters import clean
from activities.review.draft import _line, _text, account_of, draft_text
from activities.review.reading import StoredReview, read_review
from activities.review.wording import ReviewWording, review_words
from tests.activities.review.reviewed import AUTHOR, FINDINGS, HEAD, Reviewed, called_for
from tests.activities.samples import organisation
from tests.builders import MONDAY
from workflows.domain.commands.review import REVIEW_COMMANDS
from workflows.domain.vocabulary import Locale


async def file_of(review: Reviewed) -> StoredReview:
    return await read_review(review.recording.database.address, review.number)


def draft_article_of(file: StoredReview, locale: Locale = Locale.ZH_CN) -> str:
    return draft_text(file, ReviewWording(locale, {}, organisation().names()), organisation(), now=MONDAY)


@pytest.mark.parametrize("locale", Locale)
async def test_a_fresh_draft_says_what_is_wanted_and_who_can_own_a_measure(database: Database, locale: Locale) -> None:
    review = await (await called_for(database)).begin()
    text = draft_article_of(await file_of(review), locale)
    data = tomllib.loads(text)
    assert list(data) == ["root_cause", "what_happened", "measures"]
    assert (data["root_cause"], data["measures"]) == ("", [{"what": "", "owner": "", "due": ""}])
    words = review_words(locale)["draftfile"]
    for part in (
        words["root_cause"], words["what_happened"], words["measures"], words["hint"], "tech-001 Li Lei", "云POS",
        "2024-05-14 09:00", "2024-05-20", f"bihuan review submit {review.number} report.toml --as tech-head",
    ):  # fmt: skip
        assert part in text
    assert len(data["what_happened"].splitlines()) > 10


async def test_a_draft_names_no_customer(database: Database) -> None:
    review = await (await called_for(database)).begin()
    text = draft_article_of(await file_of(review))
    assert "[客户]您好，正在排查，请[电话]" in tomllib.loads(text)["what_happened"]
    assert "王芳" not in text
    assert "13800138000" not in text


async def test_a_filled_in_draft_is_accepted_and_comes_back_when_it_is_returned(database: Database) -> None:
    review = await (await called_for(database)).begin()
    data = tomllib.loads(draft_article_of(await file_of(review)))
    measure = {"what": 'A "quoted" \\ measure', "owner": AUTHOR, "due": "2024-06-15T09:00+08:00"}
    handed_in = data | {"root_cause": "没有\n告警", "measures": [measure]}
    await review.send("review", HEAD, **handed_in)
    await review.send("return_report", HEAD, why='再 """ 想想\n# x = 1')
    again = tomllib.loads(text := draft_article_of(await file_of(review)))
    assert {key: str(value).strip() for key, value in again.items() if key != "measures"} == {
        "root_cause": "没有\n告警", "what_happened": data["what_happened"].strip(),
    }  # fmt: skip
    (back,) = again["measures"]
    assert (back["what"], back["owner"]) == (measure["what"], AUTHOR)
    assert datetime.fromisoformat(back["due"]) == datetime.fromisoformat(measure["due"])
    assert '再 """ 想想 # x = 1' in text
    REVIEW_COMMANDS["review"].model_validate({"command_id": "1", "by": HEAD, **again})


async def test_a_long_history_still_fits_into_a_report(database: Database) -> None:
    review = await (await called_for(database)).begin()
    file = await file_of(review)
    case = file.covered[0]
    note: dict[str, Any] = {"kind": "noted", "by": AUTHOR, "at": MONDAY.isoformat(), "detail": {"text": "长" * 500}}
    long = replace(file, covered=(replace(case, timeline=(*case.timeline, *(note for _ in range(300)))),))
    account = "\n".join(account_of(long, ReviewWording(Locale.ZH_CN)))
    assert len(account) <= 3_000
    assert account.startswith("2024-05-06 09:00")
    assert account.count("…\n") == account.count("长…\n") + 1
    measures = FINDINGS["measures"]
    fields = {"command_id": "1", "by": HEAD, "root_cause": "x", "what_happened": account, "measures": measures}
    REVIEW_COMMANDS["review"].model_validate(fields)


@given(st.text())
def test_any_text_comes_back_as_it_was_written(text: str) -> None:
    data = tomllib.loads(f"text = {_text(text)}\nline = {_line(clean(text).replace(chr(10), ' '))}\n")
    assert data["text"].strip() == clean(text).strip()
    assert data["line"] == clean(text).replace("\n", " ")
